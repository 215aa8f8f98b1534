"""Gaps to absolute times."""

import numpy as np
from numba import njit

from schemas.block import ADVANCE_CHANNEL, Channels, Gaps, Times
from streams.kernels.readonly import readonly


def unwrap(gaps: Gaps, channel: Channels, start_ps: int) -> tuple[Times, Channels]:
    """Times (int64 ps since origin) and channels of a block's tags, advance records resolved.

    Args:
        gaps: uint32, one a record, ps since the record before (the first since ``start_ps``), or whole 2**32 ps for an advance.
        channel: uint8, one a record; ``ADVANCE_CHANNEL`` marks an advance.
        start_ps: where the first gap counts from.

    The caller answers for times that fit int64 (``schemas.wire`` checks it).
    """
    gaps, channel = readonly(gaps, np.uint32), readonly(channel, np.uint8)
    time_ps = np.empty(gaps.size, np.int64)
    if not _has_advance(channel):
        _sum_gaps(gaps, start_ps, time_ps)
        return time_ps, channel
    kept = np.empty(gaps.size, np.uint8)
    tags = _resolve(gaps, channel, start_ps, time_ps, kept)
    return time_ps[:tags], kept[:tags]


@njit(nogil=True, cache=True)
def _has_advance(channel: Channels) -> bool:
    found = np.uint8(0)
    for i in range(channel.size):
        found |= np.uint8(channel[i] == ADVANCE_CHANNEL)
    return bool(found)


@njit(nogil=True, cache=True)
def _sum_gaps(gaps: Gaps, start_ps: int, time_ps: Times) -> None:
    now = np.int64(start_ps)
    for i in range(gaps.size):
        now += np.int64(gaps[i])
        time_ps[i] = now


@njit(nogil=True, cache=True)
def _resolve(gaps: Gaps, channel: Channels, start_ps: int, time_ps: Times, kept: Channels) -> int | np.int64:
    now = np.int64(start_ps)
    tags = np.int64(0)
    for i in range(gaps.size):
        advance = np.int64(channel[i] == ADVANCE_CHANNEL)
        now += np.int64(gaps[i]) << (advance << 5)
        time_ps[tags] = now
        kept[tags] = channel[i]
        tags += 1 - advance
    return tags
