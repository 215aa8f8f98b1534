"""Per-channel runs: nothing lost, gaps within 32 bits, and the tags come back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.block import ADVANCE_PS
from streams.kernels import split as module
from streams.kernels.split import split_channels

wide_gaps = st.integers(0, 50) | st.integers(ADVANCE_PS - 2, ADVANCE_PS + 2) | st.integers(0, 5 * ADVANCE_PS)
streams = st.lists(st.tuples(wide_gaps, st.sampled_from([0, 1, 9, 254])), max_size=60)


def tags_of(runs):
    ends = np.cumsum(runs.length)
    for channel, first_ps, begin, end in zip(runs.channel, runs.first_ps, ends - runs.length, ends, strict=True):
        gaps = runs.gaps[begin:end].astype(np.int64)
        assert gaps[0] == 0
        yield from ((int(t), int(channel)) for t in first_ps + np.cumsum(gaps))


@given(streams, st.integers(-(2**60), 2**60))
def test_the_tags_come_back_channel_by_channel(records, start_ps):
    time_ps = start_ps + np.cumsum(np.array([gap for gap, _ in records], np.int64))
    channel = np.array([channel for _, channel in records], np.uint8)
    runs = split_channels(time_ps, channel)
    assert runs.gaps.dtype == np.uint32
    expected = sorted(zip(channel.tolist(), time_ps.tolist(), strict=True), key=lambda tag: tag[0])
    assert [(c, t) for t, c in tags_of(runs)] == expected
    ends = np.cumsum(runs.length)
    spans = [runs.gaps[end - n : end].sum(dtype=np.int64) for n, end in zip(runs.length, ends, strict=True)]
    assert (runs.last_ps - runs.first_ps).tolist() == spans
    # A run ends only where the next gap does not fit.
    for k in range(1, runs.length.size):
        if runs.channel[k] == runs.channel[k - 1]:
            assert runs.first_ps[k] - runs.last_ps[k - 1] >= ADVANCE_PS


def test_no_tags_are_no_runs():
    runs = split_channels(np.empty(0, np.int64), np.empty(0, np.uint8))
    assert runs.gaps.size == runs.channel.size == runs.first_ps.size == runs.length.size == 0


def test_the_loop_says_the_same_without_compilation():
    time_ps, channel = np.array([1, 4, 9, 9 + ADVANCE_PS], np.int64), np.array([1, 0, 1, 1], np.uint8)
    counts = np.bincount(channel, minlength=256).astype(np.uint64)
    gaps, begins, first_ps, last_ps = np.empty(4, np.uint32), *(np.empty(4, np.int64) for _ in range(3))
    assert module._scatter.py_func(time_ps, channel, counts, gaps, (begins, first_ps, last_ps)) == 3
    assert gaps.tolist() == [0, 0, 8, 0]
    assert last_ps[:3].tolist() == [9, 4, 9 + ADVANCE_PS]
