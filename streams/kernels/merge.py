"""Several sources' sorted tags into one."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from streams.kernels.readonly import readonly


def merge(sources: Sequence[tuple[Times, Channels]]) -> tuple[Times, Channels]:
    """All tags of ``sources`` (sorted times int64, channels uint8) in time order; equal times keep the order of the sources."""
    runs = [(readonly(time_ps, np.int64), readonly(channel, np.uint8)) for time_ps, channel in sources if time_ps.size]
    if not runs:
        return np.empty(0, np.int64), np.empty(0, np.uint8)
    while len(runs) > 1:  # neighbours only, so that equal times keep their order
        merged = [_merge_two(left, right) for left, right in zip(runs[::2], runs[1::2], strict=False)]
        runs = merged + runs[2 * len(merged) :]
    return runs[0]


def _merge_two(left: tuple[Times, Channels], right: tuple[Times, Channels]) -> tuple[Times, Channels]:
    size = left[0].size + right[0].size
    time_ps, channel = np.empty(size, np.int64), np.empty(size, np.uint8)
    _interleave(*left, *right, time_ps, channel)
    return readonly(time_ps, np.int64), readonly(channel, np.uint8)


@njit(nogil=True, cache=True)
def _interleave(
    left_ps: Times, left_channel: Channels, right_ps: Times, right_channel: Channels, time_ps: Times, channel: Channels
) -> None:
    i = j = np.int64(0)
    while i < left_ps.size and j < right_ps.size:
        take_right = right_ps[j] < left_ps[i]
        time_ps[i + j] = right_ps[j] if take_right else left_ps[i]
        channel[i + j] = right_channel[j] if take_right else left_channel[i]
        i += 1 - np.int64(take_right)
        j += np.int64(take_right)
    while i < left_ps.size:
        time_ps[i + j] = left_ps[i]
        channel[i + j] = left_channel[i]
        i += 1
    while j < right_ps.size:
        time_ps[i + j] = right_ps[j]
        channel[i + j] = right_channel[j]
        j += 1
