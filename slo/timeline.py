"""What an objective counts, in time order: events, or time slices. Sums over any window at many instants at once, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from slo.series import Integers, Times

NEVER_NS = -(1 << 62)
"""Before all times."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Running sums: ``good[i]`` and ``bad[i]`` of the first i buckets, in units of 1/``scale``. Made by ``timeline``."""

    ends_ns: Times
    good: Integers
    bad: Integers
    scale: int

    def position(self, times_ns: Times | int) -> NDArray[np.int64]:
        """How many buckets end at or before each time."""
        return np.searchsorted(self.ends_ns, times_ns, "right")

    def since(self, starts_ns: Times | int, times_ns: Times | int) -> tuple[Integers, Integers]:
        """Good and bad in (start, time], element by element, in units of 1/scale."""
        first, last = self.position(starts_ns), self.position(times_ns)
        return self.good[last] - self.good[first], self.bad[last] - self.bad[first]

    def total(self, start_ns: int, time_ns: int) -> tuple[Fraction, Fraction]:
        """Good and bad events in (start, time]."""
        good, bad = self.since(start_ns, time_ns)
        return Fraction(int(good), self.scale), Fraction(int(bad), self.scale)

    def reaching(self, events: int, times_ns: Times) -> Times:
        """Where the shortest stretch up to each time begins that holds so many events; before all buckets where none does."""
        return self.back_by([events * self.scale] * len(times_ns), times_ns)

    def back_by(self, amounts: Sequence[int], times_ns: Times) -> Times:
        """As ``reaching``, with an amount of its own for each time, in units of 1/scale."""
        sums = self.good + self.bad
        wanted = sums[self.position(times_ns)] - np.array(amounts, sums.dtype)
        first = np.searchsorted(sums, wanted, "right") - 1
        before: Times = np.concatenate(([NEVER_NS], self.ends_ns)) if len(self.ends_ns) else np.array([NEVER_NS])
        return np.where(first > 0, before[np.maximum(first, 0)], NEVER_NS)


def timeline(ends_ns: Times, good: Integers, bad: Integers, scale: int) -> Timeline:
    """A timeline of buckets in time order, each end once."""
    return Timeline(ends_ns, _running(good), _running(bad), scale)


def _running(counts: Integers) -> Integers:
    sums = np.zeros(len(counts) + 1, counts.dtype)
    np.cumsum(counts, out=sums[1:])
    return sums
