"""A block's merged tags as per-channel runs of gaps, the form in which raw tags are stored."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import ADVANCE_PS, Channels, Gaps, Times
from schemas.panes import Counts
from streams.kernels.readonly import readonly
from streams.kernels.singles import count_channels

_GAP_BITS = 32


@dataclass(frozen=True, slots=True)
class ChannelRuns:
    """Runs of tags, by channel and then by time.

    Run k holds ``length[k]`` (int64) tags of ``channel[k]`` (uint8), from ``first_ps[k]`` to ``last_ps[k]`` (int64). Its gaps
    (uint32, ps, the first of a run is 0) follow those of run k-1 in ``gaps``. A gap of 2**32 ps or more starts a new run.
    """

    gaps: Gaps
    channel: Channels
    first_ps: Times
    last_ps: Times
    length: npt.NDArray[np.int64]


def split_channels(time_ps: Times, channel: Channels) -> ChannelRuns:
    """Runs of every channel that occurs in sorted tags (times int64, channels uint8)."""
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    if not time_ps.size:
        return ChannelRuns(np.empty(0, np.uint32), channel, time_ps, time_ps, np.empty(0, np.int64))
    counts = count_channels(channel)
    present = np.flatnonzero(counts)
    # Each later run of a channel costs it 2**32 ps, and a tag.
    span = int(time_ps[-1]) - int(time_ps[0])
    most = min(time_ps.size, present.size * (1 + (span >> _GAP_BITS)))
    begins, first_ps, last_ps = (np.empty(most, np.int64) for _ in range(3))
    gaps = np.empty(time_ps.size, np.uint32)
    runs = _scatter(time_ps, channel, counts, gaps, (begins, first_ps, last_ps))
    order = np.argsort(begins[:runs])
    begins, first_ps, last_ps = begins[order], first_ps[order], last_ps[order]
    owner = np.searchsorted(np.cumsum(counts[present]), begins, side="right")
    length = np.diff(begins, append=np.int64(time_ps.size))
    return ChannelRuns(gaps, present[owner].astype(np.uint8), first_ps, last_ps, length)


@njit(nogil=True, cache=True)
def _scatter(time_ps: Times, channel: Channels, counts: Counts, gaps: Gaps, runs_of: tuple[Times, Times, Times]) -> int:
    begins, first_ps, last_ps = runs_of
    cursor = np.zeros(256, np.int64)
    open_run = np.full(256, -1, np.int64)
    latest = np.zeros(256, np.int64)
    position = np.int64(0)
    for c in range(256):
        cursor[c] = position
        position += np.int64(counts[c])
        latest[c] = time_ps[0] - ADVANCE_PS
    runs = 0
    for i in range(time_ps.size):
        c = channel[i]
        now = time_ps[i]
        gap = now - latest[c]
        place = cursor[c]
        cursor[c] = place + 1
        if gap >= ADVANCE_PS:
            if open_run[c] >= 0:
                last_ps[open_run[c]] = latest[c]
            begins[runs] = place
            first_ps[runs] = now
            open_run[c] = runs
            runs += 1
            gap = np.int64(0)
        latest[c] = now
        gaps[place] = np.uint32(gap)
    for c in range(256):
        if open_run[c] >= 0:
            last_ps[open_run[c]] = latest[c]
    return runs
