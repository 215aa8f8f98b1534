"""Areas of a pulse train's peaks in a histogram of delays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from schemas.panes import Counts
from streams.estimators.delays import DelayHistogram
from streams.estimators.pulse_train import PulseTrain


@dataclass(frozen=True)
class PeakAreas:
    """``areas[i]`` (uint64) are the counts of peak ``first + i``: one whole period wide, made of whole bins, none counted twice.

    A bin belongs to the peak that holds its middle. Only peaks that the histogram holds whole are here.
    """

    train: PulseTrain
    first: int
    areas: Counts

    @classmethod
    def of(cls, histogram: DelayHistogram, train: PulseTrain) -> "PeakAreas":
        position = (histogram.middles_ps - train.offset_ps) / train.period_ps
        number = np.floor(position + 0.5).astype(np.int64)
        first = int(np.ceil((histogram.first_edge_ps - train.offset_ps) / train.period_ps + 0.5))
        last = int(np.floor((histogram.end_ps - train.offset_ps) / train.period_ps - 0.5))
        areas = np.zeros(max(0, last - first + 1), np.uint64)
        inside = (first <= number) & (number <= last)
        np.add.at(areas, number[inside] - first, histogram.counts[inside])
        return cls(train, first, areas)

    @cached_property
    def numbers(self) -> range:
        return range(self.first, self.first + self.areas.size)

    def area(self, number: int) -> int:
        return int(self.areas[number - self.first])

    def sides(self, number: int, each: int) -> tuple[int, ...]:
        """Numbers of the nearest other peaks, up to ``each`` on either side."""
        return tuple(k for k in range(number - each, number + each + 1) if k != number and k in self.numbers)

    def asymmetry_chance(self, number: int, each: int) -> float:
        """How likely peaks as far before ``number`` as behind it differ so much by chance: pairs of photons have no order.

        Blinking raises both alike; cross-talk, afterglow and reflections come on one side.
        """
        before, behind = (
            np.array(
                [self.area(number + side * k) for k in range(1, each + 1) if {number - k, number + k} <= set(self.numbers)], float
            )
            for side in (-1, 1)
        )
        both = before + behind
        seen = both > 0
        square = float(((before - behind)[seen] ** 2 / both[seen]).sum())
        return float(special.chdtrc(np.count_nonzero(seen), square)) if seen.any() else 1.0

    def total(self, numbers: tuple[int, ...]) -> int:
        return sum(self.area(k) for k in numbers)
