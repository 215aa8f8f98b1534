"""A history of two layers: what was there before, which never changes, and what has come since. Both are asked, and added."""

from collections.abc import Iterator, Sequence
from heapq import merge

from slo.counts import Bucket, Counts
from slo.history import History, Run, less, plus


class LayeredHistory:
    """``past`` is not added to; ``recent`` takes what comes, however late it is."""

    __slots__ = ("_past", "_recent")

    def __init__(self, past: History, recent: History) -> None:
        self._past = past
        self._recent = recent

    def add(self, bucket: Bucket) -> None:
        self._recent.add(bucket)

    def until(self, time_unix_s: int) -> Counts:
        return plus(self._past.until(time_unix_s), self._recent.until(time_unix_s))

    def sums(self, starts_unix_s: Sequence[int], now_unix_s: int) -> list[Counts]:
        now = self.until(now_unix_s)
        return [less(now, self.until(start)) for start in starts_unix_s]

    def runs_between(self, after_unix_s: int, until_unix_s: int) -> Iterator[Run]:
        return merge(self._past.runs_between(after_unix_s, until_unix_s), self._recent.runs_between(after_unix_s, until_unix_s))

    def forget(self, until_unix_s: int) -> None:
        self._past.forget(until_unix_s)
        self._recent.forget(until_unix_s)
