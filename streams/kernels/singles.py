"""Tags of each channel."""

import numpy as np
from numba import njit

from schemas.block import Channels
from schemas.panes import Counts
from streams.kernels.readonly import readonly

_LANES = 4  # neighbours count into different tables, so that equal channels in a row do not wait for each other


def count_channels(channel: Channels) -> Counts:
    """Number of tags of every channel: uint64, 256 entries."""
    lanes = np.zeros((_LANES, 256), np.uint64)
    _count_channels(readonly(channel, np.uint8), lanes)
    total: Counts = lanes.sum(axis=0, dtype=np.uint64)
    return total


@njit(nogil=True, cache=True)
def _count_channels(channel: Channels, lanes: Counts) -> None:
    whole = channel.size - channel.size % _LANES
    for i in range(0, whole, _LANES):
        for lane in range(_LANES):
            lanes[lane, channel[i + lane]] += np.uint64(1)
    for i in range(whole, channel.size):
        lanes[0, channel[i]] += np.uint64(1)
