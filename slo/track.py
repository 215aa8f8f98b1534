"""The state of one subject under one objective: windows, alert standings, and how far each run has been judged."""

from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum

from schemas.ids import RunId
from slo.alerts import Standings, Trigger, stand
from slo.counts import Bucket
from slo.windows import SlidingWindows


class Disposition(StrEnum):
    """What becomes of a sample."""

    COUNTED = "counted"
    UNWATCHED = "unwatched"
    """No objective is about it."""
    DUPLICATE = "duplicate"
    """Its run has already been judged up to its end or beyond."""
    TOO_LATE = "too-late"
    """It lies before every window."""


class Track:
    """Changed by ``count`` only; a function of the samples counted, in their order."""

    __slots__ = ("_last_end", "standings", "windows")

    def __init__(self, windows: SlidingWindows) -> None:
        self.windows = windows
        self.standings: Standings = {}
        self._last_end: OrderedDict[RunId, int] = OrderedDict()

    @property
    def last_ends(self) -> dict[RunId, int]:
        """Up to where each run has been judged, of runs whose samples could still count."""
        return {run: end for run, end in self._last_end.items() if end > self._horizon_unix_s}

    def admit(self, run: RunId, end_unix_s: int) -> Disposition:
        """Whether a sample would count here."""
        if end_unix_s <= self._horizon_unix_s:
            return Disposition.TOO_LATE
        if run in self._last_end and end_unix_s <= self._last_end[run]:
            return Disposition.DUPLICATE
        return Disposition.COUNTED

    def count(self, run: RunId, bucket: Bucket, ready: Sequence[Trigger]) -> tuple[str, ...]:
        """Count an admitted sample. Returns the severities whose alert began or ceased to fire."""
        self.windows.add(bucket)
        self._last_end[run] = bucket.end_unix_s
        self._last_end.move_to_end(run)
        while next(iter(self._last_end.values())) <= self._horizon_unix_s:
            self._last_end.popitem(last=False)
        self.standings, turned = stand(ready, self.windows.sums, self.standings, self.windows.now_unix_s)
        return turned

    @property
    def _horizon_unix_s(self) -> int:
        """What ends here or before has left every window."""
        return self.windows.now_unix_s - self.windows.lengths_s[-1]
