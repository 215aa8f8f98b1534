"""The past of one subject under one objective: what a sliding window must give back."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Protocol

from slo.counts import Amount, Bucket, Counts


class History(Protocol):
    """Buckets in time order. In memory while recent; a store that fetches ahead of need can stand in its place."""

    def add(self, bucket: Bucket) -> None:
        """Remember a bucket; usually the newest, sometimes a late one."""
        ...

    def between(self, after_unix_s: int, until_unix_s: int) -> Counts:
        """The sum of the buckets with after < end <= until."""
        ...

    def forget(self, until_unix_s: int) -> None:
        """No one will ask for buckets with end <= until again."""
        ...


class RunLengthHistory:
    """A history in memory that writes evenly spaced buckets of equal counts as one run: months of health are a few numbers.

    Runs are in time order and do not overlap. Adding the newest bucket and forgetting take O(1) amortised, ``between`` takes
    O(log runs + runs inside), a late bucket O(runs).
    """

    __slots__ = ("_columns", "_count", "_first", "_head", "_step")

    def __init__(self) -> None:
        self._first, self._step, self._count = array("q"), array("q"), array("q")
        self._columns = tuple(array("q") for _ in Counts._fields)
        self._head = 0

    def __iter__(self) -> Iterator[Bucket]:
        for run in range(self._head, len(self._first)):
            counts = self._counts(run)
            for index in range(self._count[run]):
                yield Bucket(self._first[run] + index * self._step[run], counts)

    def __len__(self) -> int:
        return sum(self._count[self._head :])

    def __eq__(self, other: object) -> bool:
        """Two histories are equal when they hold the same buckets, however these are grouped."""
        return isinstance(other, RunLengthHistory) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def runs(self) -> int:
        return len(self._first) - self._head

    def add(self, bucket: Bucket) -> None:
        last = len(self._first) - 1
        if last >= self._head and bucket.end_unix_s < self._last_of(last):
            self._insert(bucket)
        elif last < self._head or not self._extend(last, bucket):
            self._put(len(self._first), bucket.end_unix_s, 0, 1, bucket.counts)

    def between(self, after_unix_s: int, until_unix_s: int) -> Counts:
        good: Amount = 0
        bad: Amount = 0
        insufficient: Amount = 0
        excluded: Amount = 0
        run = max(self._head, bisect_right(self._first, after_unix_s, lo=self._head) - 1)
        while run < len(self._first) and self._first[run] <= until_unix_s:
            inside = self._position(run, until_unix_s) - self._position(run, after_unix_s)
            if inside:
                counts = self._counts(run)
                good += inside * counts.good
                bad += inside * counts.bad
                insufficient += inside * counts.insufficient
                excluded += inside * counts.excluded
            run += 1
        return Counts(good, bad, insufficient, excluded)

    def forget(self, until_unix_s: int) -> None:
        while self._head < len(self._first) and self._first[self._head] <= until_unix_s:
            run = self._head
            gone = self._position(run, until_unix_s)
            if gone < self._count[run]:
                self._first[run] += gone * self._step[run]
                self._count[run] -= gone
                break
            self._head += 1
        if self._head > len(self._first) // 2:
            for column in (self._first, self._step, self._count, *self._columns):
                del column[: self._head]
            self._head = 0

    def _counts(self, run: int) -> Counts:
        good, bad, insufficient, excluded = self._columns
        return Counts(good[run], bad[run], insufficient[run], excluded[run])

    def _last_of(self, run: int) -> int:
        return self._first[run] + (self._count[run] - 1) * self._step[run]

    def _position(self, run: int, time_unix_s: int) -> int:
        """How many buckets of a run end at or before a time."""
        since = time_unix_s - self._first[run]
        if since < 0:
            return 0
        return min(since // self._step[run] + 1, self._count[run]) if self._count[run] > 1 else 1

    def _extend(self, run: int, bucket: Bucket) -> bool:
        gap = bucket.end_unix_s - self._last_of(run)
        if gap <= 0 or (self._count[run] > 1 and gap != self._step[run]) or bucket.counts != self._counts(run):
            return False
        self._step[run] = gap
        self._count[run] += 1
        return True

    def _put(self, run: int, first: int, step: int, count: int, counts: Counts) -> None:
        for column, value in zip(
            (self._first, self._step, self._count, *self._columns), (first, step, count, *counts), strict=True
        ):
            column.insert(run, int(value))

    def _insert(self, bucket: Bucket) -> None:
        run = bisect_left(self._first, bucket.end_unix_s + 1, lo=self._head) - 1
        if run >= self._head:
            before = self._position(run, bucket.end_unix_s)
            after = self._count[run] - before
            if after:
                step = self._step[run]
                self._put(run + 1, self._first[run] + before * step, step, after, self._counts(run))
                self._count[run] = before
        self._put(max(run, self._head - 1) + 1, bucket.end_unix_s, 0, 1, bucket.counts)
