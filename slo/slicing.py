"""Time slices: equal lengths of time, each judged as a whole. Slice k is (k·length, (k+1)·length] since 1970.

Source: the OpenSLO specification, budgeting methods Timeslices and RatioTimeslices.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from slo.errors import SeriesError
from slo.exclusions import Stretch, inside
from slo.instant import NS
from slo.objective import EmptySlices, Method
from slo.series import Integers, Series, Times, exact, whole_numbers
from slo.timeline import Timeline, timeline

_MOST_SLICES = 50_000_000


@dataclass(frozen=True, slots=True)
class SliceRule:
    """How slices are judged: bad when good/total is below ``ratio``, or (RatioTimeslices) when anything in them is."""

    method: Method
    length_ns: int
    ratio: Fraction
    empty: EmptySlices


@dataclass(frozen=True, slots=True)
class Slices:
    """Every slice by its end, and what it is; those without events are judged by the rule only in the timeline. One that holds
    nothing but samples whose verdict is open is nothing of this.
    """

    ends_ns: Times
    good: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    empty: NDArray[np.bool_]
    excluded: NDArray[np.bool_]
    timeline: Timeline


def slice_end(time: int, length: int) -> int:
    """The end of the slice that a time belongs to."""
    return -(-time // length) * length


def sliced(series: Series, dropped: NDArray[np.bool_], stretches: tuple[Stretch, ...], rule: SliceRule, until_ns: int) -> Slices:
    """The slices of a series that end by ``until_ns``, from its first interval on.

    ``dropped`` marks its excluded intervals, ``stretches`` are the exclusions. A slice is excluded when all that it holds is, or
    when it holds nothing and its end lies in an exclusion.

    Raises:
        SeriesError: the slices are finer than the series, or too many.
    """
    if len(series) and series.interval_ns > rule.length_ns:
        raise SeriesError(
            "timeSliceWindow",
            f"slices of {rule.length_ns // NS} s cannot be judged by intervals of {series.interval_ns / NS:g} s",
            "count at least once a slice, or judge longer slices",
        )
    ends_ns = _ends(series, rule.length_ns, until_ns)
    index = (-(-series.ends_ns // rule.length_ns) * rule.length_ns - (ends_ns[0] if len(ends_ns) else 0)) // rule.length_ns
    known = index < len(ends_ns)
    kept = known & ~dropped
    good, bad = (_by_slice(index[kept], counts[kept], len(ends_ns)) for counts in (series.good, series.bad))
    rows = np.bincount(index[kept], minlength=len(ends_ns)) > 0
    held = np.bincount(index[known & dropped], minlength=len(ends_ns)) > 0
    events = (good + bad) > 0
    excluded = ~rows & (held | inside(stretches, ends_ns))
    is_bad = events & _below(good, good + bad, rule.ratio if rule.method is Method.TIMESLICES else Fraction(1))
    is_good = events & ~is_bad
    empty = ~events & ~excluded & ~_open(series, index, kept, len(ends_ns))
    counted = events | (empty & (rule.empty is not EmptySlices.EXCLUDED))
    good_part, bad_part, scale = _parts(rule, (good, bad), (is_good, is_bad), empty)
    line = timeline(ends_ns[counted], good_part[counted], bad_part[counted], scale)
    return Slices(ends_ns, is_good, is_bad, empty, excluded, line)


def _ends(series: Series, length_ns: int, until_ns: int) -> Times:
    if not len(series):
        return np.empty(0, np.int64)
    first, last = slice_end(int(series.ends_ns[0]), length_ns), until_ns // length_ns * length_ns
    if (last - first) // length_ns >= _MOST_SLICES:
        raise SeriesError(
            "timeSliceWindow", f"{(last - first) // length_ns} slices of {length_ns // NS} s are too many", "judge longer slices"
        )
    return np.arange(first, last + 1, length_ns, dtype=np.int64)


def _by_slice(index: NDArray[np.int64], counts: Integers, slices: int) -> Integers:
    """The sum of the counts of each slice."""
    total = np.zeros(slices, counts.dtype)
    np.add.at(total, index, counts)
    return total


def _open(series: Series, index: NDArray[np.int64], kept: NDArray[np.bool_], slices: int) -> NDArray[np.bool_]:
    """Which slices hold samples whose verdict is open."""
    if series.insufficient is None:
        return np.zeros(slices, np.bool_)
    open_: NDArray[np.bool_] = np.bincount(index[kept & (series.insufficient > 0).astype(np.bool_)], minlength=slices) > 0
    return open_


def _below(good: Integers, total: Integers, ratio: Fraction) -> NDArray[np.bool_]:
    """Where good/total < ratio."""
    below: NDArray[np.bool_] = (
        exact(good, ratio.denominator) * ratio.denominator < exact(total, ratio.numerator) * ratio.numerator
    )
    return below.astype(np.bool_)


def _parts(
    rule: SliceRule,
    counts: tuple[Integers, Integers],
    verdicts: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    empty: NDArray[np.bool_],
) -> tuple[Integers, Integers, int]:
    """How much of each slice is good and bad: one of them whole, or each its ratio; in units of 1/scale."""
    (good, bad), (is_good, is_bad) = counts, verdicts
    as_good, as_bad = empty & (rule.empty is EmptySlices.GOOD), empty & (rule.empty is EmptySlices.BAD)
    if rule.method is not Method.RATIO_TIMESLICES:
        return (is_good | as_good).astype(np.int64), (is_bad | as_bad).astype(np.int64), 1
    ratios = [
        Fraction(int(bad[slot]), int(good[slot] + bad[slot])) if is_good[slot] or is_bad[slot] else Fraction(int(as_bad[slot]))
        for slot in range(len(good))
    ]
    scale = lcm(*{ratio.denominator for ratio in ratios})
    bad_parts = [int(ratio * scale) for ratio in ratios]
    return whole_numbers([scale - part for part in bad_parts]), whole_numbers(bad_parts), scale
