"""What each fault does to what a device says, beside a healthy twin of the same seed: offline, at simulated time."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from producers.errors import FleetError
from producers.fault_catalogue import Failure
from producers.fleet_file import Fleet
from producers.gauges import Window, gauge
from producers.simulation import Simulation
from schemas.ids import DeviceId, RunId

SEEN = 5.0
"""Standard deviations from which on a fault counts as seen."""
_ORIGIN_UNIX_NS = 1_767_225_600_000_000_000
"""The new year of 2026: simulated time begins there."""
_Values = Mapping[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class Span:
    """How twins are compared: ``windows`` of ``window_s`` each, the fault beginning with the window ``onset``."""

    window_s: int = 30
    windows: int = 14
    onset: int = 5

    def __post_init__(self) -> None:
        if not 2 <= self.onset < self.windows or self.window_s < 1:
            raise FleetError(f"{self.windows} windows of {self.window_s} s, the fault in window {self.onset}: give two before it")


@dataclass(frozen=True, slots=True)
class Effect:
    """One gauge of one faulty device against its twin's: means after the onset, and how many standard deviations apart.

    ``sigmas``: the difference of the means over its standard error, which comes from the healthy twin's own scatter (of a count
    that never scatters, from its square root). ``seen_s``: time from the onset until ``SEEN`` is reached; None: never.
    """

    failure: str
    device: DeviceId
    gauge: str
    healthy: float
    faulty: float
    sigmas: float
    seen_s: float | None


class Twins:
    """Runs devices twice, once healthy; the healthy ones are remembered."""

    def __init__(self, fleet: Fleet, failures: Mapping[str, Failure], span: Span) -> None:
        self._fleet = fleet
        self._failures = failures
        self._span = span
        self._healthy: dict[tuple[DeviceId, bool], _Values] = {}

    def effects(self, failure_id: str, device: DeviceId | None = None, size: float = 1.0) -> tuple[Effect, ...]:
        """What the failure's gauges show, in its order, on this device or on the first that can have it.

        Raises:
            FleetError: the device cannot have this failure, or the twins differ before it.
        """
        failure = self._failures[failure_id]
        device = device or self._device_for(failure)
        with_tags = any(name.startswith("tags.") for name in failure.shows)
        if (device, with_tags) not in self._healthy:
            self._healthy[device, with_tags] = self._values(device, self._gauges(with_tags=with_tags), None, size)
        healthy, faulty = self._healthy[device, with_tags], self._values(device, failure.shows, failure, size)
        found = []
        for name in failure.shows:
            pairs = list(zip(healthy[name], faulty[name], strict=True))
            if any(one != other for one, other in pairs[: self._span.onset]):
                raise FleetError(f"{failure.id} of {device}: the twins differ in {name} before the fault begins")
            if (effect := self._compared(failure, device, name, pairs)) is not None:
                found.append(effect)
        return tuple(found)

    def _gauges(self, *, with_tags: bool) -> tuple[str, ...]:
        every = dict.fromkeys(name for failure in self._failures.values() for name in failure.shows)
        return tuple(name for name in every if with_tags or not name.startswith("tags."))

    def _device_for(self, failure: Failure) -> DeviceId:
        simulation = Simulation(self._fleet, lambda: RunId(""), 0, with_tags=False)
        for device in self._fleet.devices:
            if simulation.refusal(device.id, failure) is None:
                return device.id
        raise FleetError(f"no device of this fleet can have {failure.id}")

    def _values(self, device: DeviceId, names: tuple[str, ...], failure: Failure | None, size: float) -> _Values:
        """Of each gauge its values, window by window."""
        gauges = {name: gauge(name) for name in names}
        values: dict[str, list[float | None]] = {name: [] for name in names}
        with_tags = any(name.startswith("tags.") for name in names)
        for window in self._windows(device, failure, size, with_tags=with_tags):
            for name, read in gauges.items():
                values[name].append(read(window))
        return values

    def _windows(self, device: DeviceId, failure: Failure | None, size: float, *, with_tags: bool) -> Iterator[Window]:
        span, numbers = self._span, itertools.count()
        simulation = Simulation(
            _alone(self._fleet, device), lambda: RunId(f"run-{next(numbers)}"), _ORIGIN_UNIX_NS, with_tags=with_tags
        )
        (simulated,) = simulation.devices
        for number in range(span.windows):
            if number == span.onset and failure is not None:
                simulation.begin(device, failure, size, float(span.onset * span.window_s))
            window = Window(span.window_s)
            for second in range(number * span.window_s + 1, (number + 1) * span.window_s + 1):
                for said in simulated.advance(second * 10**12):
                    window.add(said)
            yield window

    def _compared(
        self, failure: Failure, device: DeviceId, name: str, pairs: list[tuple[float | None, float | None]]
    ) -> Effect | None:
        ours = [one for one, _ in pairs if one is not None]
        after = [other for _, other in pairs[self._span.onset :]]
        if not ours:
            return None
        course = [_sigmas(after[:upto], ours) for upto in range(1, len(after) + 1)]
        seen = next((number for number, sigmas in enumerate(course, 1) if abs(sigmas) >= SEEN), None)
        theirs = [value for value in after if value is not None]
        return Effect(
            failure=failure.id,
            device=device,
            gauge=name,
            healthy=sum(ours) / len(ours),
            faulty=sum(theirs) / len(theirs) if theirs else math.nan,
            sigmas=course[-1],
            seen_s=None if seen is None else float(seen * self._span.window_s),
        )


def _alone(fleet: Fleet, device: DeviceId) -> Fleet:
    """The fleet with this device and its links only: the others do not matter to it, and cost time."""
    kept = tuple(one for one in fleet.devices if one.id == device)
    if not kept:
        raise FleetError(f"no {device} in this fleet")
    return replace(fleet, devices=kept, links=tuple(link for link in fleet.links if link.device == device))


def _sigmas(theirs: list[float | None], ours: list[float]) -> float:
    """The difference of the means over its standard error; 0 where nothing was read."""
    read = [value for value in theirs if value is not None]
    if not read:
        return 0.0
    difference = sum(read) / len(read) - sum(ours) / len(ours)
    return difference / (_scatter(ours) * math.sqrt(1 / len(read) + 1 / len(ours)))


def _scatter(values: list[float]) -> float:
    """Standard deviation of one window's value; of one that never changes, as if it were a count."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    return math.sqrt(variance) if variance else math.sqrt(max(abs(mean), 1.0))
