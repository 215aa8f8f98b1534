"""Does the fleet keep its promises? What a stretch of time says of every objective and subject, against the one before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.alerts import rank
from slo.composite import Reading, leaves, read_whole
from slo.composite_watch import whole_of
from slo.exclusions import EVERYBODY, Exclusion, admitted
from slo.instant import NS
from slo.objective import Objective
from slo.silence import NO_DATA
from slo.tiers import SEVERITIES

Key = tuple[str, SubjectId]
"""Objective and subject."""
Sums = Mapping[Key, tuple[Fraction, Fraction]]
"""Good and bad events."""


class Counted(NamedTuple):
    """Good and bad events of a stretch, and of the samples that were judged those undecided and excluded. Of a composite: of all
    parts together, and what ``reading`` they make of the whole.
    """

    good: Fraction
    bad: Fraction
    samples: int = 0
    insufficient: int = 0
    excluded: int = 0
    reading: Reading | None = None

    @property
    def attained(self) -> Fraction | None:
        if self.reading is not None:
            return 1 - self.reading.error_ratio
        events = self.good + self.bad
        return self.good / events if events else None


class Incident(NamedTuple):
    """An alert from its firing to its end (None: it fires still). ``bad_since``: when what made it fire began, where known."""

    objective: str
    subject: SubjectId
    severity: str
    fired_unix_s: int
    cleared_unix_s: int | None
    bad_since_unix_s: int | None
    inhibited_by: str
    text: str

    @property
    def detect_s(self) -> int | None:
        """How long it took to be noticed."""
        return None if self.bad_since_unix_s is None else max(0, self.fired_unix_s - self.bad_since_unix_s)

    @property
    def recover_s(self) -> int | None:
        """How long from then until it was over."""
        return None if self.cleared_unix_s is None else self.cleared_unix_s - self.fired_unix_s


@dataclass(frozen=True, slots=True)
class Promise:
    """One objective about one subject. ``used``: the part of the stretch's own budget that went; ``remaining``: what is left of
    the objective's at the end. ``bounds``: the attained ratio, had every undecided sample been bad, or good; None where the
    objective counts the events in samples. ``before``: attained in the stretch before.
    """

    objective: Objective
    subject: SubjectId
    counted: Counted
    remaining: Fraction | None
    before: Fraction | None

    @property
    def attained(self) -> Fraction | None:
        return self.counted.attained

    @property
    def is_kept(self) -> bool | None:
        """None: nothing was judged."""
        return None if self.used is None else self.used <= 1

    @property
    def used(self) -> Fraction | None:
        if self.counted.reading is not None:
            return self.counted.reading.burn_rate
        return None if self.attained is None else (1 - self.attained) / self.objective.budget

    @property
    def bounds(self) -> tuple[Fraction, Fraction] | None:
        criterion = self.objective.criterion
        good, bad, _, open_, _, _ = self.counted
        if criterion is None or criterion.events is not None or self.objective.slice_s is not None or not good + bad:
            return None
        return good / (good + bad + open_), (good + open_) / (good + bad + open_)


class Out(NamedTuple):
    """Time that was taken out, by who and why."""

    subject: SubjectId
    reason: str
    who: str
    seconds: int


@dataclass(frozen=True, slots=True)
class FleetReport:
    """Over (since, until] in UTC seconds; promises by service, objective and subject, the broken ones of each first."""

    since_unix_s: int
    until_unix_s: int
    promises: tuple[Promise, ...]
    incidents: tuple[Incident, ...]
    """The worst first."""
    alerts: Mapping[str, int]
    """How many began, by severity; those that others silenced are not counted."""
    alerts_before: Mapping[str, int]
    out: tuple[Out, ...]

    @property
    def kept(self) -> int:
        return sum(each.is_kept is True for each in self.promises)

    @property
    def broken(self) -> int:
        return sum(each.is_kept is False for each in self.promises)


def assemble(  # noqa: PLR0917 - what the store tells, one question each
    objectives: Iterable[Objective],
    stretch: tuple[int, int],
    counted: Mapping[Key, Counted],
    before: Mapping[Key, Counted],
    remaining: Mapping[Key, Fraction],
    transitions: Sequence[AlertState],
    exclusions: Sequence[Exclusion],
) -> FleetReport:
    """The report over (since, until]; ``before`` is what the stretch of equal length before it counted."""
    since, until = stretch
    known = {each.name: each for each in objectives}
    promises = [
        Promise(known[name], subject, rows, remaining.get((name, subject)), _attained(before.get((name, subject))))
        for (name, subject), rows in counted.items()
        if name in known
    ]
    found = incidents(transitions)
    return FleetReport(
        since,
        until,
        tuple(sorted(promises, key=_order)),
        tuple(sorted((each for each in found if _overlaps(each, stretch)), key=lambda each: _badness(each, until))),
        _begun(found, stretch),
        _begun(found, (since - (until - since), since)),
        _out(exclusions, stretch),
    )


def wholes(objectives: Iterable[Objective], parts: Sums) -> dict[Key, Counted]:
    """What composites come to of their parts' sums; members of a whole go by their names as such."""
    known = list(objectives)
    composites = {each.name: each.composite for each in known if each.composite}
    found: dict[Key, Counted] = {}
    for objective in known:
        if objective.composite is None:
            continue
        measured = leaves(objective.composite, composites)
        subjects = {whole_of(subject) for name, subject in parts if name in measured}
        for whole in sorted(filter(objective.is_about, subjects)):
            sums = [(name, each) for (name, subject), each in parts.items() if whole_of(subject) == whole]
            ratios = [(name, bad / (good + bad) if good + bad else None) for name, (good, bad) in sums]
            reading = read_whole(objective.composite, composites, ratios)
            of_parts = [each for part in measured for name, each in sums if name == part]
            good, bad = (sum((each[place] for each in of_parts), Fraction(0)) for place in (0, 1))
            found[objective.name, whole] = Counted(good, bad, reading=reading)
    return found


