"""One part while it is supervised: its process, its state, its log."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping

from structlog.typing import FilteringBoundLogger

from embedded.errors import PartStartError
from embedded.launch import launched
from embedded.part_log import PartLog
from embedded.service import Service
from embedded.state import Part, PartState, ProcessId

_ASK_STARTING_S = 0.1
_CHANCES = 4
_PADDING = 1_040
"""Bytes by which the environment grows with each chance: no multiple of a page or a cache line."""
_ASK_READY_S = 2.0
_TAIL_LINES = 15


class SupervisedPart:
    """Starts, watches and stops the process of one service. ``changed`` is called after each change of ``part``."""

    def __init__(
        self, service: Service, log: PartLog, mark: Mapping[str, str], changed: Callable[[], None], say: FilteringBoundLogger
    ) -> None:
        self.service = service
        self.log = log
        self.deaths = 0
        self.became_ready = asyncio.Event()
        self.stopped = asyncio.Event()
        self._mark = mark
        self._changed = changed
        self._say = say.bind(part=service.name)
        self._state = PartState.WAITING
        self._detail = ""
        self._id: ProcessId | None = None
        self._process: Process | None = None

    @property
    def part(self) -> Part:
        return Part(
            name=self.service.name,
            state=self._state,
            address=self.service.address,
            process=self._id,
            ready=self.service.ready,
            detail=self._detail,
            deaths=self.deaths,
            log=str(self.log.path),
        )

    def set_state(self, state: PartState, detail: str = "") -> None:
        if (state, detail) != (self._state, self._detail):
            self._state, self._detail = state, detail
            self._changed()

    async def start(self) -> None:
        """Spawn, and return when it is ready. Raises PartStartError where it ends, or is not ready in time; then nothing runs.

        A part that a signal ended before it was ready did not refuse but crashed: it is given other chances. Whether the engine's
        library crashes depends on where its stack begins, and so on the size of the environment: each chance has another.
        """
        for attempt in range(_CHANCES):
            if await self._started(attempt):
                return

    async def _started(self, attempt: int) -> bool:
        try:
            process = await self._spawn(attempt)
        except OSError as error:  # no room for its log, no process to be had
            raise self._not_started(f"could not be spawned ({error})") from error
        ended = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._until_ready(process.pid))
        try:
            await asyncio.wait({ended, ready}, timeout=self.service.start_timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                self._sweep()
                if attempt + 1 < _CHANCES and (process.returncode or 0) < 0:
                    self._say.warning("crashed while starting, is started again", how=_how(process.returncode))
                    return False
                raise self._not_started(_how(process.returncode))
            if not ready.done():
                await self._end()
                raise self._not_started(f"was not ready within {self.service.start_timeout_s:g} s")
            ready.result()
        finally:
            ended.cancel()
            ready.cancel()
        self.set_state(PartState.READY)
        self.became_ready.set()
        self._say.info("ready", pid=process.pid, address=self.service.address)
        return True

    async def lost(self) -> str:
        """Watch a started part; return when it has ended, or was ended because it kept silent, and say how."""
        if self._process is None:
            raise RuntimeError(f"{self.service.name} was not started")
        loop = asyncio.get_running_loop()
        heard_s = loop.time()
        ended = asyncio.create_task(self._process.wait())
        try:
            while not (await asyncio.wait({ended}, timeout=_ASK_READY_S))[0]:
                if await self.service.ready.answers(self._process.pid):
                    heard_s = loop.time()
                    self.set_state(PartState.READY)
                elif loop.time() - heard_s < self.service.silent_for_s:
                    self.set_state(PartState.SILENT, "runs, and does not answer")
                else:
                    await self._end()
                    return f"did not answer for {self.service.silent_for_s:g} s and was ended"
        finally:
            ended.cancel()
        self._sweep()
        return _how(self._process.returncode)

    async def stop(self) -> None:
        """Ask it to end, insist after its time-out, and return when it and what it started are gone."""
        await self._end()
        if self._state is not PartState.FAILED:
            self.set_state(PartState.STOPPED)

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            self.set_state(PartState.STOPPING)
            self._signal(self.service.stop_signal)
            try:
                async with asyncio.timeout(self.service.stop_timeout_s):
                    await process.wait()
            except TimeoutError:
                self._say.warning("does not stop: killing it", after_s=self.service.stop_timeout_s)
                self.kill()
                await process.wait()
        self._sweep()

    def kill(self) -> None:
        """SIGKILL to its whole process group."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def tail(self) -> str:
        return self.log.tail(_TAIL_LINES)

    async def _spawn(self, attempt: int) -> Process:
        with self.log.opened() as output:
            self._process = await asyncio.create_subprocess_exec(
                *launched(self.service.argv),
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.service.cwd,
                env={**os.environ, **self.service.env, **self._mark, **_padding(attempt)},
                start_new_session=True,
            )
        self._id = ProcessId.of(self._process.pid)
        self.set_state(PartState.STARTING)
        self._say.debug("spawned", pid=self._process.pid, log=str(self.log.path))
        return self._process

    async def _until_ready(self, pid: int) -> None:
        while not await self.service.ready.answers(pid):
            self.set_state(PartState.STARTING, self.log.tail(1))
            await asyncio.sleep(_ASK_STARTING_S)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            try:
                self._process.send_signal(number)
            except ProcessLookupError:
                return

    def _sweep(self) -> None:
        """End what the process started and left in its group."""
        self.kill()
        self._id = None

    def _not_started(self, how: str) -> PartStartError:
        tail = self.tail()
        what = f"{self.service.name} did not start: it {how}; its last line: {self.log.tail(1) or 'none'}"
        self.set_state(PartState.FAILED, what)
        where, do = str(self.log.path), "read its log, mend what it names, start again"
        return PartStartError(what, where=where, do=do, part=self.service.name, tail=tail)


def _padding(attempt: int) -> dict[str, str]:
    return {"PHOTONWATCH_ATTEMPT": "x" * (_PADDING * attempt)} if attempt else {}


def _how(returncode: int | None) -> str:
    if returncode is None:
        return "ended"
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
