"""How long a running budget lasts: the forecast for a track, whose history knows what leaves the period and when.

A history that is read back from a store may know only by the hour what left; so then is the forecast.
"""

from fractions import Fraction
from itertools import pairwise
from math import lcm

from slo.budget import BudgetSnapshot
from slo.counts import Counts
from slo.forecast import Forecast, Held, Leaving, Pace, forecast, pushed_out
from slo.history import History, Run
from slo.objective import Objective
from slo.period import CalendarWindow, span_at
from slo.series import whole_numbers


def pace_window_s(objective: Objective) -> int:
    """The window whose pace a forecast takes: the shortest long one of the tiers, the period where there are none."""
    return min((tier.long_s for tier in objective.tiers), default=objective.period_s)


def forecast_of(objective: Objective, line: History, snapshot: BudgetSnapshot) -> Forecast:
    """The forecast in seconds from the snapshot's time on."""
    now, period = snapshot.at_unix_s, snapshot.period
    length = pace_window_s(objective)
    (recent,) = line.sums([now - length], now)
    pace = Pace(Fraction(recent.events), Fraction(recent.bad), length)
    held = Held(Fraction(period.events), Fraction(period.bad), objective.budget, objective.period_s)
    if isinstance(objective.window, CalendarWindow):
        horizon = span_at(objective.window, now).end_unix_s - now
        return forecast(Held(held.events, held.bad, held.budget, horizon), pace, _leaving([], 0))
    runs = [run for run in line.runs_between(now - objective.period_s, now) if run.counts.events]
    leaving = _leaving(runs, objective.period_s - now)
    if objective.event_window is None or not pace.events:
        return forecast(held, pace, leaving)
    singles = [Run(end, 0, 1, run.counts) for run in runs for end in run.ends]
    return pushed_out(held, pace, _leaving(_last(singles, period), objective.period_s - now), objective.event_window)


def _last(singles: list[Run], period: Counts) -> list[Run]:
    """Those of the buckets, in time order, that make up the period."""
    missing, found = period.events, list[Run]()
    for run in reversed(singles):
        if missing <= 0:
            break
        missing -= run.counts.events
        found.append(run)
    return found[::-1]


def _leaving(runs: list[Run], later: int) -> Leaving:
    """The runs as they leave; those that overlap (late ones between others) are taken apart and put in order."""
    ordered = sorted(runs)
    if any(one.last_unix_s > other.first_unix_s for one, other in pairwise(ordered)):
        ordered = sorted(Run(end, 0, 1, run.counts) for run in ordered for end in run.ends)
    scale = lcm(*(Fraction(part).denominator for run in ordered for part in run.counts[:2]))
    return Leaving(
        whole_numbers([run.first_unix_s + later for run in ordered]),
        whole_numbers([int(run.counts.events * scale) for run in ordered]),
        whole_numbers([int(run.counts.bad * scale) for run in ordered]),
        scale,
        whole_numbers([run.step_s for run in ordered]),
        whole_numbers([run.times for run in ordered]),
    )
