"""Tags of each channel in consecutive bins of equal width."""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from streams.kernels.readonly import readonly

BinCounts = npt.NDArray[np.uint32]
"""Shape (bins, channels)."""


def count_bins(time_ps: Times, channel: Channels, start_ps: int, width_ps: int, row: Channels, counts: BinCounts) -> None:
    """Add to ``counts`` the tags of bin k, [start_ps + k*width_ps, start_ps + (k+1)*width_ps).

    Args:
        time_ps: sorted, int64, inside the bins.
        channel: uint8.
        start_ps: of the first bin; within 2**62 of 0, as is the last one's end.
        width_ps: of every bin.
        row: uint8, 256 entries: the channel's column, or one beyond the last.
        counts: added to; fewer than 2**32 tags in a bin.
    """
    _count_bins(readonly(time_ps, np.int64), readonly(channel, np.uint8), start_ps, width_ps, row, counts)


@njit(nogil=True, cache=True)
def _count_bins(time_ps: Times, channel: Channels, start_ps: int, width_ps: int, row: Channels, counts: BinCounts) -> None:
    bin_of, end_ps = 0, start_ps + width_ps
    for i in range(time_ps.size):
        while time_ps[i] >= end_ps:
            bin_of += 1
            end_ps += width_ps
        column = row[channel[i]]
        if column < counts.shape[1]:
            counts[bin_of, column] += np.uint32(1)
