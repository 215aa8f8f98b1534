"""Tags in coarse bins of time, as the search for an unknown offset takes them."""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Times
from streams.kernels.readonly import readonly

Coarse = npt.NDArray[np.uint8]


def count_coarse(time_ps: Times, start_ps: int, bin_width_ps: int, bins: int) -> Coarse:
    """Tags (int64) of each bin from ``start_ps`` on; a bin holds 255 at most, so that a burst is no peak."""
    counts = np.zeros(bins, np.uint8)
    _count_coarse(readonly(time_ps, np.int64), start_ps, bin_width_ps, counts)
    return counts


@njit(nogil=True, cache=True)
def _count_coarse(time_ps: Times, start_ps: int, bin_width_ps: int, counts: Coarse) -> None:
    end = start_ps + bin_width_ps * counts.size
    for i in range(time_ps.size):
        if start_ps <= time_ps[i] < end:
            place = (time_ps[i] - start_ps) // bin_width_ps
            counts[place] += np.uint8(counts[place] < 255)
