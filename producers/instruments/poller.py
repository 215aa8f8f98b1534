"""Asks every instrument its questions in their rhythm: each in a thread of its own, so that one that hangs delays nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from producers.errors import InstrumentError, LinkError
from producers.instruments.answer import parser
from producers.instruments.link import Connect, Link
from producers.instruments.profile import Instrument, Probe, Profile
from schemas.ids import DeviceId
from schemas.telemetry import Reading, ReadingState, Telemetry

BACK_OFF_FIRST_S, BACK_OFF_LAST_S = 1.0, 60.0
STATE_METRIC = "instrument.reachable"
"""1 while the instrument answers, 0 while it does not: its state is a reading like any other."""
_SILENT = frozenset({ReadingState.DISCONNECTED, ReadingState.TIMEOUT})
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Standing:
    """How an instrument is doing."""

    device: DeviceId
    profile: str
    resource: str
    state: ReadingState = ReadingState.DISCONNECTED
    detail: str = "not asked yet"
    readings: int = 0
    failures: int = 0
    last_unix_ns: int | None = None


class Poller:
    """``connects`` makes links by transport. Readings come by ``run``, how each instrument stands by ``standings``."""

    def __init__(
        self,
        site: Sequence[tuple[Instrument, Profile]],
        connects: Mapping[str, Connect],
        *,
        unix_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """
        Raises:
            InstrumentError: an instrument's transport is not to be had.
        """
        self._site = site
        self._connects = connects
        self._unix_ns = unix_ns
        for instrument, profile in site:
            if profile.transport not in connects:
                raise InstrumentError(f"{instrument.device}: nobody here speaks {profile.transport}")
        self.standings = [Standing(one.device, profile.name, one.resource) for one, profile in site]

    async def run(self, *, once: bool = False) -> AsyncIterator[Telemetry]:
        """Readings as they come; with ``once`` each question is asked one time, and then it is over.

        An instrument that fails is let go, and asked again after a while that doubles with each failure.
        """
        queue: asyncio.Queue[Telemetry | None] = asyncio.Queue(1024)
        tasks = [
            asyncio.create_task(self._watch(instrument, profile, standing, queue, once=once), name=f"probe-{instrument.device}")
            for (instrument, profile), standing in zip(self._site, self.standings, strict=True)
        ]
        running = len(tasks)
        try:
            while running:
                telemetry = await queue.get()
                if telemetry is None:
                    running -= 1
                else:
                    yield telemetry
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(
        self,
        instrument: Instrument,
        profile: Profile,
        standing: Standing,
        queue: "asyncio.Queue[Telemetry | None]",
        *,
        once: bool,
    ) -> None:
        with ThreadPoolExecutor(1, f"probe-{instrument.device}") as thread:
            talk = _Conversation(instrument, profile, self._connects[profile.transport])
            loop = asyncio.get_running_loop()
            due = {probe.metric: loop.time() for probe in profile.probes}
            back_off_s = BACK_OFF_FIRST_S
            try:
                while due:
                    now = loop.time()
                    asked = [probe for probe in profile.probes if due.get(probe.metric, now + 1) <= now]
                    if asked:
                        readings = await loop.run_in_executor(thread, talk.ask, asked)
                        _note(standing, readings, self._unix_ns())
                        await queue.put(self._telemetry(instrument, readings, standing))
                        if standing.state is ReadingState.OK:
                            back_off_s, wait_s = BACK_OFF_FIRST_S, 0.0
                        else:
                            wait_s, back_off_s = back_off_s, min(2 * back_off_s, BACK_OFF_LAST_S)
                            _log.warning(
                                "instrument-fails",
                                device=instrument.device,
                                state=standing.state.value,
                                detail=standing.detail,
                                retry_in_s=wait_s,
                            )
                        for probe in asked:
                            if once:
                                del due[probe.metric]
                            else:
                                due[probe.metric] = max(due[probe.metric] + probe.period_s, loop.time() + wait_s)
                    if due:
                        await asyncio.sleep(max(0.0, min(due.values()) - loop.time()))
            finally:
                await asyncio.shield(loop.run_in_executor(thread, talk.close))
        await queue.put(None)

    def _telemetry(self, instrument: Instrument, readings: tuple[Reading, ...], standing: Standing) -> Telemetry:
        reachable = Reading(metric=STATE_METRIC, unit="1", value=float(standing.state not in _SILENT))
        return Telemetry(
            device=instrument.device,
            source=f"probe/{instrument.resource}",
            unix_ns=self._unix_ns(),
            readings=(*readings, reachable),
        )


class _Conversation:
    """Everything that is said to one instrument, from one thread."""

    def __init__(self, instrument: Instrument, profile: Profile, connect: Connect) -> None:
        self._instrument, self._profile, self._connect = instrument, profile, connect
        self._link: Link | None = None

    def ask(self, probes: Sequence[Probe]) -> tuple[Reading, ...]:
        """A reading of each probe; after a broken way the others are not asked any more."""
        readings: list[Reading] = []
        broken: LinkError | None = None
        for index, probe in enumerate(probes):
            if index and broken is None:
                time.sleep(self._profile.pause_s)
            try:
                readings.append(self._read(probe) if broken is None else _failed(probe, broken))
            except LinkError as error:
                readings.append(_failed(probe, error))
                if error.state in {ReadingState.TIMEOUT, ReadingState.DISCONNECTED}:
                    broken = error
                    self.close()  # what still comes on this way would answer the wrong question
        return tuple(readings)

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _read(self, probe: Probe) -> Reading:
        if self._link is None:
            self._link = self._connect(self._instrument, self._profile)
        answer = self._link.ask(probe.query)
        parse = parser(probe.parser)
        if parse is None:
            raise InstrumentError(f"{probe.metric}: no parser “{probe.parser}”")
        return Reading(metric=probe.metric, unit=probe.unit, value=parse(answer) * probe.scale)


def _failed(probe: Probe, error: LinkError) -> Reading:
    return Reading(metric=probe.metric, unit=probe.unit, value=None, state=error.state, detail=str(error)[:200])


def _note(standing: Standing, readings: Sequence[Reading], unix_ns: int) -> None:
    good = [reading for reading in readings if reading.state is ReadingState.OK]
    bad = [reading for reading in readings if reading.state is not ReadingState.OK]
    standing.readings += len(good)
    standing.failures += len(bad)
    standing.state = bad[0].state if bad else ReadingState.OK
    standing.detail = bad[0].detail if bad else ""
    if good:
        standing.last_unix_ns = unix_ns
