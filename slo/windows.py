"""The windows of an objective over event time: (start, now], a bucket belongs by its end."""

from slo.counts import Amount
from slo.history import NEVER, History
from slo.horizon import pace_window_s
from slo.objective import Objective
from slo.period import CalendarWindow, Span, span_at


class Windows:
    """Where each of an objective's windows begins. ``lengths_s`` are as the objective has them, the period's is the last.

    The same for all subjects; what it remembers is only the calendar's last period.
    """

    def __init__(self, objective: Objective) -> None:
        self.lengths_s = objective.windows_s
        burning_s = max((tier.long_s for tier in objective.tiers), default=0)
        self.sight_s = max(burning_s, pace_window_s(objective)) if objective.exhaustion_alerts else burning_s
        """While nothing bad ended within so long, no alert fires."""
        leaving = {max(0, objective.period_s - within_s) for _, within_s in objective.exhaustion_alerts}
        edges = {*self.lengths_s, *leaving} if leaving else {each for each in self.lengths_s if each <= burning_s}
        self.edges_s = sorted(edges)
        """How long after its end a bucket may make an alert turn: it leaves a window then, or is about to."""
        self._calendar = objective.window if isinstance(objective.window, CalendarWindow) else None
        self._events = objective.event_window
        self._span = Span(NEVER, NEVER)

    def starts(self, history: History, now_unix_s: int) -> list[int]:
        """The start of each window at ``now``, in the order of the lengths."""
        found = [now_unix_s - length for length in self.lengths_s]
        if self._calendar is not None:
            found[-1] = self._period_start(self._calendar, now_unix_s)
        elif self._events is not None:
            found[-1] = reaching(history, self._events, found[-1], now_unix_s)
        return found

    def horizon(self, now_unix_s: int) -> int:
        """What ends here or before has left every window."""
        start = now_unix_s - self.lengths_s[-1]
        if self._calendar is None:
            return start
        return min(self._period_start(self._calendar, now_unix_s), now_unix_s - self.sight_s)

    def _period_start(self, calendar: CalendarWindow, now_unix_s: int) -> int:
        if not self._span.start_unix_s < now_unix_s <= self._span.end_unix_s:
            self._span = span_at(calendar, now_unix_s)
        return self._span.start_unix_s


def reaching(history: History, events: Amount, start: int, now: int) -> int:
    """The latest start of a stretch up to now that holds so many events; ``start`` where even that one holds fewer."""
    end = now
    while end - start > 1:
        middle = (start + end) // 2
        (counts,) = history.sums([middle], now)
        if counts.events >= events:
            start = middle
        else:
            end = middle
    return start
