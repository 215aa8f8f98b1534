"""Exact sliding windows over event time: (now - W, now], a bucket belongs by its end."""

from collections.abc import Sequence

from slo.counts import Bucket, Counts
from slo.history import History

NEVER = -(1 << 62)
"""Before all event time."""


class SlidingWindows:
    """Running integer sums over several windows of one series. What enters comes from the caller, what leaves from the history.

    ``now_unix_s`` is the newest end seen, NEVER before the first bucket.
    """

    __slots__ = ("_history", "_sums", "lengths_s", "now_unix_s")

    def __init__(self, lengths_s: Sequence[int], history: History) -> None:
        """``lengths_s`` ascending; ``history`` is this series' own and grows through ``add`` only."""
        self.lengths_s = tuple(lengths_s)
        self._sums = [Counts()] * len(self.lengths_s)
        self._history = history
        self.now_unix_s = NEVER

    @property
    def sums(self) -> Sequence[Counts]:
        """Counts in each window, in the order of the lengths."""
        return self._sums

    @property
    def history(self) -> History:
        return self._history

    def add(self, bucket: Bucket) -> bool:
        """Count a bucket, sliding the windows to it if it is the newest; a late one restates the windows that it still lies in.

        Returns False, and counts nothing, where the bucket has already left the longest window.
        """
        end, now = bucket.end_unix_s, self.now_unix_s
        if end <= now - self.lengths_s[-1]:
            return False
        if end > now:
            self._slide(end)
            now = end
        self._history.add(bucket)
        good, bad, insufficient, excluded = bucket.counts
        for index, length in enumerate(self.lengths_s):
            if end > now - length:
                total = self._sums[index]
                self._sums[index] = Counts(total[0] + good, total[1] + bad, total[2] + insufficient, total[3] + excluded)
        return True

    def _slide(self, now: int) -> None:
        before = self.now_unix_s
        self.now_unix_s = now
        for index, length in enumerate(self.lengths_s):
            gone = self._history.between(before - length, now - length)
            if any(gone):
                total = self._sums[index]
                self._sums[index] = Counts(total[0] - gone[0], total[1] - gone[1], total[2] - gone[2], total[3] - gone[3])
        self._history.forget(now - self.lengths_s[-1])
