"""The offset between two nodes' clocks: what finding it and following it costs."""

import time
from itertools import pairwise

import numpy as np

from benchmarks.result import Result, at_most
from schemas.clocks import ClockState
from streams.clock_parameters import ClockParameters
from streams.kernels.warm import warm
from streams.processors import clock_offset
from streams.processors.clock_merge import AlignedStream, segment_of
from streams.processors.held_tags import NodeTags

SECOND_PS = 10**12
_SECONDS = 10
_SINGLES_HZ, _SHARED_HZ, _JITTER_PS = 1_000_000, 10_000, 100.0
_OFFSET_PS, _FREQUENCY = 637_000_000_123, 8e-7
_BLOCK_PS = SECOND_PS // 10


def measure() -> list[Result]:
    """Two nodes of 1 Mcps, one tag in a hundred shared, 0.6 s and 8e-7 apart: 10 s of them, in blocks of 100 ms."""
    warm()
    nodes = _nodes()
    parameters, stream = ClockParameters(), AlignedStream("link", "link", "bench", 0, (0,), (1,))
    state, found, followed, seconds = clock_offset.initial(), [], [], {False: 0.0, True: 0.0}
    for start, end in pairwise(range(0, _SECONDS * SECOND_PS + 1, _BLOCK_PS)):
        pieces = [
            NodeTags(time_ps[slice(*np.searchsorted(time_ps, (start, end)))], np.empty(0, np.uint8), start, end)
            for time_ps in nodes
        ]
        pieces = [
            NodeTags(piece.time_ps, np.full(piece.time_ps.size, channel, np.uint8), start, end)
            for channel, piece in enumerate(pieces)
        ]
        known = state.track is not None
        begun = time.thread_time()
        state, ticks = clock_offset.step(state, *pieces, parameters)
        segments = [segment_of(tick, stream) for tick in ticks]
        seconds[known] += time.thread_time() - begun
        (followed if known else found).extend(zip(ticks, segments, strict=True))
    tags = sum(tick.ours[0].size + tick.other[0].size for tick, _ in followed)
    locked = [tick for tick, _ in followed if tick.state is ClockState.LOCKED]
    errors = [
        abs(tick.standing.offset_ps - _OFFSET_PS - _FREQUENCY * tick.end_ps) for tick in locked if tick.standing is not None
    ]
    return [
        at_most(
            "clock offset of two nodes, 1 Mcps each, 1 % shared, ±1 s: data until locked", locked[0].end_ps / SECOND_PS, "s", 10
        ),
        at_most("its error while locked, worst", max(errors), "ps", 100),
        at_most("finding it, one core", seconds[False], "s", 5),
        Result("following it and merging both nodes' tags, one core", f"{tags / seconds[True] / 1e6:.3g} Mtags/s"),
    ]


def _nodes() -> list[np.ndarray]:
    """Tags of both nodes on their own clocks."""
    rng = np.random.default_rng(7)
    pairs = rng.integers(0, _SECONDS * SECOND_PS, _SHARED_HZ * _SECONDS)
    clocks = []
    for offset_ps, frequency in ((0, 0.0), (_OFFSET_PS, _FREQUENCY)):
        others = rng.integers(0, _SECONDS * SECOND_PS, (_SINGLES_HZ - _SHARED_HZ) * _SECONDS)
        true_ps = np.concatenate([pairs + rng.normal(0, _JITTER_PS, pairs.size), others])
        clocks.append(np.sort(np.rint(true_ps * (1 + frequency) + offset_ps).astype(np.int64)))
    return clocks
