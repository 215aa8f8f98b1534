"""When alerts turn, over whole timelines at once: the stream's rules (alerts.py, exhaustion.py) over arrays of instants."""

from fractions import Fraction
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slo.alerts import rank
from slo.exhaustion import Exhaustion
from slo.horizon import pace_window_s
from slo.instant import NS
from slo.objective import Objective
from slo.period import CalendarWindow, span_at
from slo.series import Times, exact
from slo.tiers import Tier
from slo.timeline import Timeline
from slo.windows import Windows

Marks = NDArray[np.bool_]


class Transition(NamedTuple):
    """From ``time_ns`` on the alert of that severity fires, or does not."""

    severity: str
    time_ns: int
    firing: bool


def transitions(objective: Objective, line: Timeline, at_ns: int) -> tuple[Transition, ...]:
    """Every instant up to ``at_ns`` at which an alert turned, in time order, the most severe first."""
    times_ns = instants(objective, line, at_ns)
    found = []
    severities = {*(tier.severity for tier in objective.tiers), *(severity for severity, _ in objective.exhaustion_alerts)}
    for severity in sorted(severities, key=rank):
        fires = np.zeros(len(times_ns), np.bool_)
        for tier in objective.tiers:
            if tier.severity == severity:
                fast, enough = above(objective, tier, line, times_ns)
                fires |= fast & enough
        for each, within_s in objective.exhaustion_alerts:
            if each == severity:
                fires |= runs_out(objective, line, times_ns, within_s)
        turns = np.flatnonzero(np.diff(fires, prepend=False))
        found += [Transition(severity, int(times_ns[turn]), bool(fires[turn])) for turn in turns]
    return tuple(sorted(found, key=lambda each: (each.time_ns, rank(each.severity))))


def instants(objective: Objective, line: Timeline, at_ns: int) -> Times:
    """Every instant at which an alert may turn: a bucket comes or leaves a window, or a calendar has less to say; while anything
    bad is in sight.
    """
    windows = Windows(objective)
    spans = _spans(line.ends_ns[np.flatnonzero(np.diff(line.bad))], windows.sight_s * NS)
    coming = [_within(spans, line.ends_ns + length * NS) for length in (0, *windows.edges_s)]
    steps = []
    if objective.exhaustion_alerts and len(line.ends_ns):
        exhaustion = Exhaustion(objective, windows)
        steps = [step * NS for step in exhaustion.steps(int(line.ends_ns[0]) // NS, -(-at_ns // NS) + 1)]
    times_ns = np.unique(np.concatenate([*coming, np.array(steps, np.int64)]))
    found: Times = times_ns[(times_ns <= at_ns) & (times_ns >= line.ends_ns[:1].min(initial=at_ns))]
    return found


def _spans(bad_ns: Times, sight_ns: int) -> list[tuple[int, int]]:
    """Stretches [start, end] in which something bad is in sight, one instant longer: then all that fired has cleared."""
    if not len(bad_ns):
        return []
    breaks = np.flatnonzero(np.diff(bad_ns) > sight_ns)
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, len(bad_ns) - 1)
    return [(int(bad_ns[first]), int(bad_ns[last]) + sight_ns) for first, last in zip(firsts, lasts, strict=True)]


def _within(spans: list[tuple[int, int]], times_ns: Times) -> Times:
    """Those of the ascending times that lie in the spans."""
    cuts = [times_ns[np.searchsorted(times_ns, start) : np.searchsorted(times_ns, end, "right")] for start, end in spans]
    return np.concatenate(cuts) if cuts else times_ns[:0]


def period_starts(objective: Objective, line: Timeline, times_ns: Times) -> Times:
    """Where the compliance window of each instant begins."""
    if isinstance(objective.window, CalendarWindow):
        if not len(times_ns):
            return times_ns
        spans = [span_at(objective.window, -(-int(times_ns[0]) // NS))]
        while spans[-1].end_unix_s * NS < times_ns[-1]:
            spans.append(span_at(objective.window, spans[-1].end_unix_s + 1))
        starts_ns = np.array([span.start_unix_s * NS for span in spans])
        return starts_ns[np.searchsorted(starts_ns, times_ns, "left") - 1]
    starts_ns = times_ns - objective.period_s * NS
    return starts_ns if objective.event_window is None else np.maximum(starts_ns, line.reaching(objective.event_window, times_ns))


def runs_out(objective: Objective, line: Timeline, times_ns: Times, within_s: int) -> Marks:
    """At which instants nothing would be left so much later; the stream's rule (exhaustion.py) over arrays."""
    budget, pace_s = objective.budget, pace_window_s(objective)
    within_s = min(within_s, objective.period_s)
    starts_ns = period_starts(objective, line, times_ns)
    # All is multiplied by the denominator of B and the length of the pace's window: whole numbers.
    share, whole = budget.numerator, budget.denominator
    unit = max(share, whole) * (pace_s + within_s) * 2
    pace_good, pace_bad = (exact(each, unit) for each in line.since(times_ns - pace_s * NS, times_ns))
    good, bad = (exact(each, unit) for each in line.since(starts_ns, times_ns))
    pace_left, left = share * (pace_good + pace_bad) - whole * pace_bad, share * (good + bad) - whole * bad
    burning = (pace_left < 0) & (share * (good + bad) >= whole * line.scale)
    if isinstance(objective.window, CalendarWindow):
        ends_ns = np.array(
            [span_at(objective.window, -(-int(start) // NS) + 1).end_unix_s * NS for start in np.unique(starts_ns)]
        )
        end_ns = ends_ns[np.searchsorted(np.unique(starts_ns), starts_ns)]
        then = np.where(end_ns < times_ns + within_s * NS, 1, left * pace_s + pace_left * within_s)
    else:
        later_ns = starts_ns + within_s * NS
        if objective.event_window is not None:
            coming = [Fraction(int(events) * within_s, pace_s) for events in pace_good + pace_bad]
            missing = [max(Fraction(0), objective.event_window * line.scale - each) for each in coming]
            later_ns = np.maximum(starts_ns, line.back_by([ceil(each) for each in missing], times_ns))
        stays_good, stays_bad = (exact(each, unit) for each in line.since(np.minimum(later_ns, times_ns), times_ns))
        then = (share * (stays_good + stays_bad) - whole * stays_bad) * pace_s + pace_left * within_s
    marks: Marks = (burning & ((left <= 0) | (then <= 0))).astype(np.bool_)
    return marks


def above(objective: Objective, tier: Tier, line: Timeline, times_ns: Times) -> tuple[Marks, Marks]:
    """At which instants both windows are strictly above the threshold, and at which the long one holds enough events."""
    threshold = tier.threshold(objective.budget)
    above = np.ones(len(times_ns), np.bool_)
    enough = above
    for length_s in (tier.short_s, tier.long_s):
        good, bad = line.since(times_ns - length_s * NS, times_ns)
        events = good + bad
        burning = exact(bad, threshold.denominator) * threshold.denominator
        allowed_at_most = exact(events, threshold.numerator) * threshold.numerator
        above &= (burning > allowed_at_most).astype(np.bool_)
        enough = (events >= tier.minimum_events * line.scale).astype(np.bool_)
    return above, enough
