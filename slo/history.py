"""The past of one subject under one objective, as running sums: what a window holds is the difference of two of them."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from typing import NamedTuple, Protocol

from slo.counts import Amount, Bucket, Counts

NEVER = -(1 << 62)
"""Before all event time."""


class Run(NamedTuple):
    """``times`` buckets of equal counts, ``step_s`` apart."""

    first_unix_s: int
    step_s: int
    times: int
    counts: Counts

    @property
    def last_unix_s(self) -> int:
        return self.first_unix_s + (self.times - 1) * self.step_s

    @property
    def ends(self) -> Iterable[int]:
        return (self.first_unix_s + index * self.step_s for index in range(self.times))


class History(Protocol):
    """Buckets by their ends. Only differences of ``until`` mean anything, of times that were not forgotten."""

    def add(self, bucket: Bucket) -> None:
        """Remember a bucket; usually the newest, sometimes a late one."""
        ...

    def until(self, time_unix_s: int) -> Counts:
        """The sum of the buckets with end <= time, and of something that is always the same."""
        ...

    def sums(self, starts_unix_s: Sequence[int], now_unix_s: int) -> list[Counts]:
        """For each start the sum of the buckets with start < end <= now."""
        ...

    def runs_between(self, after_unix_s: int, until_unix_s: int) -> Iterator[Run]:
        """The buckets with after < end <= until, in runs of equal ones, by their first ends."""
        ...

    def forget(self, until_unix_s: int) -> None:
        """No one will ask for times before this one again."""
        ...


def between(history: History, after_unix_s: int, until_unix_s: int) -> Counts:
    """The sum of the buckets with after < end <= until."""
    return less(history.until(until_unix_s), history.until(after_unix_s))


def ends_between(history: History, after_unix_s: int, before_unix_s: int) -> Iterator[int]:
    """The ends with after < end < before; several buckets may have the same one."""
    return (end for run in history.runs_between(after_unix_s, before_unix_s - 1) for end in run.ends)


def less(whole: Counts, part: Counts) -> Counts:
    return Counts(whole[0] - part[0], whole[1] - part[1], whole[2] - part[2], whole[3] - part[3])


def plus(one: Counts, other: Counts) -> Counts:
    return Counts(one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


class RunLengthHistory:
    """A history in memory that writes evenly spaced buckets of equal counts as one run: months of health are a few numbers.

    Runs are in time order and do not overlap. Adding the newest bucket and forgetting take O(1) amortised, sums O(log runs),
    a late bucket O(runs after it). ``parts``: counts may be fractions.
    """

    __slots__ = ("_columns", "_count", "_first", "_head", "_step", "_sums", "_total")

    def __init__(self, *, parts: bool = False) -> None:
        self._first, self._step, self._count = array("q"), array("q"), array("q")
        self._columns: list[MutableSequence[Amount]] = [_column(parts) for _ in Counts._fields]
        self._sums: list[MutableSequence[Amount]] = [_column(parts) for _ in Counts._fields]
        """Of everything before each run."""
        self._total = Counts()
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
        good, bad, insufficient, excluded = self._total
        more = bucket.counts
        self._total = Counts(good + more[0], bad + more[1], insufficient + more[2], excluded + more[3])

    def until(self, time_unix_s: int) -> Counts:
        run = bisect_right(self._first, time_unix_s, self._head) - 1
        if run < self._head:
            return self._before(self._head)
        inside = self._position(run, time_unix_s)
        good, bad, insufficient, excluded = self._columns
        past = self._sums
        return Counts(
            past[0][run] + inside * good[run],
            past[1][run] + inside * bad[run],
            past[2][run] + inside * insufficient[run],
            past[3][run] + inside * excluded[run],
        )

    def sums(self, starts_unix_s: Sequence[int], now_unix_s: int) -> list[Counts]:
        good, bad, insufficient, excluded = self.until(now_unix_s)
        found = []
        for start in starts_unix_s:
            past = self.until(start)
            found.append(Counts(good - past[0], bad - past[1], insufficient - past[2], excluded - past[3]))
        return found

    def runs_between(self, after_unix_s: int, until_unix_s: int) -> Iterator[Run]:
        run = max(self._head, bisect_right(self._first, after_unix_s, self._head) - 1)
        while run < len(self._first) and self._first[run] <= until_unix_s:
            skipped, count = self._position(run, after_unix_s), self._position(run, until_unix_s)
            if count > skipped:
                yield Run(self._first[run] + skipped * self._step[run], self._step[run], count - skipped, self._counts(run))
            run += 1

    def forget(self, until_unix_s: int) -> None:
        while self._head < len(self._first) and self._first[self._head] <= until_unix_s:
            run = self._head
            gone = self._position(run, until_unix_s)
            if gone < self._count[run]:
                self._first[run] += gone * self._step[run]
                self._count[run] -= gone
                for sums, column in zip(self._sums, self._columns, strict=True):
                    sums[run] += gone * column[run]
                break
            self._head += 1
        if self._head > len(self._first) // 2:
            for integers in (self._first, self._step, self._count):
                del integers[: self._head]
            for column in (*self._columns, *self._sums):
                del column[: self._head]
            self._head = 0

    def _counts(self, run: int) -> Counts:
        good, bad, insufficient, excluded = self._columns
        return Counts(good[run], bad[run], insufficient[run], excluded[run])

    def _before(self, run: int) -> Counts:
        """The sum of everything before a run; the run after the last is where everything has been."""
        if run == len(self._first):
            return self._total
        good, bad, insufficient, excluded = self._sums
        return Counts(good[run], bad[run], insufficient[run], excluded[run])

    def _last_of(self, run: int) -> int:
        return self._first[run] + (self._count[run] - 1) * self._step[run]

    def _position(self, run: int, time_unix_s: int) -> int:
        """How many buckets of a run end at or before a time."""
        since = time_unix_s - self._first[run]
        if since < 0:
            return 0
        count = self._count[run]
        return min(since // self._step[run] + 1, count) if count > 1 else 1

    def _extend(self, run: int, bucket: Bucket) -> bool:
        gap = bucket.end_unix_s - self._last_of(run)
        if gap <= 0 or (self._count[run] > 1 and gap != self._step[run]) or bucket.counts != self._counts(run):
            return False
        self._step[run] = gap
        self._count[run] += 1
        return True

    def _put(self, run: int, first: int, step: int, count: int, counts: Counts) -> None:
        before = self._before(run)
        for integers, number in zip((self._first, self._step, self._count), (first, step, count), strict=True):
            integers.insert(run, number)
        for column, value in zip((*self._columns, *self._sums), (*counts, *before), strict=True):
            column.insert(run, value)

    def _insert(self, bucket: Bucket) -> None:
        """Put a late bucket between others; what comes after it has more before it."""
        run = bisect_left(self._first, bucket.end_unix_s + 1, self._head) - 1
        if run >= self._head:
            before = self._position(run, bucket.end_unix_s)
            after = self._count[run] - before
            if after:
                step, counts = self._step[run], self._counts(run)
                self._count[run] = before
                self._put(run + 1, self._first[run] + before * step, step, after, counts)
                for sums, column in zip(self._sums, self._columns, strict=True):
                    sums[run + 1] = sums[run] + before * column[run]
        place = max(run, self._head - 1) + 1
        self._put(place, bucket.end_unix_s, 0, 1, bucket.counts)
        for sums, more in zip(self._sums, bucket.counts, strict=True):
            if more:
                for later in range(place + 1, len(self._first)):
                    sums[later] += more


def _column(parts: bool) -> MutableSequence[Amount]:
    return [] if parts else array("q")  # type: ignore[return-value]
