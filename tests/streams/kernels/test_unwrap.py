"""Gaps to times: the same as the block's own slow way."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.block import ADVANCE_CHANNEL, BlockContext, TagBlock
from streams.kernels import unwrap as module
from streams.kernels.unwrap import unwrap

gaps_of = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.sampled_from([0, 3, 254, ADVANCE_CHANNEL])), max_size=40)


@given(gaps_of, st.integers(-(2**60), 2**60))
def test_times_equal_the_blocks_own(records, start_ps):
    records = [(gap % 1000 if channel == ADVANCE_CHANNEL else gap, channel) for gap, channel in records]
    gaps = np.array([gap for gap, _ in records], np.uint32)
    channel = np.array([channel for _, channel in records], np.uint8)
    context = BlockContext(
        domain="d",
        source="s",
        device="q",
        run="r",
        sequence=0,
        origin_unix_ns=0,
        start_ps=start_ps,
        reached_ps=2**62,
        channels=(),
    )
    expected_ps, expected_channel = TagBlock(context, gaps, channel).times()
    time_ps, kept = unwrap(gaps, channel, start_ps)
    assert time_ps.dtype == np.int64
    assert time_ps.tolist() == expected_ps.tolist()
    assert kept.tolist() == expected_channel.tolist()


def test_the_loops_say_the_same_without_compilation():
    gaps, channel = np.array([5, 2, 7], np.uint32), np.array([0, ADVANCE_CHANNEL, 1], np.uint8)
    time_ps, kept = np.empty(3, np.int64), np.empty(3, np.uint8)
    assert module._has_advance.py_func(channel)
    assert module._resolve.py_func(gaps, channel, 10, time_ps, kept) == 2
    assert time_ps[:2].tolist() == [15, 15 + (2 << 32) + 7]
    module._sum_gaps.py_func(gaps, 10, time_ps)
    assert time_ps.tolist() == [15, 17, 24]
