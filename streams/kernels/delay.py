"""Tags with each channel's times shifted, in order again."""

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from streams.kernels.merge import merge
from streams.kernels.readonly import readonly
from streams.kernels.singles import count_channels


def delay(time_ps: Times, channel: Channels, delay_ps: Times) -> tuple[Times, Channels]:
    """Tags at ``time_ps + delay_ps[channel]``, sorted; equal times keep the order of their times before.

    Args:
        time_ps: int64; sorted among the channels of equal delay, which is all that is asked.
        channel: uint8.
        delay_ps: int64, 256 entries; no sum may leave int64.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    counts = count_channels(channel)
    delays = np.unique(delay_ps[counts > 0])[::-1]  # the longest first: of equal times it was the earlier one
    if delays.size < 2:
        return (time_ps + delays[0] if delays.any() else time_ps), channel
    group = np.searchsorted(-delays, -delay_ps).clip(max=delays.size - 1).astype(np.int64)
    ends = np.cumsum(np.bincount(group, weights=counts, minlength=delays.size)).astype(np.int64)
    cursor = np.concatenate((np.zeros(1, np.int64), ends[:-1]))
    dealt_ps, dealt = np.empty(time_ps.size, np.int64), np.empty(time_ps.size, np.uint8)
    _deal(time_ps, channel, delay_ps, group, cursor, dealt_ps, dealt)
    return merge(list(zip(np.split(dealt_ps, ends[:-1]), np.split(dealt, ends[:-1]), strict=True)))


@njit(nogil=True, cache=True)
def _deal(
    time_ps: Times, channel: Channels, delay_ps: Times, group: Times, cursor: Times, dealt_ps: Times, dealt: Channels
) -> None:
    for i in range(time_ps.size):
        c = channel[i]
        place = cursor[group[c]]
        dealt_ps[place] = time_ps[i] + delay_ps[c]
        dealt[place] = c
        cursor[group[c]] = place + 1
