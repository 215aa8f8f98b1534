"""The small records of one simulated device or link: measurements, events, telemetry. Pure, told how much time has passed."""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

import msgspec
import numpy as np

from producers.apparatus import Apparatus
from producers.condition import Condition
from producers.couplings import brightness, pair_fidelity
from producers.entanglement.link import checked, heralds, heralds_of
from producers.entanglement.repeater import swapped
from producers.errors import SourceError
from producers.measuring import Measure, measured
from producers.sensors import readings, sensors_of
from schemas import topics
from schemas.events import Calibration, Command, Event, Heartbeat, Heralds, State, What
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import STATE, Measurement
from schemas.records import Annotation, Parameter
from schemas.telemetry import Telemetry
from schemas.topics import Topic

_USABLE = 0.3
"""Light below this part of what the fleet file says is no usable emission."""
_COMMANDS = ("arm", "set-laser", "read-status", "set-phase")


class Duties(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a device tells what. 0: never. ``told_s``: heralds, swaps and commands are told together so often."""

    heartbeat_s: float = 5.0
    telemetry_s: float = 5.0
    told_s: float = 5.0
    commands_hz: float = 0.2
    warm_up_s: float = 0.0

    def __post_init__(self) -> None:
        if min(self.heartbeat_s, self.telemetry_s, self.told_s, self.commands_hz, self.warm_up_s) < 0:
            raise SourceError(f"{self}: no negative times or rates")


class CalibrationPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A routine that runs every ``every_s`` (0: never) and takes ``takes_s`` on average; passed, it takes drifts back."""

    routine: str = "alignment"
    every_s: float = 0.0
    takes_s: float = 30.0
    steps: int = 12

    def __post_init__(self) -> None:
        if self.every_s and not 0 < self.takes_s < self.every_s:
            raise SourceError(f"a calibration of {self.takes_s:g} s every {self.every_s:g} s: it must be over before the next")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way to its topic."""

    topic: Topic
    key: str
    record: msgspec.Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Whose records they are: a device tells of itself, or of a link that it operates."""

    subject: SubjectId
    device: DeviceId
    seed: int
    duties: Duties
    calibration: CalibrationPlan
    measures: tuple[Measure, ...]

    @property
    def of_link(self) -> bool:
        return str(self.subject) != str(self.device)


@dataclass(frozen=True, slots=True)
class _Round:
    """Something done every so often; ordered by when it is due."""

    due_s: float
    number: int
    every_s: float | None
    """None: once."""
    act: Callable[[float], Iterator[Outgoing]]

    def __lt__(self, other: "_Round") -> bool:
        return (self.due_s, self.number) < (other.due_s, other.number)


class RecordFeed:
    """Makes records as their time comes. Rounds of all kinds are spread over their periods by the seed, so fleets do not beat."""

    def __init__(self, teller: Teller, condition: Condition, origin_unix_ns: int, *, sequence: int = 0) -> None:
        """``sequence``: the number of its first event."""
        self._teller = teller
        self._condition = condition
        self._origin_unix_ns = origin_unix_ns
        self._sensors = sensors_of(condition.nominal, of_link=teller.of_link)
        self._sequence = sequence
        self._run, self._firmware = RunId(""), ""
        self._calibrating: tuple[float, float] | None = None
        self._calibrations = 0
        duties, calibration = teller.duties, teller.calibration
        phases = self._random("phases")
        rounds: list[tuple[float, float, Callable[[float], Iterator[Outgoing]]]] = [
            (duties.heartbeat_s, duties.heartbeat_s, self._heartbeat),
            (duties.telemetry_s if self._sensors else 0.0, 0.0, self._telemetry),
            (duties.told_s, duties.told_s, self._told),
            (calibration.every_s, calibration.every_s / 2, self._calibrate),
            *((one.every_s, one.takes_s, self._measurer(number, one)) for number, one in enumerate(teller.measures)),
        ]
        self._rounds = [
            _Round(takes_s + every_s * float(phase), number, every_s, act)
            for number, ((every_s, takes_s, act), phase) in enumerate(zip(rounds, phases.random(len(rounds)), strict=True))
            if every_s
        ]
        heapify(self._rounds)
        self._commands, self._luck, self._noise = (self._random(name) for name in ("commands", "calibrations", "telemetry"))
        self._heralds, self._swaps, self._checks = (self._random(name) for name in ("heralds", "swaps", "checks"))

    @property
    def next_due_s(self) -> float:
        """Elapsed time at which there is something to tell; infinite where there never is."""
        return self._rounds[0].due_s if self._rounds else math.inf

    def records(self, elapsed_s: float, run: RunId, firmware: str) -> Iterator[Outgoing]:
        """What is due once ``elapsed_s`` have passed."""
        self._run, self._firmware = run, firmware
        while self.next_due_s <= elapsed_s:
            first = heappop(self._rounds)
            if first.every_s is not None:
                heappush(self._rounds, replace(first, due_s=first.due_s + first.every_s))
            if self._condition.at(first.due_s).control.running > 0.5:
                yield from first.act(first.due_s)

    def _heartbeat(self, due_s: float) -> Iterator[Outgoing]:
        start_s = due_s - self._teller.duties.heartbeat_s
        now = self._condition.at(due_s)
        if self._is_calibrating(start_s, due_s):
            state = State.CALIBRATION
        else:
            state = State.WARM_UP if self._is_warming_up(start_s) else State.OPERATIONAL
        emitting = None if now.source is None else brightness(now, self._condition.nominal) > _USABLE
        yield self._event(start_s, due_s, Heartbeat(state=state, emitting=emitting))

    def _telemetry(self, due_s: float) -> Iterator[Outgoing]:
        now = self._condition.at(due_s)
        read = readings(self._sensors, now, self._noise)
        if self._noise.random() >= now.control.reporting:
            return
        record = Telemetry(
            device=self._teller.device,
            source=f"{self._teller.subject}/sensors",
            subject=self._teller.subject if self._teller.of_link else SubjectId(""),
            unix_ns=self._unix_ns(due_s),
            readings=read,
            run=self._run,
            firmware=self._firmware,
        )
        yield Outgoing(topics.TELEMETRY, self._teller.device, record)

    def _told(self, due_s: float) -> Iterator[Outgoing]:
        """What happened since the last time: heralds, swaps, commands."""
        now, told_s = self._condition.at(due_s), self._teller.duties.told_s
        start_s = due_s - told_s
        found: Heralds | None = None
        if now.repeater is not None:
            joined = swapped(now.repeater, told_s, self._swaps)
            yield self._event(start_s, due_s, joined.swaps)
            if now.link is not None:
                tries = round(now.repeater.attempt_hz * told_s)
                found = heralds_of(now.link, tries, joined.waited_s, joined.given_up, self._heralds)
        elif now.link is not None:
            found = heralds(now.link, told_s, self._heralds)
        if found is not None and now.link is not None:
            yield self._event(start_s, due_s, found)
            usable = len(found.latency_ns) - found.outside_window
            looked_at = checked(now.link, pair_fidelity(now) or 0.0, usable, told_s, self._checks)
            if looked_at.checked:
                yield self._event(start_s, due_s, looked_at)
        for command, at_s in self._issued(now, start_s, told_s):
            yield self._event(at_s, at_s, command)

    def _issued(self, now: Apparatus, start_s: float, told_s: float) -> Iterator[tuple[Command, float]]:
        random, control = self._commands, now.control
        count = int(random.poisson(self._teller.duties.commands_hz * told_s))
        for at_s in np.sort(random.random(count) * told_s).tolist():
            name = _COMMANDS[int(random.integers(len(_COMMANDS)))]
            tried = int(random.geometric(1 - control.failure)) if control.failure < 1 else control.tries + 1
            if random.random() < control.mismatch:
                command = Command(name=name, tries=control.tries, ok=False, error="protocol-mismatch")
            elif tried > control.tries:
                command = Command(name=name, tries=control.tries, ok=False, error="timeout")
            else:
                command = Command(name=name, tries=tried, ok=True)
            yield command, start_s + at_s

    def _calibrate(self, due_s: float) -> Iterator[Outgoing]:
        """Begin one; its end is a round of its own."""
        plan, control = self._teller.calibration, self._condition.at(due_s).control
        takes_s = plan.takes_s * control.calibration_slowness * float(self._luck.uniform(0.8, 1.2))
        passed = bool(self._luck.random() < control.calibration_pass)
        end_s = due_s + min(takes_s, 0.9 * plan.every_s)
        self._calibrating = due_s, end_s
        self._calibrations += 1
        heappush(self._rounds, _Round(end_s, -1, None, lambda _: self._calibrated(due_s, end_s, passed=passed)))
        yield self._annotation(due_s, None, plan.routine)

    def _calibrated(self, start_s: float, end_s: float, *, passed: bool) -> Iterator[Outgoing]:
        plan = self._teller.calibration
        if passed:
            self._condition.recentre()
        yield self._event(start_s, end_s, Calibration(routine=plan.routine, passed=passed, steps=plan.steps))
        yield self._annotation(start_s, end_s, plan.routine, passed=passed)

    def _measurer(self, number: int, measure: Measure) -> Callable[[float], Iterator[Outgoing]]:
        random = self._random(f"measure-{number}")

        def act(due_s: float) -> Iterator[Outgoing]:
            start_s = due_s - measure.takes_s
            now = self._condition.at(due_s)
            data = measured(measure, now, self._condition.nominal, random)
            warm_up: dict[str, Parameter] = {STATE: State.WARM_UP.value} if self._is_warming_up(start_s) else {}
            if self._is_calibrating(start_s, due_s):
                return
            record = Measurement(
                subject=self._teller.subject,
                device=self._teller.device,
                run=self._run,
                start_unix_ns=self._unix_ns(start_s),
                end_unix_ns=self._unix_ns(due_s),
                data=data,
                firmware=self._firmware,
                conditions=measure.conditions | warm_up,
                calibration=f"{self._teller.calibration.routine}-{self._calibrations}" if self._calibrations else "",
            )
            yield Outgoing(topics.MEASUREMENTS, self._teller.subject, record)

        return act

    def _is_warming_up(self, start_s: float) -> bool:
        return start_s < self._teller.duties.warm_up_s

    def _is_calibrating(self, start_s: float, end_s: float) -> bool:
        return self._calibrating is not None and self._calibrating[0] < end_s and start_s < self._calibrating[1]

    def _event(self, start_s: float, end_s: float, what: What) -> Outgoing:
        event = Event(
            subject=self._teller.subject,
            device=self._teller.device,
            run=self._run,
            source=f"{self._teller.subject}/{self._run}",
            sequence=self._sequence,
            start_unix_ns=self._unix_ns(start_s),
            end_unix_ns=self._unix_ns(end_s),
            what=what,
            firmware=self._firmware,
        )
        self._sequence += 1
        return Outgoing(topics.EVENTS, self._teller.subject, event)

    def _annotation(self, start_s: float, end_s: float | None, text: str, **attributes: Parameter) -> Outgoing:
        """It comes again when it is over, the same but for its end and what came of it."""
        note = Annotation(
            kind="calibration",
            subject=self._teller.subject,
            start_unix_s=self._unix_ns(start_s) / 1e9,
            end_unix_s=None if end_s is None else self._unix_ns(end_s) / 1e9,
            text=text,
            author=self._teller.device,
            attributes=attributes,
        )
        return Outgoing(topics.ANNOTATIONS, self._teller.subject, note)

    def _unix_ns(self, elapsed_s: float) -> int:
        return self._origin_unix_ns + round(elapsed_s * 1e9)

    def _random(self, concern: str) -> np.random.Generator:
        """Of its own for each concern, so that a fault in one leaves the luck of the others as it was."""
        return np.random.default_rng([self._teller.seed, zlib.crc32(f"{self._teller.subject}/{concern}".encode())])
