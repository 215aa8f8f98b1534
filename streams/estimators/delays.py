"""A histogram of delays, as estimators take it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.panes import Counts

Delays = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DelayHistogram:
    """``counts[i]`` (uint64) holds the delays in [first_edge_ps + i*bin_width_ps, first_edge_ps + (i+1)*bin_width_ps)."""

    first_edge_ps: float
    bin_width_ps: float
    counts: Counts

    @property
    def end_ps(self) -> float:
        return self.first_edge_ps + self.counts.size * self.bin_width_ps

    @property
    def edges_ps(self) -> Delays:
        """One more than counts."""
        return np.asarray(self.first_edge_ps + np.arange(self.counts.size + 1) * self.bin_width_ps, np.float64)

    @property
    def middles_ps(self) -> Delays:
        return np.asarray(self.first_edge_ps + (np.arange(self.counts.size) + 0.5) * self.bin_width_ps, np.float64)
