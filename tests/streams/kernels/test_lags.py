"""Lag by lag: compiled and not, across chunks, and eight tags at a time against what that means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kernels import lags
from streams.kernels.axis import TauAxis
from streams.kernels.layout import PairLayout
from tests.streams.kernels.test_pairs import oracle
from tests.streams.tag_streams import crowds

LAYOUTS = [PairLayout.of((0, 1)), PairLayout.chosen(((1, 0),)), PairLayout.of((0, 1, 9)), PairLayout.chosen(((0, 0), (9, 1)))]


def counted(kernel, stream, part, layout, axis):
    histogram = np.zeros(len(layout.pairs) * axis.bins + lags.SPARE, np.uint64)
    assert kernel(*stream, part, axis.constants, layout.codes, layout.traits, histogram) == part[1]
    return histogram[: -lags.SPARE].reshape(-1, axis.bins)


def couples(time_ps, channel, later_tags, first, lag, reach, alike):
    """The words of those that are kept, and how many are in reach: one tag at a time, in plain integers."""
    words, near = [], 0
    for later in later_tags:
        earlier = later - lag
        age = (int(time_ps[later]) - int(time_ps[earlier])) % 2**64
        near += age <= reach
        if age <= reach and (alike or channel[later] != channel[earlier]):
            words.append(age | (later - first) << 32 | int(channel[later]) << 48 | int(channel[earlier]) << 56)
    return words, near


def near_of_eight(time_ps, channel, i, first, lag, reach, alike, found, counts):
    """What the vector instructions of that name do."""
    words, near = couples(time_ps, channel, range(int(i), int(i) + 8), int(first), int(lag), int(reach), alike)
    size = int(counts) & 0xFFFFFFFF
    found[size : size + len(words)] = words
    return np.uint64(int(counts) + len(words) + (near << 32))


@pytest.fixture
def uncompiled(monkeypatch):
    """The loop and everything that it calls as plain Python, in chunks of 16 tags."""
    monkeypatch.setattr(lags, "near_of_eight", near_of_eight)
    monkeypatch.setattr(lags, "CHUNK", 16)
    for name in ("_scan", "_rescan", "_place", "_place_one"):
        monkeypatch.setattr(lags, name, getattr(lags, name).py_func)
    return lags.count_lags.py_func


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.pairs))
def test_uncompiled_equals_the_oracle(uncompiled, layout):
    @settings(max_examples=25)
    @given(crowds(channels=(0, 1, 9), most=15, span=60), crowds(channels=(0, 1), most=15, span=200), st.data())
    def equals(dense, sparse, data):
        time_ps, channel = np.concatenate((dense[0], sparse[0] + 80)), np.concatenate((dense[1], sparse[1]))
        axis, begin = TauAxis.symmetric(20, 5), data.draw(st.integers(0, time_ps.size))
        part = begin, time_ps.size
        with np.errstate(over="ignore"):  # unsigned differences wrap by design
            rows = counted(uncompiled, (time_ps, channel), part, layout, axis)
        assert (rows == oracle(time_ps, channel, part, layout, axis)).all()

    equals()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: str(layout.pairs))
@pytest.mark.parametrize("mean_gap", [3, 40, 900])
def test_many_chunks_equal_two_searches(layout, mean_gap):
    """Thousands of tags, sparse, dense and crowded: each row against numpy."""
    generator = np.random.default_rng(mean_gap)
    time_ps = np.cumsum(generator.geometric(1 / mean_gap, 5_000)).astype(np.int64)
    channel = generator.choice([0, 1, 1, 9], 5_000).astype(np.uint8)
    axis = TauAxis.symmetric(500, 25)
    rows = counted(lags.count_lags, (time_ps, channel), (0, 5_000), layout, axis)
    for (start, stop), row in zip(layout.pairs, rows, strict=True):
        starts, stops = time_ps[channel == start], time_ps[channel == stop]
        below = [int(np.searchsorted(stops, starts + edge).sum()) for edge in axis.edges_ps()]
        expected = np.diff(below)
        if start == stop:
            expected[: axis.bins // 2] = 0
            expected[axis.bins // 2] -= starts.size  # a tag is no pair with itself
        assert (row == expected).all()


def test_light_that_grows_and_fades_in_one_part():
    """From one chunk to the next the way of looking changes."""
    generator = np.random.default_rng(3)
    gaps = np.concatenate([generator.geometric(1 / mean, 1_500) for mean in (2_000, 20, 2_000, 2, 300, 50_000)])
    stream = np.cumsum(gaps).astype(np.int64), generator.integers(0, 2, gaps.size).astype(np.uint8)
    axis, layout = TauAxis.symmetric(1_000, 10), PairLayout.of((0, 1))
    starts, stops = stream[0][stream[1] == 0], stream[0][stream[1] == 1]
    expected = np.diff([int(np.searchsorted(stops, starts + edge).sum()) for edge in axis.edges_ps()])
    assert (counted(lags.count_lags, stream, (0, gaps.size), layout, axis)[0] == expected).all()


@given(crowds(channels=(0, 1, 255), most=30, span=200), st.integers(0, 300), st.booleans(), st.data())
def test_eight_at_a_time_mean_what_they_say(stream, reach, alike, data):
    """``_scan`` compiled, so with vector instructions, against the meaning."""
    time_ps, channel = stream
    lag, u = data.draw(st.integers(1, 9)), np.uint64
    words, near = couples(time_ps, channel, range(min(lag, time_ps.size), time_ps.size), 0, lag, reach, alike)
    found = np.zeros(48, np.uint64)
    counts = int(lags._scan(time_ps, channel, u(0), u(time_ps.size), u(lag), u(reach), not alike, found))
    assert (counts & 0xFFFFFFFF, counts >> 32) == (len(words), near)
    assert found[: len(words)].tolist() == words


def test_it_stops_where_a_crowd_begins():
    generator = np.random.default_rng(4)
    time_ps = np.cumsum(np.concatenate([generator.geometric(1 / 500, 3_000), np.zeros(2_000, int), [9]])).astype(np.int64)
    channel = generator.integers(0, 2, time_ps.size).astype(np.uint8)
    axis, layout = TauAxis.symmetric(1_000, 10), PairLayout.of((0, 1))
    histogram = np.zeros(axis.bins + lags.SPARE, np.uint64)
    arguments = axis.constants, layout.codes, layout.traits
    stop = lags.count_lags(time_ps, channel, (0, time_ps.size), *arguments, histogram)
    assert time_ps[stop + lags.CHUNK - 1] - time_ps[stop] <= 1_000
    assert 1_000 < stop <= 3_000 + lags.CHUNK
    before = np.zeros_like(histogram)
    assert lags.count_lags(time_ps, channel, (0, stop), *arguments, before) == stop
    assert (histogram == before).all()
