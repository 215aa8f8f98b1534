"""What becomes of the buckets of one subject under one objective: events that count themselves, or time slices made of them."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from slo.counts import Bucket, Counts
from slo.exclusions import Stretch
from slo.history import NEVER, History, RunLengthHistory, between, ends_between, less
from slo.masking import MaskedHistory
from slo.objective import EmptySlices, Method, Objective
from slo.slicing import slice_end


class Tally(Protocol):
    """``line`` is what windows sum. Whoever owns it adds buckets, lets time pass, and says what is excluded."""

    @property
    def line(self) -> History: ...

    def add(self, bucket: Bucket, now_unix_s: int) -> None:
        """Count a bucket that ends at or before now."""
        ...

    def closings(self, after_unix_s: int, before_unix_s: int) -> Iterable[int]:
        """When, strictly between, something is counted that no bucket's coming counts."""
        ...

    def resume(self, first_unix_s: int, now_unix_s: int) -> None:
        """Take up a history that was there before, whose first bucket ended at ``first``."""
        ...

    def advance(self, now_unix_s: int) -> None:
        """It is now later than it was."""
        ...

    def mask(self, stretches: Sequence[Stretch]) -> None:
        """From now on these stretches (seconds) are excluded, and no others."""
        ...

    def forget(self, until_unix_s: int) -> None:
        """No window reaches back to here."""
        ...


def tally(objective: Objective, history: History) -> Tally:
    """The tally that an objective's budgeting method asks for, over an empty or a restored history of buckets."""
    if objective.method is Method.OCCURRENCES or objective.slice_s is None:
        return EventTally(history)
    return SliceTally(objective, history)


class EventTally:
    """Every event counts itself."""

    __slots__ = ("_history", "line")

    def __init__(self, history: History) -> None:
        self._history = history
        self.line: History = history

    def add(self, bucket: Bucket, now_unix_s: int) -> None:
        del now_unix_s
        self._history.add(bucket)

    def closings(self, after_unix_s: int, before_unix_s: int) -> Iterable[int]:
        del after_unix_s, before_unix_s
        return ()

    def resume(self, first_unix_s: int, now_unix_s: int) -> None:
        pass

    def advance(self, now_unix_s: int) -> None:
        pass

    def mask(self, stretches: Sequence[Stretch]) -> None:
        self.line = MaskedHistory(self._history, stretches) if stretches else self._history

    def forget(self, until_unix_s: int) -> None:
        self._history.forget(until_unix_s)


class SliceTally:
    """Slices are judged as they end, and again when one of their buckets comes late or is excluded after all."""

    __slots__ = (
        "_empty",
        "_events",
        "_history",
        "_judged_until",
        "_length_s",
        "_method",
        "_ratio",
        "_since",
        "_stretches",
        "line",
    )

    def __init__(self, objective: Objective, history: History) -> None:
        assert objective.slice_s is not None  # noqa: S101 - tally() looked
        self._method, self._length_s = objective.method, objective.slice_s
        self._ratio = objective.slice_ratio or Fraction(1)
        self._empty = objective.empty_slices
        self._history: History = history
        self._events: History = history
        self._stretches: Sequence[Stretch] = ()
        self._since = self._judged_until = NEVER
        self.line: History = self._nothing()

    def resume(self, first_unix_s: int, now_unix_s: int) -> None:
        """Take up a history whose first bucket ended at ``first``."""
        self._since = self._judged_until = slice_end(first_unix_s, self._length_s) - self._length_s
        self.advance(now_unix_s)

    def add(self, bucket: Bucket, now_unix_s: int) -> None:
        self._history.add(bucket)
        end = slice_end(bucket.end_unix_s, self._length_s)
        if self._since == NEVER:
            self._since = self._judged_until = end - self._length_s
        elif end <= self._since:
            known, self._since = self._since, end - self._length_s
            self._judge(self._since, min(known, now_unix_s))
        elif end <= self._judged_until:
            self._judge_again(end)
        self.advance(now_unix_s)

    def closings(self, after_unix_s: int, before_unix_s: int) -> Iterable[int]:
        if self._since == NEVER:
            return ()
        return (end for end in self._ends(self._judged_until, before_unix_s - 1) if end > after_unix_s)

    def advance(self, now_unix_s: int) -> None:
        last = now_unix_s // self._length_s * self._length_s
        if self._since != NEVER and last > self._judged_until:
            self._judge(self._judged_until, last)
            self._judged_until = last

    def mask(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches
        self._events = MaskedHistory(self._history, stretches) if stretches else self._history
        self.line = self._nothing()
        if self._since != NEVER:
            self._judge(self._since, self._judged_until)

    def forget(self, until_unix_s: int) -> None:
        self.line.forget(until_unix_s)
        self._history.forget(until_unix_s - self._length_s)
        if self._since != NEVER:
            self._since = max(self._since, until_unix_s // self._length_s * self._length_s)

    def _nothing(self) -> History:
        return RunLengthHistory(parts=self._method is Method.RATIO_TIMESLICES)

    def _judge(self, after: int, last: int) -> None:
        for end in self._ends(after, last):
            counts = self._verdict(end)
            if any(counts):
                self.line.add(Bucket(end, counts))

    def _judge_again(self, end: int) -> None:
        change = less(self._verdict(end), between(self.line, end - 1, end))
        if any(change):
            self.line.add(Bucket(end, change))

    def _ends(self, after: int, last: int) -> Iterable[int]:
        """The ends in (after, last] of slices that may count."""
        if self._empty is EmptySlices.EXCLUDED:
            whole = last // self._length_s * self._length_s
            return sorted({slice_end(end, self._length_s) for end in ends_between(self._history, after, whole + 1)})
        return range(after + self._length_s, last + 1, self._length_s)

    def _verdict(self, end: int) -> Counts:
        held = between(self._events, end - self._length_s, end)
        if held.events:
            return self._of_events(held)
        if held.insufficient:
            return Counts(insufficient=1)
        if held.excluded or any(start < end <= until for start, until in self._stretches):
            return Counts(excluded=1)
        return _OF_EMPTY[self._empty]

    def _of_events(self, held: Counts) -> Counts:
        if self._method is Method.RATIO_TIMESLICES:
            return Counts(Fraction(held.good, held.events), Fraction(held.bad, held.events))
        return Counts(bad=1) if held.good < self._ratio * held.events else Counts(good=1)


_OF_EMPTY = {EmptySlices.GOOD: Counts(good=1), EmptySlices.BAD: Counts(bad=1), EmptySlices.EXCLUDED: Counts()}
