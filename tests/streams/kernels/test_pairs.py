"""All pairs, against every pair counted by hand; the loops against each other; hostile streams."""

import time
from bisect import bisect_right
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kernels import pairs
from streams.kernels.axis import EdgeAxis, TauAxis
from streams.kernels.bursts import look_backs
from streams.kernels.crowds import count_crowd
from streams.kernels.lags import count_lags
from streams.kernels.layout import PairLayout
from tests.streams.tag_streams import crowds

NO_TAGS = np.empty(0, np.int64), np.empty(0, np.uint8)
LAYOUTS = st.sampled_from(
    [
        PairLayout.of((0, 1, 2, 7)),
        PairLayout.chosen(((7, 0), (1, 1), (0, 1))),
        PairLayout.chosen(((0, 0), (2, 1), (2, 0))),
        PairLayout.chosen(((7, 1),)),
    ]
)
AXES = st.sampled_from(
    [TauAxis.symmetric(200, 10), TauAxis.symmetric(7, 7), TauAxis.window(11), TauAxis.window(40), TauAxis(-3, 5, 9)]
)
UNEQUAL = st.sampled_from([EdgeAxis.doubling(200, 3, 2), EdgeAxis.doubling(90, 7, 1), EdgeAxis((-9, -2, 5, 6, 40))])


def oracle(time_ps, channel, part, layout, axis):
    """One pair of tags at a time, in plain integers."""
    counts, edges = np.zeros((len(layout.pairs), axis.bins), np.uint64), axis.edges_ps().tolist()
    tags = list(zip(time_ps.tolist(), channel.tolist(), strict=True))
    for later in range(*part):
        for earlier in range(later):
            for (start, a), (stop, b) in ((tags[earlier], tags[later]), (tags[later], tags[earlier])):
                bin_ = bisect_right(edges, stop - start) - 1
                if (a, b) in layout.pairs and 0 <= bin_ < axis.bins:
                    counts[layout.pairs.index((a, b)), bin_] += np.uint64(1)
                if a == b:
                    break
    return counts


def counted(stream, part, layout, axis, count=None):
    histogram = pairs.empty_histogram(layout, axis)
    (count or count_pairs)(stream, part, layout, axis, histogram)
    return pairs.rows_of(histogram, axis)


def count_pairs(stream, part, layout, axis, histogram):
    pairs.count_pairs(NO_TAGS, stream, part, layout, axis, histogram)


def lag_by_lag(stream, part, layout, axis, histogram):
    count_lags(*stream, part, axis.constants, layout.codes, layout.traits, histogram)


def crowd(stream, part, layout, axis, histogram):
    count_crowd(*stream, part, layout, axis, pairs.rows_of(histogram, axis))


@settings(max_examples=150)
@given(crowds(channels=(0, 1, 2, 7, 9), span=500) | crowds(channels=(0, 1), span=60), LAYOUTS, AXES, st.data())
def test_every_loop_equals_the_oracle(stream, layout, axis, data):
    time_ps, channel = stream
    begin = data.draw(st.integers(0, time_ps.size))
    part = begin, data.draw(st.integers(begin, time_ps.size))
    expected = oracle(time_ps, channel, part, layout, axis)
    for count in (count_pairs, lag_by_lag, crowd):
        assert (counted(stream, part, layout, axis, count) == expected).all()


@given(crowds(channels=(0, 1, 2, 7, 9), span=300), LAYOUTS, UNEQUAL, st.data())
def test_unequal_bins_equal_the_oracle(stream, layout, axis, data):
    begin = data.draw(st.integers(0, stream[0].size))
    part = begin, stream[0].size
    assert (counted(stream, part, layout, axis) == oracle(*stream, part, layout, axis)).all()


