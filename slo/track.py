"""The state of one subject under one objective: what counts, alert standings, and how far each run has been judged."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.ids import RunId
from slo.alerts import Standing, Standings, Trigger, above_threshold, stand
from slo.counts import Bucket, Counts
from slo.exclusions import Stretch
from slo.exhaustion import EXHAUSTION, Exhaustion
from slo.history import NEVER, History, ends_between
from slo.tally import Tally
from slo.windows import Windows


class Disposition(StrEnum):
    """What becomes of a sample."""

    COUNTED = "counted"
    UNWATCHED = "unwatched"
    """No objective is about it."""
    DUPLICATE = "duplicate"
    """Its run has already been judged up to its end or beyond."""
    TOO_LATE = "too-late"
    """It lies before every window."""


class Turn(NamedTuple):
    """An alert that began or ceased to fire at an event time, with the sums of the windows at that time."""

    severity: str
    before: Standing | None
    now: Standing
    sums: Sequence[Counts]


class Track:
    """A function of the buckets counted and the exclusions known, whatever the order in which they came; only what alerts did on
    the way depends on that order.

    ``now_unix_s`` is the newest end counted.
    """

    __slots__ = ("_exhaustion", "_last_end", "_tally", "_windows", "now_unix_s", "standings", "sums")

    def __init__(self, windows: Windows, tally: Tally, exhaustion: Exhaustion | None = None) -> None:
        """``exhaustion``: alerts on how long the budget lasts, where there are any."""
        self._windows = windows
        self._exhaustion = exhaustion
        self._tally = tally
        self._last_end: OrderedDict[RunId, int] = OrderedDict()
        self.now_unix_s = NEVER
        self.standings: Standings = {}
        self.sums: Sequence[Counts] = [Counts()] * len(windows.lengths_s)
        """Counts in each window, in the order of the lengths."""

    @property
    def line(self) -> History:
        """What the windows sum."""
        return self._tally.line

    @property
    def last_ends(self) -> dict[RunId, int]:
        """Up to where each run has been judged, of runs whose samples could still count."""
        horizon = self._horizon
        return {run: end for run, end in self._last_end.items() if end > horizon}

    def admit(self, run: RunId, end_unix_s: int) -> Disposition:
        """Whether a sample would count here."""
        if end_unix_s <= self._horizon:
            return Disposition.TOO_LATE
        if run in self._last_end and end_unix_s <= self._last_end[run]:
            return Disposition.DUPLICATE
        return Disposition.COUNTED

    def count(self, run: RunId, bucket: Bucket, ready: Sequence[Trigger]) -> list[Turn]:
        """Count an admitted sample; what alerts did up to it and because of it, in time order."""
        turns = self._pass_to(bucket.end_unix_s, ready) if bucket.end_unix_s > self.now_unix_s else []
        self._tally.add(bucket, self.now_unix_s)
        self._last_end[run] = bucket.end_unix_s
        self._last_end.move_to_end(run)
        return turns + self._look(ready)

    def forget(self) -> None:
        """Let go of what has left every window."""
        horizon = self._horizon
        self._tally.forget(horizon)
        while self._last_end and next(iter(self._last_end.values())) <= horizon:
            self._last_end.popitem(last=False)

    def mask(self, stretches: Sequence[Stretch]) -> None:
        """From now on these stretches are excluded; ``check`` tells what alerts do because of it."""
        self._tally.mask(stretches)

    def resume(
        self, first_unix_s: int, now_unix_s: int, last_ends: Iterable[tuple[RunId, int]], standings: Mapping[str, Standing]
    ) -> None:
        """Take up what was there before: the history is the tally's already."""
        self.now_unix_s = now_unix_s
        self._last_end = OrderedDict(sorted(last_ends, key=lambda each: each[1]))
        self._tally.resume(first_unix_s, now_unix_s)
        self.sums = self._tally.line.sums(self._windows.starts(self._tally.line, now_unix_s), now_unix_s)
        self.standings = dict(standings)

    def check(self, ready: Sequence[Trigger]) -> list[Turn]:
        """Look at the alerts as they must stand now, and how they turned."""
        return self._look(ready) if self.now_unix_s != NEVER else []

    def _pass_to(self, end: int, ready: Sequence[Trigger]) -> list[Turn]:
        """Let time pass; in between, alerts turn when a bucket leaves a window or a slice ends."""
        turns: list[Turn] = []
        if self.now_unix_s != NEVER:
            for instant in self._instants(end):
                self.now_unix_s = instant
                self._tally.advance(instant)
                turns += self._look(ready)
        self.now_unix_s = end
        return turns

    def _instants(self, end: int) -> list[int]:
        """When between now and ``end`` a sum of the tiers' windows changes, as long as one of them holds anything bad."""
        now = self.now_unix_s
        closing = set(self._tally.closings(now, end))
        line, longest = self._tally.line, self._windows.sight_s
        if not longest or not (closing or line.sums([now - longest], now)[0].bad):
            return []
        found = set(closing)
        for length in self._windows.edges_s:
            found |= {each + length for each in ends_between(line, now - length, end - length)}
            found |= {each + length for each in closing if each + length < end}
        found |= {each for each in self._exhaustion.steps(now, end) if now < each < end} if self._exhaustion else set()
        return sorted(found - {now})

    def _look(self, ready: Sequence[Trigger]) -> list[Turn]:
        now, line, before = self.now_unix_s, self._tally.line, self.standings
        starts = self._windows.starts(line, now)
        self.sums = line.sums(starts, now)
        above = above_threshold(ready, self.sums)
        for severity in self._exhaustion.due(line, self.sums, starts[-1], now) if self._exhaustion else ():
            above[severity] = (*above.get(severity, ()), EXHAUSTION)
        self.standings, turned = stand(above, before, now)
        return [Turn(severity, before.get(severity), self.standings[severity], self.sums) for severity in turned]

    @property
    def _horizon(self) -> int:
        """What ends here or before has left every window."""
        return NEVER if self.now_unix_s == NEVER else self._windows.horizon(self.now_unix_s)
