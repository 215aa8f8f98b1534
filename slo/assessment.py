"""What an objective says of a series of events, all of it known: windows, budget, tiers, forecast, and when alerts turned.

The conventions are the stream's; only the way to the sums differs. Called by `slo evaluate`, and by whoever looks back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from schemas.ids import SubjectId
from slo.alerts import more_severe, rank
from slo.budget import BudgetSnapshot
from slo.counts import Amount, Counts
from slo.exclusions import EVERYBODY, Exclusion, Stretch, allowed, covered, inside
from slo.forecast import Forecast, Held, Leaving, Pace, forecast, pushed_out
from slo.horizon import pace_window_s
from slo.instant import NS
from slo.objective import Method, Objective
from slo.period import CalendarWindow, span_at
from slo.series import Series
from slo.slicing import SliceRule, Slices, sliced
from slo.tiers import Tier
from slo.timeline import Timeline, timeline
from slo.turning import Marks, Transition, above, period_starts, runs_out, transitions


class TierState(NamedTuple):
    """``suppressed``: both windows are above the threshold, but the long one holds too few events. ``inhibited_by``: the more
    severe alert of this objective that fires and so silences this tier's.
    """

    tier: Tier
    firing: bool
    suppressed: bool
    inhibited_by: str | None


class ExhaustionState(NamedTuple):
    """Whether the budget, as things go, lasts no longer than ``within_s``."""

    severity: str
    within_s: int
    firing: bool


class SliceCounts(NamedTuple):
    """Time slices of the period by what they are; where the method judges none, intervals of the series, neither good nor bad."""

    good: int | None
    bad: int | None
    empty: int
    excluded: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """An objective as of ``at_ns``. ``period`` is (start, end] of the compliance window in nanoseconds; a rolling one ends now.

    ``excluded_ns`` is the time of the period that exclusions take out; ``exclusions`` are those declared that reach into it.
    """

    objective: Objective
    at_ns: int
    period: Stretch
    snapshot: BudgetSnapshot
    forecast: Forecast
    """In nanoseconds from ``at_ns``."""
    slices: SliceCounts
    tiers: tuple[TierState, ...]
    exhaustion: tuple[ExhaustionState, ...]
    excluded_ns: int
    exclusions: tuple[Exclusion, ...]
    transitions: tuple[Transition, ...]

    @property
    def alerts(self) -> tuple[str, ...]:
        """The severities that fire, the most severe first."""
        burning = {state.tier.severity for state in self.tiers if state.firing}
        return tuple(sorted(burning | {state.severity for state in self.exhaustion if state.firing}, key=rank))

    @property
    def period_s(self) -> int:
        """Length of the compliance window: the real one of a calendar's."""
        calendar = isinstance(self.objective.window, CalendarWindow)
        return (self.period[1] - self.period[0]) // NS if calendar else self.objective.period_s


