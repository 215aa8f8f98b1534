"""Thousands of tags in reach: both ways against each other, against arithmetic, and what is refused."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import DensityError
from streams.kernels import bursts, crowds, pairs
from streams.kernels.axis import EdgeAxis, TauAxis
from streams.kernels.bursts import gather
from streams.kernels.layout import PairLayout
from streams.kernels.walks import walk
from tests.streams import tag_streams

NO_TAGS = np.empty(0, np.int64), np.empty(0, np.uint8)
LAYOUT = PairLayout.chosen(((1, 0), (2, 2), (0, 2)))


def counted(stream, begin, axis, layout=LAYOUT):
    histogram = pairs.empty_histogram(layout, axis)
    pairs.count_pairs(NO_TAGS, stream, (begin, stream[0].size), layout, axis, histogram)
    return pairs.rows_of(histogram, axis)


def looked_back(stream, begin, axis):
    counts = np.zeros((3, axis.bins), np.uint64)
    crowds._look_back(gather(*stream, (begin, stream[0].size)), LAYOUT, axis, counts)
    return counts


def walked(stream, begin, axis):
    counts = np.zeros((3, axis.bins), np.uint64)
    walk(*stream, begin, LAYOUT, axis.edges_ps(), counts)
    return counts


@settings(max_examples=60)
@given(
    tag_streams.crowds(channels=(0, 1, 2), span=60),
    st.sampled_from([TauAxis.symmetric(200, 10), TauAxis(-3, 5, 9), TauAxis.symmetric(7, 7)]),
    st.data(),
)
def test_walking_and_looking_back_agree(stream, axis, data):
    begin = data.draw(st.integers(0, stream[0].size))
    expected = looked_back(stream, begin, axis)
    assert (walked(stream, begin, axis) == expected).all()
    same = TauAxis(axis.first_edge_ps, axis.bin_width_ps, axis.bins)
    object.__setattr__(same, "constants", (*axis.constants[:3], axis.bin_width_ps, 0, axis.bins))  # as wide axes divide
    assert (looked_back(stream, begin, same) == expected).all()


@settings(max_examples=20)
@given(tag_streams.crowds(channels=(0, 2), most=12, span=20), st.data())
def test_looking_back_without_compilation(stream, data):
    begin, axis = data.draw(st.integers(0, stream[0].size)), TauAxis.symmetric(30, 3)
    groups = [np.empty(stream[0].size, kind) for kind in (np.int64, np.uint8, np.uint64)]
    with np.errstate(over="ignore"):
        waiting = bursts._gather.py_func(*stream, (0, begin), 0, groups)
        size = bursts._gather.py_func(*stream, (begin, stream[0].size), waiting, groups)
        counts = np.zeros((3, axis.bins), np.uint64)
        columns = [column[:size] for column in groups]
        crowds._count_weighted.py_func(*columns, waiting, axis.constants, LAYOUT.codes, counts.reshape(-1))
    assert (counts == looked_back(stream, begin, axis)).all()


@pytest.mark.parametrize("axis", [TauAxis.symmetric(10**10, 10**7), TauAxis.symmetric(10**10, 10), EdgeAxis.doubling(10**10, 3)])
def test_delays_beyond_a_millisecond(axis, monkeypatch):
    if axis.bins > 10**6:
        axis = TauAxis.symmetric(10**9, 2_000)  # a million bins
    generator = np.random.default_rng(3)
    stream = np.sort(generator.integers(0, 10**11, 3_000)), generator.integers(0, 3, 3_000).astype(np.uint8)
    starts, stops = stream[0][stream[1] == 1], stream[0][stream[1] == 0]
    expected = np.histogram((stops[:, None] - starts[None, :]).ravel(), axis.edges_ps())[0]
    assert (counted(stream, 0, axis)[0] == expected).all()
    monkeypatch.setattr(crowds, "PIECE", 700)
    assert (counted(stream, 0, axis)[0] == expected).all()


@pytest.mark.parametrize("axis", [TauAxis.symmetric(200_000, 100), EdgeAxis.doubling(200_000, 100)])
def test_a_million_equal_times_are_counted_at_once(axis):
    channel = (np.arange(1_000_000) % 2).astype(np.uint8)
    layout = PairLayout.chosen(((0, 1), (1, 1)))
    started = time.monotonic()
    across, itself = counted((np.full(channel.size, 5), channel), 0, axis, layout)
    assert time.monotonic() - started < 20
    assert across[axis.bins // 2] == across.sum() == 500_000**2
    assert itself[axis.bins // 2] == itself.sum() == 500_000 * 499_999 // 2


def test_a_tag_every_picosecond_is_counted_by_walking():
    tags = 200_000
    time_ps, axis = np.arange(tags, dtype=np.int64), TauAxis.symmetric(20_000, 500)
    [row] = counted((time_ps, (time_ps % 2).astype(np.uint8)), 0, axis, PairLayout.of((0, 1)))
    tau = np.arange(-20_000, 20_000)
    ways = np.where(tau % 2, np.where(tau > 0, tags - tau + 1, tags + tau - 1) // 2, 0)  # starts are even, stops odd
    assert (row == ways.reshape(-1, 500).sum(axis=1)).all()


def test_tags_that_pair_with_nobody_cost_nothing():
    time_ps = np.arange(10_000_000, dtype=np.int64)
    started = time.monotonic()
    assert not counted((time_ps, np.zeros(time_ps.size, np.uint8)), 0, TauAxis.symmetric(200_000, 100)).any()
    assert time.monotonic() - started < 20


def test_more_than_can_be_counted_is_refused():
    time_ps = np.arange(200_000, dtype=np.int64)
    channel = (time_ps % 2).astype(np.uint8)
    with pytest.raises(DensityError, match="narrow the range of delays or widen the bins"):
        counted((time_ps, channel), 0, TauAxis.symmetric(200_000, 1), PairLayout.of((0, 1)))
