"""What a composite objective says of the series of its parts, all of them known: assessment.py on readings instead of counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from schemas.ids import SubjectId
from slo.alerts import more_severe, rank
from slo.assessment import TierState, counted
from slo.composite import Reading, combine
from slo.exclusions import EVERYBODY, Exclusion, allowed, inside
from slo.instant import NS
from slo.objective import Composite, Objective, Part
from slo.period import CalendarWindow, span_at
from slo.series import Series, Times
from slo.tiers import Tier
from slo.timeline import Timeline
from slo.turning import Transition

Rates = list[tuple[Fraction | None, Fraction]]
"""Error ratios (None: no events) and events, instant by instant."""


@dataclass(frozen=True, slots=True)
class CompositeAssessment:
    """A composite as of ``at_ns``: readings of its windows by length in seconds (None: no part has events), the period last."""

    objective: Objective
    at_ns: int
    period_s: int
    windows: Mapping[int, Reading | None]
    parts: Mapping[str, Reading | None]
    """Each part over the period."""
    tiers: tuple[TierState, ...]
    transitions: tuple[Transition, ...]

    @property
    def remaining_ratio(self) -> Fraction | None:
        """Share of the budget that is left; negative when overspent."""
        period = self.windows[self.period_s]
        return None if period is None else 1 - period.burn_rate

    @property
    def alerts(self) -> tuple[str, ...]:
        """The severities that fire, the most severe first."""
        return tuple(sorted({state.tier.severity for state in self.tiers if state.firing}, key=rank))


def assess_composite(
    objective: Objective,
    composite: Composite,
    objectives: Mapping[str, Objective],
    series: Mapping[str, Sequence[Series]],
    at_ns: int,
    *,
    exclusions: Sequence[Exclusion] = (),
    subject: SubjectId = EVERYBODY,
    with_transitions: bool = False,
) -> CompositeAssessment:
    """Hold the ``series`` of the measured parts, by the names of their objectives, against a composite of them: of one subject,
    or of the members of its path.

    Raises:
        KeyError: a part has no series.
        SeriesError: a series cannot be sliced as its objective asks.
    """
    declared = tuple(each for each in exclusions if each.concerns(subject))
    lines = {
        name: [_line(objectives[name], each, declared, at_ns) for each in series[name]]
        for name in measured(composite, objectives)
    }
    whole = _Whole(composite, objectives, lines)
    start_ns, period_s = _period(objective, at_ns)
    now = np.array([at_ns])
    lengths = sorted({length for tier in objective.tiers for length in (tier.short_s, tier.long_s)})
    windows: dict[int, Reading | None] = {length: whole.readings(now - length * NS, now)[0][0] for length in lengths}
    windows.pop(period_s, None)
    windows[period_s] = whole.readings(np.array([start_ns]), now)[0][0]
    parts = {
        part.objective: None if ratio is None else Reading(ratio, part.budget)
        for part, [(ratio, _)] in whole.parts(composite, np.array([start_ns]), now)
    }
    tiers = _tier_states(objective, whole, now)
    turned = _transitions(objective, whole, lines, at_ns) if with_transitions else ()
    return CompositeAssessment(objective, at_ns, period_s, windows, parts, tiers, turned)


def measured(composite: Composite, objectives: Mapping[str, Objective]) -> list[str]:
    """The names of the objectives that measure something, over all levels, each once."""
    found: dict[str, None] = {}
    for part in composite.parts:
        inner = objectives[part.objective].composite
        found |= dict.fromkeys(measured(inner, objectives) if inner else [part.objective])
    return list(found)


class _Whole:
    def __init__(
        self, composite: Composite, objectives: Mapping[str, Objective], lines: Mapping[str, Sequence[Timeline]]
    ) -> None:
        self._composite = composite
        self._objectives = objectives
        self._lines = lines

    def readings(self, starts_ns: Times, times_ns: Times) -> list[tuple[Reading | None, Fraction]]:
        """The whole over (start, time], and the events of all parts, instant by instant."""
        return self._combined(self._composite, starts_ns, times_ns)

    def parts(self, composite: Composite, starts_ns: Times, times_ns: Times) -> list[tuple[Part, Rates]]:
        """The parts of a composite over (start, time]."""
        return [(part, rates) for part in composite.parts for rates in self._part(part, starts_ns, times_ns)]

    def _part(self, part: Part, starts_ns: Times, times_ns: Times) -> list[Rates]:
        inner = self._objectives[part.objective].composite
        if inner is not None:
            combined = self._combined(inner, starts_ns, times_ns)
            return [[(None if reading is None else reading.error_ratio, events) for reading, events in combined]]
        found = []
        for line in self._lines[part.objective]:
            good, bad = line.since(starts_ns, times_ns)
            pairs = zip(good.tolist(), bad.tolist(), strict=True)
            found.append([(Fraction(b, g + b) if g + b else None, Fraction(g + b, line.scale)) for g, b in pairs])
        return found

    def _combined(self, composite: Composite, starts_ns: Times, times_ns: Times) -> list[tuple[Reading | None, Fraction]]:
        parts = self.parts(composite, starts_ns, times_ns)
        found: list[tuple[Reading | None, Fraction]] = []
        last: tuple[list[tuple[Fraction | None, Fraction]], tuple[Reading | None, Fraction]] | None = None
        for place in range(len(times_ns)):
            here = [rates[place] for _, rates in parts]
            if last is None or here != last[0]:  # most instants change only some windows
                reading = combine(composite.mode, [(part, rates[place][0]) for part, rates in parts])
                last = (here, (reading, sum((events for _, events in here), Fraction(0))))
            found.append(last[1])
        return found


def _line(objective: Objective, series: Series, declared: Sequence[Exclusion], at_ns: int) -> Timeline:
    stretches = allowed(objective, declared)
    known = series.until(at_ns)
    return counted(objective, known, inside(stretches, known.ends_ns), stretches, at_ns)[0]


def _period(objective: Objective, at_ns: int) -> tuple[int, int]:
    """Where the compliance window begins, and how long it is in seconds."""
    if isinstance(objective.window, CalendarWindow):
        span = span_at(objective.window, -(-at_ns // NS))
        return span.start_unix_s * NS, span.length_s
    return at_ns - objective.period_s * NS, objective.period_s


def _tier_states(objective: Objective, whole: _Whole, now: Times) -> tuple[TierState, ...]:
    found = []
    for tier in objective.tiers:
        ((fast, enough),) = _above(tier, whole, now)
        found.append(TierState(tier, fast and enough, fast and not enough, None))
    firing = {state.tier.severity for state in found if state.firing}
    return tuple(state._replace(inhibited_by=more_severe(firing, state.tier.severity)) for state in found)


def _above(tier: Tier, whole: _Whole, times_ns: Times) -> list[tuple[bool, bool]]:
    """At each instant whether both windows burn strictly faster than the factor, and whether the long one holds enough events."""
    short, long = (whole.readings(times_ns - length * NS, times_ns) for length in (tier.short_s, tier.long_s))
    return [
        (_burns(one, tier.factor) and _burns(other, tier.factor), events >= tier.minimum_events)
        for (one, _), (other, events) in zip(short, long, strict=True)
    ]


def _burns(reading: Reading | None, factor: Fraction) -> bool:
    return reading is not None and reading.burn_rate > factor


def _transitions(
    objective: Objective, whole: _Whole, lines: Mapping[str, Sequence[Timeline]], at_ns: int
) -> tuple[Transition, ...]:
    lengths_ns = {length * NS for tier in objective.tiers for length in (tier.short_s, tier.long_s)}
    changes = [line.ends_ns + length for each in lines.values() for line in each for length in (0, *lengths_ns)]
    times_ns = np.unique(np.concatenate(changes)) if changes else np.empty(0, np.int64)
    times_ns = times_ns[times_ns <= at_ns]
    found = []
    for severity in sorted({tier.severity for tier in objective.tiers}, key=rank):
        states = [_above(tier, whole, times_ns) for tier in objective.tiers if tier.severity == severity]
        fires = [any(fast and enough for fast, enough in here) for here in zip(*states, strict=True)]
        turns = [place for place, firing in enumerate(fires) if firing != (place > 0 and fires[place - 1])]
        found += [Transition(severity, int(times_ns[turn]), fires[turn]) for turn in turns]
    return tuple(sorted(found, key=lambda each: (each.time_ns, rank(each.severity))))
