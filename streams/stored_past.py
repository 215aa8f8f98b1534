"""The past of budgets as the store has it: sums by the hour in memory, single samples fetched when a window's edge comes to them.

One fetch serves every track of the partition: their windows' edges lie in the same few hours.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from schemas.ids import SubjectId
from slo.counts import Bucket, Counts
from slo.history import Run, RunLengthHistory, between, less, plus
from storage.errors import Unavailable
from storage.past_verdicts import PastVerdicts, Sums

HOUR_S = 3_600
_HOURS_KEPT = 96
_APART_S = 48 * HOUR_S
"""Up to this length of time its buckets are told one by one, beyond it by the grain."""
Key = tuple[str, SubjectId]
"""Objective and subject."""


class StoredHours:
    """Samples hour by hour, for all tracks of a partition; the hours that were asked for last stay."""

    def __init__(self, past: PastVerdicts, wait: Callable[[Unavailable], None]) -> None:
        """``wait`` is called when the store is away, before it is asked again: a budget cannot go on without its past."""
        self._past = past
        self._wait = wait
        self._hours: OrderedDict[int, dict[Key, RunLengthHistory]] = OrderedDict()

    def samples(self, key: Key, hour_end_unix_s: int) -> RunLengthHistory:
        """A track's samples in (end - hour, end]. Blocks while it asks the store, unless they were asked for before.

        Raises:
            StoreError: the store refuses.
        """
        found = self._hours.get(hour_end_unix_s)
        while found is None:
            try:
                found = self._hours[hour_end_unix_s] = self._fetched(hour_end_unix_s)
            except Unavailable as error:
                self._wait(error)
        self._hours.move_to_end(hour_end_unix_s)
        if len(self._hours) > _HOURS_KEPT:
            self._hours.popitem(last=False)
        return found.get(key) or RunLengthHistory()

    def _fetched(self, hour_end_unix_s: int) -> dict[Key, RunLengthHistory]:
        found: dict[Key, RunLengthHistory] = {}
        for objective, subject, end, *counts in self._past.counts(hour_end_unix_s - HOUR_S, hour_end_unix_s):
            found.setdefault((objective, subject), RunLengthHistory()).add(Bucket(end, Counts(*counts)))
        return found


class StoredPast:
    """A history (slo.history) that is not added to: exact at any time, from sums by the grain and the samples at the edges."""

    __slots__ = ("_ends", "_grain_s", "_hours", "_key", "_sums")

    def __init__(self, key: Key, sums: Sums, hours: StoredHours, grain_s: int) -> None:
        self._key = key
        self._hours = hours
        self._grain_s = grain_s
        self._ends = sums.ends_unix_s
        self._sums = [list(accumulate(column, initial=0)) for column in (sums.good, sums.bad, sums.insufficient)]

    def add(self, bucket: Bucket) -> None:
        raise NotImplementedError(f"the stored past of {self._key} does not change; {bucket} belongs beside it")

    def until(self, time_unix_s: int) -> Counts:
        whole = bisect_right(self._ends, time_unix_s)
        good, bad, insufficient = (column[whole] for column in self._sums)
        found = Counts(good, bad, insufficient)
        if whole < len(self._ends):
            for hour in _hours(self._ends[whole] - self._grain_s, time_unix_s):
                start = max(hour - HOUR_S, self._ends[whole] - self._grain_s)
                found = plus(found, between(self._hours.samples(self._key, hour), start, time_unix_s))
        return found

    def sums(self, starts_unix_s: Sequence[int], now_unix_s: int) -> list[Counts]:
        now = self.until(now_unix_s)
        return [less(now, self.until(start)) for start in starts_unix_s]

    def runs_between(self, after_unix_s: int, until_unix_s: int) -> Iterator[Run]:
        """Of short times every sample, of long ones sums by the grain."""
        if until_unix_s - after_unix_s <= _APART_S:
            for hour in _hours(after_unix_s, until_unix_s):
                yield from self._hours.samples(self._key, hour).runs_between(after_unix_s, until_unix_s)
            return
        for index in range(bisect_right(self._ends, after_unix_s), bisect_right(self._ends, until_unix_s)):
            yield Run(self._ends[index], 0, 1, Counts(*(column[index + 1] - column[index] for column in self._sums)))

    def forget(self, until_unix_s: int) -> None:
        pass


def _hours(after_unix_s: int, until_unix_s: int) -> Iterable[int]:
    """The ends of the hours that (after, until] touches."""
    return range(after_unix_s // HOUR_S * HOUR_S + HOUR_S, -(-until_unix_s // HOUR_S) * HOUR_S + 1, HOUR_S)
