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
    gaps = runs.gaps.astype(np.int64)
    if runs.gaps_high.size:
        gaps += runs.gaps_high.astype(np.int64) << 32
    ends = np.cumsum(runs.length)
    for channel, first_ps, last_ps, begin, end in zip(
        runs.channel, runs.first_ps, runs.last_ps, ends - runs.length, ends, strict=True
    ):
        times_ps = first_ps + np.cumsum(gaps[begin:end])
        assert (gaps[begin], times_ps[-1]) == (0, last_ps)
        yield from ((int(time_ps), int(channel)) for time_ps in times_ps)


@given(streams, st.integers(-(2**60), 2**60))
def test_the_tags_come_back_channel_by_channel(records, start_ps):
    time_ps = start_ps + np.cumsum(np.array([gap for gap, _ in records], np.int64))
    channel = np.array([channel for _, channel in records], np.uint8)
    runs = split_channels(time_ps, channel)
    assert (runs.gaps.dtype, runs.gaps_high.dtype) == (np.uint32, np.uint32)
    expected = sorted(zip(channel.tolist(), time_ps.tolist(), strict=True), key=lambda tag: tag[0])
    assert [(c, t) for t, c in tags_of(runs)] == expected
    assert runs.channel.tolist() == sorted(set(channel.tolist()))
    wide = any((np.diff(time_ps[channel == number]) >= ADVANCE_PS).any() for number in runs.channel)
    assert runs.gaps_high.size == (time_ps.size if wide else 0)


def test_no_tags_are_no_runs():
    runs = split_channels(np.empty(0, np.int64), np.empty(0, np.uint8))
    assert runs.gaps.size == runs.gaps_high.size == runs.channel.size == runs.first_ps.size == runs.length.size == 0


def test_the_loops_say_the_same_without_compilation(monkeypatch):
    time_ps, channel = np.array([1, 4, 9, 9 + 3 * ADVANCE_PS], np.int64), np.array([1, 0, 1, 1], np.uint8)
    counts = np.bincount(channel, minlength=256).astype(np.uint64)
    gaps, first_ps, last_ps = np.empty(4, np.uint32), np.empty(256, np.int64), np.empty(256, np.int64)
    monkeypatch.setattr(module, "_begins", module._begins.py_func)
    assert module._scatter.py_func(time_ps, channel, counts, gaps, (first_ps, last_ps))
    assert gaps.tolist() == [0, 0, 8, 0]
    assert (first_ps[:2].tolist(), last_ps[:2].tolist()) == ([4, 1], [4, 9 + 3 * ADVANCE_PS])
    assert module._high_words.py_func(time_ps, channel, counts).tolist() == [0, 0, 0, 3]
