"""The present condition of a device, a link, or something shared: its parts as drifts, faults and couplings leave them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from producers.apparatus import Apparatus, changed
from producers.couplings import coupled
from producers.drift import TICK_S, Drift, Wandering
from producers.errors import SourceError
from producers.fault_catalogue import Change, Failure

_Functions = dict[str, Callable[[float], float]]


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A failure that acts since ``since_s``, as strongly as ``size``."""

    failure: Failure
    size: float
    since_s: float


class Condition:
    """Tells the parts' present numbers. Times are seconds since the fleet began, and never go back."""

    def __init__(
        self, nominal: Apparatus, seed: int, drifts: Mapping[str, Drift], shared: Mapping[str, "Condition"] | None = None
    ) -> None:
        """``shared``: conditions that tell a part (cryostat, laser) which several devices have in common.

        Raises:
            FleetError: a drift of a number that is not there.
        """
        self._shared = dict(shared or {})
        self.nominal: Apparatus = replace(nominal, **{part: getattr(other.nominal, part) for part, other in self._shared.items()})
        self._wandering = {path: Wandering(drift, seed, path) for path, drift in drifts.items()}
        changed(self.nominal, dict.fromkeys(drifts, float))
        self._all = (self, *self._shared.values())
        self._drifting = any(condition._wandering for condition in self._all)  # noqa: SLF001
        self._active: dict[str, ActiveFault] = {}
        self._holders: dict[str, set[int]] = {}
        """Of a shared part's faults: the devices for which each was switched on."""
        self._version = 0
        self._known: Apparatus | None = None
        self._known_at: tuple[float, ...] = ()

    @property
    def active(self) -> Mapping[str, ActiveFault]:
        """Faults that were switched on here, by id."""
        return self._active

    @property
    def firmware(self) -> str:
        """What faults add to the version."""
        return "".join(fault.failure.firmware for fault in self._active.values()) if self._active else ""

    def begin(self, failure: Failure, size: float, at_s: float) -> None:
        """Let a failure act, in place of an earlier one of the same id; on what is shared, it acts on all who share it.

        Raises:
            FleetError: there is nothing that it could change.
            SourceError: at full strength it would make something that cannot be.
        """
        fault = ActiveFault(failure, size, at_s)
        at_full = [(change, size) for change in failure.changes]
        coupled(changed(self.nominal, _functions(at_full)), self.nominal)
        self._active[failure.id] = fault
        self._version += 1
        for part in self._shared_by(failure):
            self._shared[part].hold(fault, part, id(self))

    def end(self, failure_id: str) -> None:
        """Let it act no more; one that does not act is no error."""
        fault = self._active.pop(failure_id, None)
        self._version += 1
        for part in () if fault is None else self._shared_by(fault.failure):
            self._shared[part].release(failure_id, id(self))

    def hold(self, fault: ActiveFault, part: str, holder: int) -> None:
        """Let what a failure does to this shared part act, on behalf of one who shares it."""
        changes = tuple(change for change in fault.failure.changes if change.part == part)
        self._holders.setdefault(fault.failure.id, set()).add(holder)
        self.begin(replace(fault.failure, changes=changes), fault.size, fault.since_s)

    def release(self, failure_id: str, holder: int) -> None:
        """End it when nobody holds it any more."""
        holders = self._holders.get(failure_id, set())
        holders.discard(holder)
        if not holders:
            self.end(failure_id)

    def recentre(self) -> None:
        """A calibration brings every drifting number of its own back to its value."""
        for wandering in self._wandering.values():
            wandering.recentre()
        self._version += 1

    def at(self, elapsed_s: float) -> Apparatus:
        """The parts now. Where several faults together come to what cannot be, they stay as they last could."""
        moment = self._moment(elapsed_s)
        if self._known is None or moment != self._known_at:
            try:
                self._known = coupled(self._bare(elapsed_s), self.nominal)
            except SourceError:
                self._known = self._known or self.nominal
            self._known_at = moment
        return self._known

    def _moment(self, elapsed_s: float) -> tuple[float, ...]:
        """Changes whenever something can have moved: faults at any time, drifts from tick to tick."""
        acting = any([condition._active for condition in self._all])  # noqa: C419, SLF001  half the time of a generator
        at_s = elapsed_s if acting else math.floor(elapsed_s / TICK_S) if self._drifting else 0.0
        return (at_s, *[condition._version for condition in self._all])  # noqa: SLF001

    def _shared_by(self, failure: Failure) -> set[str]:
        """Parts that it changes and that are not this one's own."""
        return {change.part for change in failure.changes} & self._shared.keys()

    def _bare(self, elapsed_s: float) -> Apparatus:
        """As drifts and faults leave it, before the parts move each other."""
        tick = math.floor(elapsed_s / TICK_S)
        functions: _Functions = {path: _shifted(wandering.at(tick)) for path, wandering in self._wandering.items()}
        bare = changed(self.nominal, functions)
        acting = [
            (change, fault.size * change.level(elapsed_s - fault.since_s))
            for fault in self._active.values()
            for change in fault.failure.changes
            if change.part not in self._shared
        ]
        if acting:
            bare = changed(bare, _functions(acting))
        if not self._shared:
            return bare
        return replace(bare, **{part: getattr(other._bare(elapsed_s), part) for part, other in self._shared.items()})  # noqa: SLF001


def _shifted(by: float) -> Callable[[float], float]:
    return lambda value: value + by


def _functions(acting: list[tuple[Change, float]]) -> _Functions:
    """One function for each number, the changes of one number one after another."""
    by_path: dict[str, list[tuple[Change, float]]] = {}
    for change, amount in acting:
        if amount:
            by_path.setdefault(change.path, []).append((change, amount))
    return {path: _chain(changes) for path, changes in by_path.items()}


def _chain(changes: list[tuple[Change, float]]) -> Callable[[float], float]:
    def change(value: float) -> float:
        for one, amount in changes:
            value = one.of(value, amount)
        return value

    return change
