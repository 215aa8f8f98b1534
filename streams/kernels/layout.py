"""Which pair of detectors counts into which row."""

from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class PairLayout:
    """Rows of a histogram over all pairs of ``detectors`` (ascending channel numbers below 255).

    ``rows`` (int16, 256 x 256) gives the row of two channels in either order, and -1 for those that do not pair.
    """

    detectors: tuple[int, ...]
    rows: npt.NDArray[np.int16]

    @classmethod
    def of(cls, detectors: tuple[int, ...]) -> Self:
        rows = np.full((256, 256), -1, np.int16)
        for row, (start, stop) in enumerate(combinations(detectors, 2)):
            rows[start, stop] = rows[stop, start] = row
        rows.flags.writeable = False
        return cls(detectors, rows)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(start, stop) channels, row by row."""
        return tuple(combinations(self.detectors, 2))