def incidents(transitions: Iterable[AlertState]) -> list[Incident]:
    """Alerts from fire to clear, of transitions in time order."""
    firing: dict[str, AlertState] = {}
    found = []
    for each in transitions:
        if each.firing:
            firing.setdefault(each.alert, each)
        elif (began := firing.pop(each.alert, None)) is not None:
            found.append(_incident(began, each.since_unix_s))
    return [*found, *(_incident(each, None) for each in firing.values())]


def _incident(began: AlertState, cleared_unix_s: int | None) -> Incident:
    return Incident(
        began.objective,
        began.subject,
        began.severity,
        began.since_unix_s,
        cleared_unix_s,
        began.bad_since_unix_s,
        began.inhibited_by,
        f"{began.text} ({NO_DATA})" if began.alert.endswith(f"/{NO_DATA}") else began.text,
    )


def _attained(counted: Counted | None) -> Fraction | None:
    return None if counted is None else counted.attained


def _order(promise: Promise) -> tuple[str, bool, Fraction, str, str]:
    used = promise.used
    return (
        promise.objective.service,
        promise.is_kept is not False,
        -(used if used is not None else Fraction(0)),
        promise.objective.name,
        promise.subject,
    )


def _overlaps(incident: Incident, stretch: tuple[int, int]) -> bool:
    return incident.fired_unix_s <= stretch[1] and (incident.cleared_unix_s is None or incident.cleared_unix_s > stretch[0])


def _badness(incident: Incident, until: int) -> tuple[bool, tuple[int, str], int, str]:
    """Those that somebody was told of first, then by severity, then by how long they lasted."""
    lasted = (incident.cleared_unix_s or until) - incident.fired_unix_s
    return bool(incident.inhibited_by), rank(incident.severity), -lasted, incident.objective


def _begun(found: Iterable[Incident], stretch: tuple[int, int]) -> dict[str, int]:
    told = [each for each in found if not each.inhibited_by and stretch[0] < each.fired_unix_s <= stretch[1]]
    return {severity: sum(each.severity == severity for each in told) for severity in SEVERITIES}


def _out(exclusions: Iterable[Exclusion], stretch: tuple[int, int]) -> tuple[Out, ...]:
    """Overlapping ones of one subject, reason and person are one."""
    start_ns, end_ns = stretch[0] * NS, stretch[1] * NS
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for each in exclusions:
        cut = (max(each.start_ns, start_ns), min(each.end_ns, end_ns))
        if cut[0] < cut[1]:
            found.setdefault((each.subject, each.reason, each.who), []).append(cut)
    rows = [
        Out(SubjectId(subject), reason, who, sum(end - start for start, end in admitted(cuts, Fraction(1), 1)) // NS)
        for (subject, reason, who), cuts in found.items()
    ]
    return tuple(sorted(rows, key=lambda each: (each.subject != EVERYBODY, -each.seconds, each)))
