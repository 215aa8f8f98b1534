"""Alerts on "less than N hours left": how a budget stands N hours from now, if things go on as in the pace's window.

They fire while that window burns faster than the budget lasts (a burn rate above 1) and nothing would be left then. What is old
leaves the period in the meantime; a calendar period that ends before has no such alert. A period whose events do not allow even
one bad one is too short to tell.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from slo.counts import Counts
from slo.history import History
from slo.horizon import pace_window_s
from slo.objective import Objective
from slo.period import CalendarWindow, span_at
from slo.windows import Windows, reaching

EXHAUSTION = "exhaustion"
"""The tier that such an alert names."""


class Exhaustion:
    """The rules of one objective, made ready: ``alerts`` are severities with seconds."""

    __slots__ = ("_budget", "_calendar", "_events", "_pace_s", "_place", "alerts")

    def __init__(self, objective: Objective, windows: Windows) -> None:
        self.alerts = tuple((severity, min(within_s, objective.period_s)) for severity, within_s in objective.exhaustion_alerts)
        self._budget = objective.budget
        self._pace_s = pace_window_s(objective)
        self._place = None if self._pace_s == objective.moving_period_s else windows.lengths_s.index(self._pace_s)
        self._calendar = objective.window if isinstance(objective.window, CalendarWindow) else None
        self._events = objective.event_window

    def due(self, line: History, sums: Sequence[Counts], start_unix_s: int, now_unix_s: int) -> tuple[str, ...]:
        """The severities that fire; ``start`` is where the period begins, ``sums`` are those of the objective's windows."""
        period = sums[-1]
        (pace,) = line.sums([now_unix_s - self._pace_s], now_unix_s) if self._place is None else (sums[self._place],)
        if not pace.bad or pace.bad <= self._budget * pace.events or self._budget * period.events < 1:
            return ()
        return tuple(
            severity
            for severity, within_s in self.alerts
            if self._left(line, pace, period, start_unix_s, now_unix_s, within_s) <= 0
        )

    def steps(self, after_unix_s: int, before_unix_s: int) -> Iterator[int]:
        """When in between a calendar changes what it says: a period is over, or ends soon enough."""
        if self._calendar is not None:
            end = span_at(self._calendar, after_unix_s).end_unix_s
            while end - max(within_s for _, within_s in self.alerts) < before_unix_s:
                yield end + 1
                yield from (end - within_s + 1 for _, within_s in self.alerts)
                end = span_at(self._calendar, end + 1).end_unix_s

    def _left(self, line: History, pace: Counts, period: Counts, start: int, now: int, within_s: int) -> Fraction:  # noqa: PLR0917
        """Bad events that are still allowed then."""
        share = Fraction(within_s, self._pace_s)
        coming, coming_bad = pace.events * share, pace.bad * share
        left = self._budget * period.events - period.bad
        if left <= 0:
            return left
        if self._calendar is not None:
            ends = span_at(self._calendar, now).end_unix_s < now + within_s
            return left if ends else left + self._budget * coming - coming_bad
        later = start + within_s
        if self._events is not None:
            later = reaching(line, max(Fraction(0), self._events - coming), start, now)
        (stays,) = line.sums([min(later, now)], now)
        return self._budget * (stays.events + coming) - stays.bad - coming_bad
