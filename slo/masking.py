"""A history of which some stretches of time are excluded: what they hold counts as excluded, whatever it was judged."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from slo.counts import Bucket, Counts
from slo.exclusions import Stretch
from slo.history import History, Run, between, less, plus


class MaskedHistory:
    """Looks at ``history`` through ``stretches``, which are in order and do not overlap. In seconds."""

    __slots__ = ("_history", "_stretches")

    def __init__(self, history: History, stretches: Sequence[Stretch]) -> None:
        self._history = history
        self._stretches = stretches

    def add(self, bucket: Bucket) -> None:
        self._history.add(bucket)

    def until(self, time_unix_s: int) -> Counts:
        hidden = [between(self._history, start, min(end, time_unix_s)) for start, end in self._stretches if start < time_unix_s]
        return _moved(self._history.until(time_unix_s), list(accumulate(hidden, plus))[-1] if hidden else Counts())

    def sums(self, starts_unix_s: Sequence[int], now_unix_s: int) -> list[Counts]:
        now = self.until(now_unix_s)
        return [less(now, self.until(start)) for start in starts_unix_s]

    def runs_between(self, after_unix_s: int, until_unix_s: int) -> Iterator[Run]:
        since = after_unix_s
        for start, end in (*self._stretches, (until_unix_s, until_unix_s)):
            yield from self._history.runs_between(since, min(start, until_unix_s))
            for run in self._history.runs_between(max(start, since), min(end, until_unix_s)):
                yield run._replace(counts=Counts(excluded=sum(run.counts)))
            since = max(since, end)

    def forget(self, until_unix_s: int) -> None:
        self._history.forget(until_unix_s)


def _moved(whole: Counts, hidden: Counts) -> Counts:
    good, bad, insufficient, excluded = less(whole, hidden)
    return Counts(good, bad, insufficient, excluded + sum(hidden))