@pytest.mark.parametrize("rate_hz", [1e5, 1e8, 1e11])
def test_unequal_bins_over_eight_decades(rate_hz, monkeypatch):
    """Short delays pair by pair, long ones edge by edge, in pieces."""
    monkeypatch.setattr(pairs, "PIECE", 3_000)
    generator = np.random.default_rng(12)
    time_ps = np.cumsum(generator.exponential(1e12 / rate_hz, 10_000).astype(np.int64))
    channel = generator.integers(0, 2, time_ps.size).astype(np.uint8)
    axis, layout = EdgeAxis.doubling(10**10, 100), PairLayout.chosen(((1, 0), (0, 0)))
    across, itself = counted((time_ps, channel), (0, time_ps.size), layout, axis)
    starts, stops = time_ps[channel == 1], time_ps[channel == 0]
    assert (across == np.diff([int(np.searchsorted(stops, starts + edge).sum()) for edge in axis.edges_ps()])).all()
    expected = np.diff([int(np.searchsorted(stops, stops + edge).sum()) for edge in axis.edges_ps()])
    expected[: axis.bins // 2] = 0
    equal = int((np.unique(stops, return_counts=True)[1] ** 2).sum())  # ordered couples of equal time, each tag with itself too
    expected[axis.bins // 2] -= equal - (equal - stops.size) // 2
    assert (itself == expected).all()


@settings(max_examples=60)
@given(crowds(channels=(0, 1, 2, 7, 9), span=500), LAYOUTS, AXES, st.data())
def test_a_seam_changes_nothing(stream, layout, axis, data):
    time_ps, channel = stream
    seam = data.draw(st.integers(0, time_ps.size))
    end = data.draw(st.integers(seam, time_ps.size))
    earlier, later = (time_ps[:seam], channel[:seam]), (time_ps[seam:], channel[seam:])
    expected = oracle(time_ps, channel, (seam, end), layout, axis)
    with np.errstate(over="ignore"):
        for across in (pairs._count_across, pairs._count_across.py_func):
            histogram = pairs.empty_histogram(layout, axis)
            across(*earlier, *later, (0, end - seam), axis.constants, layout.codes, histogram)
            pairs.count_pairs(NO_TAGS, later, (0, end - seam), layout, axis, histogram)
            assert (pairs.rows_of(histogram, axis) == expected).all()


@pytest.mark.parametrize("rate_hz", [4e6, 8e6, 40e6, 4e8])
def test_dense_and_sparse_light_agree_with_numpy(rate_hz):
    generator = np.random.default_rng(11)
    time_ps = np.cumsum(generator.exponential(1e12 / rate_hz, 20_000).astype(np.int64))
    channel = generator.integers(0, 2, time_ps.size).astype(np.uint8)
    axis = TauAxis.symmetric(100_000, 100)
    first, second = time_ps[channel == 0], time_ps[channel == 1]
    expected = np.zeros(axis.bins, np.int64)
    for tau in (second[np.searchsorted(second, t - 100_000) : np.searchsorted(second, t + 100_000)] - t for t in first):
        expected += np.bincount((tau + 100_000) // 100, minlength=axis.bins)
    [row] = counted((time_ps, channel), (0, time_ps.size), PairLayout.of((0, 1)), axis)
    assert (row == expected).all()


def test_a_million_equal_times_are_counted_at_once():
    channel = (np.arange(1_000_000) % 2).astype(np.uint8)
    axis = TauAxis.symmetric(200_000, 100)
    started = time.monotonic()
    [row] = counted((np.full(channel.size, 5), channel), (0, channel.size), PairLayout.of((0, 1)), axis)
    assert time.monotonic() - started < 20
    assert row[axis.bins // 2] == 500_000**2
    assert row.sum() == 500_000**2


def test_a_burst_on_one_channel_costs_nothing_and_counts_nothing():
    time_ps = np.arange(10_000_000, dtype=np.int64)
    one_channel = time_ps, np.zeros(time_ps.size, np.uint8)
    row = counted(one_channel, (0, time_ps.size), PairLayout.of((0, 1)), TauAxis.symmetric(200_000, 100))
    assert row.sum() == 0


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 3_000])
def test_times_at_the_edge_of_what_a_segment_holds(base):
    generator = np.random.default_rng(5)
    time_ps, channel = np.sort(generator.integers(0, 3_000, 300)), generator.integers(0, 2, 300).astype(np.uint8)
    layout, axis = PairLayout.of((0, 1)), TauAxis.symmetric(200, 10)
    expected = counted((time_ps, channel), (0, 300), layout, axis)
    assert (counted((time_ps + base, channel), (0, 300), layout, axis) == expected).all()
    ends = np.array([-(2**62), 2**62], np.int64)
    assert counted((ends, np.array([0, 1], np.uint8)), (0, 2), layout, axis).sum() == 0


def test_unsorted_times_cannot_write_outside_the_histogram():
    generator = np.random.default_rng(6)
    time_ps, channel = generator.integers(-(2**61), 2**61, 5_000), generator.integers(0, 9, 5_000).astype(np.uint8)
    axis = TauAxis.symmetric(200, 10)
    layout = PairLayout.of((0, 1, 2, 7))
    guarded = np.zeros(pairs.empty_histogram(layout, axis).size + 512, np.uint64)
    lag_by_lag((time_ps, channel), (0, 5_000), layout, axis, guarded[256:-256])
    assert not guarded[:256].any()
    assert not guarded[-256:].any()


def test_each_pair_of_equal_times_is_counted_once():
    for order in combinations((0, 1, 2, 7), 3):
        for permuted in (order, order[::-1]):
            stream = np.zeros(3, np.int64), np.array(permuted, np.uint8)
            rows = counted(stream, (0, 3), PairLayout.of((0, 1, 2, 7)), TauAxis.symmetric(100, 10))
            assert rows.sum() == rows[:, 10].sum() == 3


def test_look_backs_count_the_couples_in_reach():
    assert look_backs(np.array([0, 5, 9, 10, 30]), 2, 5) == 1 + 2 + 0
