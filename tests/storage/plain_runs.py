"""Runs of tags in plain numpy: the oracle of ``streams.kernels.split``, and rows for the tests of the store."""

import numpy as np

from schemas.block import Channels, Times
from storage.tables import TagRuns

WIDE_PS = 1 << 32


def tag_runs(time_ps: Times, channel: Channels) -> TagRuns:
    """Split sorted times (int64 ps) by their channels (uint8)."""
    numbers = np.flatnonzero(np.bincount(channel, minlength=1))
    times = [time_ps[channel == number] for number in numbers]
    steps = np.concatenate([np.diff(own, prepend=own[0]) for own in times]) if times else np.empty(0, np.int64)
    high = (steps // WIDE_PS).astype(np.uint32)
    return TagRuns(
        channel=numbers.astype(np.uint8),
        t0_ps=np.array([own[0] for own in times], np.int64),
        last_ps=np.array([own[-1] for own in times], np.int64),
        offsets=np.cumsum([0, *(own.size for own in times)], dtype=np.int64),
        gaps=(steps % WIDE_PS).astype(np.uint32),
        gaps_high=high if high.any() else high[:0],
    )
