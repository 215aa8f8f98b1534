"""What each failure does to the indicators that should notice it: a device alone, first healthy, then broken, in a rehearsal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import median

from msgspec.structs import replace

from console.gameday.rehearsed import company, target_of
from console.rehearsal import Judgement, Rehearsal
from producers.errors import FleetError
from producers.fault_catalogue import Failure
from producers.fleet_file import Fleet
from producers.simulation import Simulation
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import IndicatorSample, Verdict
from schemas.topics import TIMETAGS
from slo.catalogue import Catalogue
from slo.evaluation import system_by_prefix
from streams.pipelines import Knowledge

_LOOK_S = 10.0
"""So often it is looked whether all have turned."""


@dataclass(frozen=True, slots=True)
class Course:
    """Healthy for ``before_s``, and up to three times as long until all that is named was good once; then broken until all has
    turned, or ``within_s`` have passed.
    """

    before_s: float = 180.0
    within_s: float = 900.0

    def __post_init__(self) -> None:
        """
        Raises:
            FleetError: no time for one of them.
        """
        if self.before_s <= 0 or self.within_s <= 0:
            raise FleetError(f"healthy for {self.before_s:g} s, broken for {self.within_s:g} s: give both some time")


@dataclass(frozen=True, slots=True)
class Turn:
    """One indicator under one failure.

    ``healthy`` and ``faulty``: medians of its values, before the failure and from the turn on (without a turn: since the
    failure). ``before`` and ``after``: the verdict that came most often, and the worst. ``turned_s``: from the failure's
    beginning until the platform told of the first bad one; None: never.
    """

    failure: str
    device: DeviceId
    subject: SubjectId
    indicator: IndicatorId
    healthy: float | None
    faulty: float | None
    unit: str
    before: Verdict | None
    after: Verdict | None
    turned_s: float | None

    @property
    def turned(self) -> bool:
        return self.before is Verdict.GOOD and self.turned_s is not None


@dataclass(slots=True)
class _Seen:
    """What was told of one indicator of one subject: values by the end of their time, and verdicts as they came.

    All times are in seconds since the rehearsal began.
    """

    values: list[tuple[float, float]] = field(default_factory=list)
    verdicts: list[tuple[float, float, Verdict]] = field(default_factory=list)
    """When it was told, the end of what it is about, and the verdict."""
    unit: str = ""

    def turn(self, onset_s: float) -> tuple[float, float] | None:
        """When the first bad verdict after the onset was told, and the end of what it is about."""
        return next(((at_s, end_s) for at_s, end_s, verdict in self.verdicts if at_s > onset_s and verdict is Verdict.BAD), None)


_Key = tuple[SubjectId, IndicatorId]


class Turns:
    """Breaks devices of a fleet, one after another."""

    def __init__(self, fleet: Fleet, knowledge: Knowledge, failures: Mapping[str, Failure], catalogue: Catalogue) -> None:
        self._fleet, self._knowledge, self._failures = fleet, knowledge, failures
        self._catalogue = catalogue

    def of(self, failure_id: str, device: DeviceId | None = None, *, course: Course | None = None) -> tuple[Turn, ...]:
        """The indicators that should notice a failure, on this device or on the first that can have it, in the list's order.

        Of all subjects that the failure reaches it is the one that turned first. Indicators of other systems are left out.

        Raises:
            FleetError: the device cannot have this failure.
        """
        failure, course = self._failures[failure_id], course or Course()
        device = device or self._device_for(failure)
        named = [name for name in failure.notice.indicators if self._is_of(name, device)]
        fleet = company(self._fleet, device, (failure,), 0)
        if (why := Simulation(fleet, lambda: RunId(""), 0, with_tags=False).refusal(device, failure)) is not None:
            raise FleetError(why)
        rehearsal, seen = self._healthy(fleet, course, named)
        onset_s = rehearsal.elapsed_s
        rehearsal.begin(device, failure)
        while rehearsal.elapsed_s < onset_s + course.within_s and not all(_has_turned(seen, name, onset_s) for name in named):
            _watch(rehearsal, _LOOK_S, seen)
        return tuple(self._turn(failure, device, name, seen, onset_s) for name in named)

    def _healthy(self, fleet: Fleet, course: Course, named: Sequence[IndicatorId]) -> tuple[Rehearsal, dict[_Key, _Seen]]:
        """A fleet before it breaks: with tags only where what is named is not measured otherwise, for tags take the time."""
        for with_tags in (False, True):
            rehearsal = Rehearsal(fleet, self._knowledge, with_tags=with_tags)
            seen: dict[_Key, _Seen] = {}
            _watch(rehearsal, course.before_s, seen)
            untold = set(named) - {name for _, name in seen}
            if not any(self._catalogue[name].topic == TIMETAGS.name for name in untold):
                break
        while rehearsal.elapsed_s < 3 * course.before_s and not all(_was_good(seen, name) for name in named):
            _watch(rehearsal, _LOOK_S, seen)
        return rehearsal, seen

    def _device_for(self, failure: Failure) -> DeviceId:
        """The first that can have it, and has one of the indicators that should notice it."""
        able = [one.id for one in self._fleet.devices if one.kind in failure.kinds]
        concerned = {one for one in able if any(self._is_of(name, one) for name in failure.notice.indicators)}
        links = tuple(one for one in self._fleet.links if one.device in concerned)
        devices = tuple(one for one in self._fleet.devices if one.id in concerned)
        return DeviceId(target_of(replace(self._fleet, devices=devices, links=links), failure))

    def _is_of(self, indicator: IndicatorId, device: DeviceId) -> bool:
        return system_by_prefix(device) in self._catalogue[indicator].systems

    def _turn(
        self, failure: Failure, device: DeviceId, indicator: IndicatorId, seen: Mapping[_Key, _Seen], onset_s: float
    ) -> Turn:
        known = {subject: one for (subject, name), one in seen.items() if name == indicator}
        if not known:
            return Turn(failure.id, device, SubjectId(device), indicator, None, None, "", None, None, None)
        subject = min(known, key=lambda name: known[name].turn(onset_s) or (inf, inf))
        one = known[subject]
        turned_at_s, since_s = one.turn(onset_s) or (None, onset_s)
        before = [verdict for at_s, _, verdict in one.verdicts if at_s <= onset_s]
        after = [verdict for at_s, _, verdict in one.verdicts if at_s > onset_s]
        return Turn(
            failure=failure.id,
            device=device,
            subject=subject,
            indicator=indicator,
            healthy=_median(value for end_s, value in one.values if end_s <= onset_s),
            faulty=_median(value for end_s, value in one.values if end_s > onset_s and end_s >= since_s),
            unit=one.unit,
            before=max(before, key=before.count, default=None),
            after=Verdict.BAD if turned_at_s is not None else max(after, key=after.count, default=None),
            turned_s=None if turned_at_s is None else turned_at_s - onset_s,
        )


def _watch(rehearsal: Rehearsal, for_s: float, seen: dict[_Key, _Seen]) -> None:
    for told in rehearsal.advance(for_s):
        what = told.what
        if isinstance(what, IndicatorSample):
            one = seen.setdefault((what.subject, what.indicator), _Seen())
            one.unit = what.estimate.unit
            if what.estimate.value is not None:
                one.values.append((what.end_unix_s - rehearsal.origin_unix_s, what.estimate.value))
        elif isinstance(what, Judgement):
            one = seen.setdefault((what.subject, what.indicator), _Seen())
            one.verdicts.append((told.at_s, what.end_unix_s - rehearsal.origin_unix_s, what.verdict))


def _was_good(seen: Mapping[_Key, _Seen], indicator: IndicatorId) -> bool:
    return any(Verdict.GOOD in {verdict for *_, verdict in one.verdicts} for (_, name), one in seen.items() if name == indicator)


def _has_turned(seen: Mapping[_Key, _Seen], indicator: IndicatorId, onset_s: float) -> bool:
    return any(one.turn(onset_s) is not None for (_, name), one in seen.items() if name == indicator)


def _median(values: Iterable[float]) -> float | None:
    found: Sequence[float] = tuple(values)
    return median(found) if found else None
