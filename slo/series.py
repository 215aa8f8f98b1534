"""Good and bad events over time, as anybody may have counted them: what an objective is held against in hindsight."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[Any]
"""Whole numbers: machine words where all that is made of them fits, else Python's own. Arithmetic is exact in both."""
Times = NDArray[np.int64]
"""UTC nanoseconds."""
_WORD = 1 << 62


@dataclass(frozen=True, slots=True)
class Series:
    """Counts in the intervals (end - interval_ns, end], in time order, each interval once; in units of 1/``scale`` events.

    ``insufficient``: samples of each interval that left their verdict open, where anybody tells.
    """

    ends_ns: Times
    good: Integers
    bad: Integers
    interval_ns: int
    scale: int = 1
    insufficient: Integers | None = None

    def __len__(self) -> int:
        return len(self.ends_ns)

    def until(self, at_ns: int) -> "Series":
        """What ended at or before a time."""
        known = slice(0, int(np.searchsorted(self.ends_ns, at_ns, "right")))
        insufficient = None if self.insufficient is None else self.insufficient[known]
        return Series(self.ends_ns[known], self.good[known], self.bad[known], self.interval_ns, self.scale, insufficient)


def series_of(rows: Sequence[tuple[int, Fraction | int, Fraction | int]], interval_ns: int) -> Series:
    """A series of (end, good, bad) in any order. Of rows that end together the one with the most events counts."""
    scale = lcm(*(count.denominator for row in rows for count in row[1:]))
    good, bad = (whole_numbers([int(row[column] * scale) for row in rows]) for column in (1, 2))
    series, _ = in_order(np.array([row[0] for row in rows], np.int64), good, bad, interval_ns, scale)
    return series


def in_order(ends_ns: Times, good: Integers, bad: Integers, interval_ns: int, scale: int) -> tuple[Series, int]:
    """Rows of any order as a series, and how many of them were superfluous.

    A row that comes again is the same row. Of rows that end together but differ, the one with the most events counts, of equally
    many the one with more bad: an interval that is counted anew only gains events. So the order of arrival changes nothing.
    """
    order = np.lexsort((bad, good + bad, ends_ns)) if bad.dtype != object else _lexsort(ends_ns, good, bad)
    ends_ns, good, bad = ends_ns[order], good[order], bad[order]
    last = np.append(ends_ns[1:] != ends_ns[:-1], True) if len(ends_ns) else np.empty(0, bool)
    return Series(ends_ns[last], good[last], bad[last], interval_ns, scale), len(ends_ns) - int(last.sum())


def whole_numbers(values: Sequence[int]) -> Integers:
    """An array of exact integers."""
    fits = all(abs(value) < _WORD for value in values) and sum(values) < _WORD
    return np.array(values, np.int64) if fits else np.array(values, object)


def exact(array: Integers, factor: int) -> Integers:
    """``array``, in Python's integers where its values times ``factor`` do not fit machine words."""
    fits = array.dtype == object or not len(array) or int(array.max()) * abs(factor) < _WORD
    return array if fits else array.astype(object)


def _lexsort(ends_ns: Times, good: Integers, bad: Integers) -> NDArray[np.int64]:
    keys = [(int(ends_ns[row]), good[row] + bad[row], bad[row]) for row in range(len(ends_ns))]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