def assess(
    objective: Objective,
    series: Series,
    at_ns: int,
    *,
    exclusions: Sequence[Exclusion] = (),
    subject: SubjectId = EVERYBODY,
    with_transitions: bool = False,
) -> Assessment:
    """Hold the ``series`` of a ``subject`` against an objective as of ``at_ns``: nothing that ended later is looked at.

    Raises:
        SeriesError: the series cannot be sliced as the objective asks.
    """
    declared = tuple(each for each in exclusions if each.concerns(subject))
    stretches = allowed(objective, declared)
    known = series.until(at_ns)
    dropped = inside(stretches, known.ends_ns)
    line, slices = counted(objective, known, dropped, stretches, at_ns)
    period = _period(objective, line, at_ns)
    windows = _windows(objective, line, period, at_ns)
    snapshot = BudgetSnapshot(objective.name, subject, at_ns // NS, objective.budget, windows)
    return Assessment(
        objective,
        at_ns,
        period,
        snapshot,
        _forecast(objective, line, snapshot, period, at_ns),
        _slice_counts(slices, known, dropped, period),
        _tier_states(objective, line, at_ns),
        _exhaustion_states(objective, line, at_ns),
        covered(stretches, period[0], at_ns),
        tuple(each for each in declared if each.start_ns < at_ns and each.end_ns > period[0]),
        transitions(objective, line, at_ns) if with_transitions else (),
    )


def counted(
    objective: Objective, series: Series, dropped: Marks, stretches: tuple[Stretch, ...], until_ns: int
) -> tuple[Timeline, Slices | None]:
    """What the objective counts of a series: its events, or its time slices."""
    if objective.method is Method.OCCURRENCES or objective.slice_s is None:
        kept = ~dropped
        return timeline(series.ends_ns[kept], series.good[kept], series.bad[kept], series.scale), None
    rule = SliceRule(objective.method, objective.slice_s * NS, objective.slice_ratio or Fraction(1), objective.empty_slices)
    slices = sliced(series, dropped, stretches, rule, until_ns)
    return slices.timeline, slices


def _period(objective: Objective, line: Timeline, at_ns: int) -> Stretch:
    """(start, end] of the compliance window that ``at_ns`` lies in."""
    if isinstance(objective.window, CalendarWindow):
        span = span_at(objective.window, -(-at_ns // NS))
        return span.start_unix_s * NS, span.end_unix_s * NS
    return int(period_starts(objective, line, np.array([at_ns]))[0]), at_ns


def _windows(objective: Objective, line: Timeline, period: Stretch, at_ns: int) -> tuple[tuple[int, Counts], ...]:
    """Counts by length, those of the period last."""
    burning = sorted({length for tier in objective.tiers for length in (tier.short_s, tier.long_s)} - {objective.period_s})
    starts = [*((length, at_ns - length * NS) for length in burning), (objective.period_s, period[0])]
    return tuple((length, Counts(*(_amount(each) for each in line.total(start_ns, at_ns)))) for length, start_ns in starts)


def _tier_states(objective: Objective, line: Timeline, at_ns: int) -> tuple[TierState, ...]:
    now = np.array([at_ns])
    found = []
    for tier in objective.tiers:
        fast, enough = (bool(each[0]) for each in above(objective, tier, line, now))
        found.append(TierState(tier, fast and enough, fast and not enough, None))
    firing = {state.tier.severity for state in found if state.firing}
    return tuple(state._replace(inhibited_by=more_severe(firing, state.tier.severity)) for state in found)


def _exhaustion_states(objective: Objective, line: Timeline, at_ns: int) -> tuple[ExhaustionState, ...]:
    now = np.array([at_ns])
    return tuple(
        ExhaustionState(severity, within_s, bool(runs_out(objective, line, now, within_s)[0]))
        for severity, within_s in objective.exhaustion_alerts
    )


def _forecast(objective: Objective, line: Timeline, snapshot: BudgetSnapshot, period: Stretch, at_ns: int) -> Forecast:
    length_ns = pace_window_s(objective) * NS
    good, bad = line.total(at_ns - length_ns, at_ns)
    pace = Pace(good + bad, bad, length_ns)
    held = Held(Fraction(snapshot.period.events), Fraction(snapshot.period.bad), objective.budget, period[1] - at_ns)
    nothing = np.empty(0, np.int64)
    if isinstance(objective.window, CalendarWindow):
        return forecast(held, pace, Leaving(nothing, nothing, nothing))
    first, last = int(line.position(period[0])), int(line.position(at_ns))
    held = Held(held.events, held.bad, held.budget, objective.period_s * NS)
    good_each, bad_each = np.diff(line.good[first : last + 1]), np.diff(line.bad[first : last + 1])
    leaving = Leaving(line.ends_ns[first:last] + held.horizon - at_ns, good_each + bad_each, bad_each, line.scale)
    if objective.event_window is None or not pace.events:
        return forecast(held, pace, leaving)
    return pushed_out(held, pace, leaving, objective.event_window)


def _slice_counts(slices: Slices | None, series: Series, dropped: Marks, period: Stretch) -> SliceCounts:
    if slices is None:
        within = (series.ends_ns > period[0]) & (series.ends_ns <= period[1])
        silent = ((series.good + series.bad) == 0).astype(np.bool_) & ~dropped
        return SliceCounts(None, None, int((silent & within).sum()), int((dropped & within).sum()))
    within = (slices.ends_ns > period[0]) & (slices.ends_ns <= period[1])
    kinds = (slices.good, slices.bad, slices.empty, slices.excluded)
    return SliceCounts(*(int((kind & within).sum()) for kind in kinds))


def _amount(value: Fraction) -> Amount:
    return value.numerator if value.denominator == 1 else value
