"""A block's merged tags channel by channel as gaps, the form in which raw tags are stored."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Gaps, Times
from schemas.panes import Counts
from streams.kernels.readonly import readonly
from streams.kernels.singles import count_channels

_GAP_BITS = 32


@dataclass(frozen=True, slots=True)
class ChannelRuns:
    """Runs of tags, one a channel that occurs, ascending.

    Run k holds ``length[k]`` (int64) tags of ``channel[k]`` (uint8), from ``first_ps[k]`` to ``last_ps[k]`` (int64). Its gaps (ps
    to the tag before, the first 0) follow those of run k-1: their low 32 bits in ``gaps`` (uint32), the rest in ``gaps_high``
    (uint32), which is empty where all gaps of the block are below 2**32 ps.
    """

    gaps: Gaps
    gaps_high: Gaps
    channel: Channels
    first_ps: Times
    last_ps: Times
    length: npt.NDArray[np.int64]


def split_channels(time_ps: Times, channel: Channels) -> ChannelRuns:
    """The run of every channel that occurs in sorted tags (times int64, channels uint8)."""
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    none = np.empty(0, np.uint32)
    if not time_ps.size:
        return ChannelRuns(none, none, channel, time_ps, time_ps, np.empty(0, np.int64))
    counts = count_channels(channel)
    gaps, first_ps, last_ps = np.empty(time_ps.size, np.uint32), np.empty(256, np.int64), np.empty(256, np.int64)
    wide = _scatter(time_ps, channel, counts, gaps, (first_ps, last_ps))
    gaps_high = _high_words(time_ps, channel, counts) if wide else none
    present = np.flatnonzero(counts)
    return ChannelRuns(
        gaps, gaps_high, present.astype(np.uint8), first_ps[present], last_ps[present], counts[present].astype(np.int64)
    )


@njit(nogil=True, cache=True)
def _scatter(time_ps: Times, channel: Channels, counts: Counts, gaps: Gaps, ends_of: tuple[Times, Times]) -> bool:
    """Fill the gaps' low words and each channel's first and last time; whether any gap is wider than those words."""
    first_ps, last_ps = ends_of
    cursor = _begins(counts)
    seen = np.zeros(256, np.bool_)
    wide = np.int64(0)
    for i in range(time_ps.size):
        c = channel[i]
        now = time_ps[i]
        if not seen[c]:
            seen[c] = True
            first_ps[c] = last_ps[c] = now
        gap = now - last_ps[c]
        wide |= gap
        last_ps[c] = now
        gaps[cursor[c]] = np.uint32(gap & 0xFFFFFFFF)
        cursor[c] += 1
    return bool(wide >> _GAP_BITS)


@njit(nogil=True, cache=True)
def _high_words(time_ps: Times, channel: Channels, counts: Counts) -> Gaps:
    cursor = _begins(counts)
    begin = cursor.copy()
    last_ps = np.empty(256, np.int64)
    high = np.empty(time_ps.size, np.uint32)
    for i in range(time_ps.size):
        c = channel[i]
        place = cursor[c]
        high[place] = np.uint32(0) if place == begin[c] else np.uint32((time_ps[i] - last_ps[c]) >> _GAP_BITS)
        last_ps[c] = time_ps[i]
        cursor[c] = place + 1
    return high


@njit(nogil=True, cache=True)
def _begins(counts: Counts) -> npt.NDArray[np.int64]:
    """Where each channel's gaps begin."""
    begins = np.empty(256, np.int64)
    position = np.int64(0)
    for c in range(256):
        begins[c] = position
        position += np.int64(counts[c])
    return begins
