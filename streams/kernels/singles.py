"""Tags of each channel."""

import numpy as np
from numba import njit

from schemas.block import Channels
from schemas.panes import Counts
from streams.kernels.readonly import readonly

_LANES = 4  # neighbours count into different tables, so that equal channels in a row do not wait for each other
_FEW = 4  # as many different channels are counted one after the other: comparing many tags with one channel at once is faster
_RUN = 1 << 15  # tags that a 16-bit counter surely holds


def count_channels(channel: Channels) -> Counts:
    """Number of tags of every channel: uint64, 256 entries."""
    tags = np.zeros(256, np.uint64)
    count_into(readonly(channel, np.uint8), tags)
    return tags


@njit(nogil=True, cache=True)
def count_into(channel: Channels, tags: Counts) -> None:
    """``count_channels`` into 256 zeros."""
    if _count_few(channel, tags):
        return
    tags[:] = np.uint64(0)
    lanes = np.zeros((_LANES, 256), np.uint64)
    whole = channel.size - channel.size % _LANES
    for i in range(0, whole, _LANES):
        for lane in range(_LANES):
            lanes[lane, channel[i + lane]] += np.uint64(1)
    for i in range(whole, channel.size):
        lanes[0, channel[i]] += np.uint64(1)
    for lane in range(_LANES):
        tags += lanes[lane]


@njit(nogil=True, cache=True)
def _count_few(channel: Channels, tags: Counts) -> bool:
    """Whether all tags are counted, because they are of few channels."""
    size = np.uint64(channel.size)
    left, new = size, np.uint64(0)
    for _ in range(_FEW):
        if left == 0:
            break
        while tags[channel[new]]:
            new += np.uint64(1)
        wanted = channel[new]
        for begin in range(np.uint64(0), size, np.uint64(_RUN)):
            run = np.uint16(0)
            for i in range(np.uint64(begin), min(np.uint64(begin) + np.uint64(_RUN), size)):
                run = np.uint16(run + np.uint16(channel[i] == wanted))
            tags[wanted] += np.uint64(run)
        left -= tags[wanted]
    return bool(left == 0)
