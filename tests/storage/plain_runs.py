"""Runs of tags in plain numpy: the oracle of ``streams.kernels.split``, and rows for the tests of the store."""

import numpy as np

from schemas.block import Channels, Times
from storage.tables import TagRuns

WIDE_PS = 1 << 32


def tag_runs(time_ps: Times, channel: Channels) -> TagRuns:
    """Split sorted times (int64 ps) by their channels (uint8)."""
    gaps = np.empty(time_ps.size, np.uint32)
    numbers = np.flatnonzero(np.bincount(channel, minlength=1))
    begins, times, filled = [], [], 0
    for number in numbers:
        own = time_ps[channel == number]
        steps = np.diff(own, prepend=own[0])
        wide = np.flatnonzero(steps >= WIDE_PS)
        steps[wide] = 0
        gaps[filled : filled + own.size] = steps
        begins.append(np.concatenate(([0], wide)) + filled)
        times.append(own)
        filled += own.size
    sorted_ps = np.concatenate(times) if times else np.empty(0, np.int64)
    offsets = np.concatenate([*begins, [filled]]).astype(np.int64)
    return TagRuns(
        channel=np.repeat(numbers.astype(np.uint8), [begin.size for begin in begins]),
        t0_ps=sorted_ps[offsets[:-1]],
        last_ps=sorted_ps[offsets[1:] - 1],
        offsets=offsets,
        gaps=gaps,
    )
