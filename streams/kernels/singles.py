"""Tags of each channel."""

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from schemas.block import Channels
from schemas.panes import Counts
from streams.kernels.lanes import OCTET, Lanes
from streams.kernels.readonly import readonly

_LANES = 4  # neighbours count into different tables, so that equal channels in a row do not wait for each other
_FEW = 8  # as many different channels are counted one after the other: comparing many tags with one channel at once is faster
_MANY = 64  # as many tags are compared at once


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
    size, many = np.uint64(channel.size), np.uint64(_MANY)
    whole = size & ~(many - np.uint64(1))
    left, new = size, np.uint64(0)
    for _ in range(_FEW):
        if left == 0:
            break
        while tags[channel[new]]:
            new += np.uint64(1)
        wanted, found = channel[new], np.uint64(0)
        for i in range(np.uint64(0), whole, many):
            found += alike_of_many(channel, i, wanted)
        for i in range(whole, size):
            found += np.uint64(channel[i] == wanted)
        tags[wanted] = found
        left -= found
    return bool(left == 0)


def _lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    channel, i, wanted = arguments
    channels = write.load(write.pointer(signature.args[0], channel, i), OCTET, _MANY)
    return write.number(builder.icmp_unsigned("==", channels, write.everywhere(wanted, _MANY)))


def _alike_of_many(_: Any, channel: Any, i: Any, wanted: Any) -> Any:
    return types.uint64(channel, i, wanted), _lanes


alike_of_many: Any = intrinsic(_alike_of_many)
"""How many of the 64 tags from i on are of channel ``wanted`` (uint8)."""
