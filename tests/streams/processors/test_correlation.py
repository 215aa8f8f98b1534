"""Correlation against every pair counted by hand, however the stream is cut and restarted; hostile streams."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import DensityError, SegmentError
from streams.kernels.axis import EdgeAxis, TauAxis
from streams.processors import correlation, delayed
from streams.processors.correlation import CorrelationParameters, CorrelationState, correlate
from streams.processors.delayed import Delays
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import crowds, cut, loss, segment

SPAN = 3_000
PAIRS = ((0, 1), (7, 0), (2, 2))
AXES = st.sampled_from(
    [
        TauAxis.symmetric(200, 10),
        TauAxis(-7, 3, 5),
        TauAxis.window(1),
        TauAxis.symmetric(2_000, 2_000),
        TauAxis.symmetric(2**31, 2**20),
        EdgeAxis.doubling(1_000, 3, 2),
    ]
)
DELAYS = st.dictionaries(st.sampled_from([0, 1, 2, 7]), st.integers(-400, 400), max_size=3).map(Delays)


def oracle(whole, parameters, delays):
    """Every two tags, in plain integers."""
    edges = parameters.axis.edges_ps()
    counts = np.zeros((len(PAIRS), parameters.axis.bins), np.int64)
    tags = [(int(t) + delays.delay_ps.get(int(c), 0), int(c)) for t, c in zip(whole.time_ps, whole.channel, strict=True)]
    for row, (start, stop) in enumerate(parameters.pairs):
        for i, (t, c) in enumerate(tags):
            for j, (u, d) in enumerate(tags):
                if i == j or (c, d) != (start, stop) or (start == stop and (u, j) < (t, i)):
                    continue
                place = int(np.searchsorted(edges, u - t, side="right")) - 1
                if 0 <= place < parameters.axis.bins:
                    counts[row, place] += 1
    return counts


def counted(pieces, parameters, delays, restart):
    """Through both processors; every state travels as bytes where ``restart`` says so."""
    state, waiting = correlation.initial(parameters), delayed.initial()
    for piece, again in zip(pieces, restart, strict=True):
        waiting, ready = delayed.step(waiting, piece, delays)
        for each in ready:
            state, _ = correlation.step(state, each, parameters)
        if again:
            state = state_from_bytes(state_to_bytes(state), CorrelationState)
    for each in delayed.close(waiting, delays):
        state, _ = correlation.step(state, each, parameters)
    return correlation.Correlation(state, parameters)


@settings(max_examples=200)
@given(crowds(most=25), AXES, DELAYS, st.lists(st.integers(0, SPAN), max_size=8), st.data())
def test_any_cut_any_restart_equals_the_oracle(stream, axis, delays, places, data):
    parameters = CorrelationParameters(PAIRS, axis)
    whole = segment(*stream, 0, SPAN + 1)
    pieces = cut(whole, places)
    result = counted(pieces, parameters, delays, data.draw(st.lists(st.booleans(), min_size=len(pieces), max_size=len(pieces))))
    assert (result.counts == oracle(whole, parameters, delays)).all()
    assert result.tags.tolist() == np.bincount(stream[1], minlength=256).tolist()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, SPAN), st.integers(0, SPAN)), max_size=3), st.lists(st.integers(0, SPAN), max_size=5))
def test_live_time_does_not_depend_on_the_cut(intervals, places):
    losses = [loss(min(pair), max(pair)) for pair in intervals]
    whole = segment([], [], 0, SPAN, losses=losses)
    result = correlate(cut(whole, places), CorrelationParameters(PAIRS, TauAxis.window(5)))
    lost = {t for x in losses for t in range(x.start_ps, x.end_ps)}
    assert (result.state.live_ps, result.state.lost_ps) == (SPAN - len(lost), len(lost))


def test_a_loss_between_segments_is_lost_but_not_covered():
    pieces = [segment([5], [0], 0, 10), segment([25], [1], 20, 30, losses=[loss(10, 22)])]
    result = correlate(pieces, CorrelationParameters(((0, 1),), TauAxis.symmetric(50, 10)))
    assert (result.state.live_ps, result.state.lost_ps) == (18, 12)
    assert result.counts[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]


def test_streams_add_up_and_never_pair():
    parameters = CorrelationParameters(((0, 1),), TauAxis.symmetric(100, 10))
    result = correlate([segment([5, 8], [0, 1], 0, 10, run="a"), segment([9, 9], [1, 0], 0, 10, run="b")], parameters)
    assert result.counts.sum() == result.counts[0, 10] == 2
    assert result.state.live_ps == 20


def test_a_state_stays_usable_and_a_result_stays_as_it_was():
    parameters = CorrelationParameters(((0, 1),), TauAxis.symmetric(100, 10))
    first, _ = correlation.step(correlation.initial(parameters), segment([5, 8], [0, 1], 0, 10), parameters)
    early = correlation.Correlation(first, parameters)
    for _ in range(2):
        late = correlation.Correlation(correlation.step(first, segment([11], [1], 10, 20), parameters)[0], parameters)
        assert (early.counts.sum(), late.counts.sum()) == (1, 2)
    with pytest.raises(ValueError, match="read-only"):
        late.counts[0, 0] = 1


def test_what_was_counted_already_is_refused():
    parameters = CorrelationParameters(((0, 1),), TauAxis.symmetric(100, 10))
    state, _ = correlation.step(correlation.initial(parameters), segment([5], [0], 0, 10), parameters)
    with pytest.raises(SegmentError, match="counted already"):
        correlation.step(state, segment([9], [1], 9, 20), parameters)


def test_unsorted_tags_make_no_segment():
    with pytest.raises(SegmentError, match="tag 2 is earlier"):
        segment([5, 9, 8], [0, 1, 0], 0, 10)


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 4_000])
@pytest.mark.parametrize("axis", [TauAxis.symmetric(200, 10), TauAxis.symmetric(2**60, 2**40), EdgeAxis.doubling(2**60, 10)])
def test_times_at_the_edge_of_what_a_segment_holds(base, axis):
    generator = np.random.default_rng(5)
    time_ps, channel = np.sort(generator.integers(0, 3_000, 200)), generator.integers(0, 3, 200)
    parameters = CorrelationParameters(((0, 1), (2, 2)), axis)
    expected = correlate([segment(time_ps, channel, 0, 4_000)], parameters).counts
    whole = segment(time_ps + base, channel, base, base + 4_000)
    assert (correlate(cut(whole, [base + 1_000, base + 1_100]), parameters).counts == expected).all()


@pytest.mark.parametrize("axis", [TauAxis.symmetric(100_000, 100), EdgeAxis.doubling(100_000, 100)])
def test_a_million_equal_times_in_bounded_memory(axis):
    parameters = CorrelationParameters(((0, 1),), axis)
    burst = segment(np.full(10**6, 7), (np.arange(10**6) % 2).astype(np.uint8), 0, 8)
    started = time.monotonic()
    tracemalloc.start()
    result = correlate([burst, segment([9], [0], 8, 10)], parameters)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.counts[0, axis.bins // 2] == 500_000**2
    assert result.counts.sum() == 500_000**2 + 500_000
    assert time.monotonic() - started < 30
    assert peak < 150e6


def test_ten_million_tags_of_one_channel():
    parameters = CorrelationParameters(((0, 1), (0, 0)), TauAxis.symmetric(100_000, 100))
    generator = np.random.default_rng(8)
    time_ps = np.cumsum(generator.integers(1, 50_000, 10_000_000))
    whole = segment(time_ps, np.zeros(time_ps.size, np.uint8), 0, int(time_ps[-1]) + 1)
    result = correlate([whole], parameters)
    assert result.counts[0].sum() == 0
    within = np.searchsorted(time_ps, time_ps + 100_000) - np.arange(time_ps.size) - 1
    assert result.counts[1].sum() == within.sum()


def test_more_tags_in_reach_than_memory_should_hold_are_refused():
    parameters = CorrelationParameters(((0, 1),), EdgeAxis.doubling(10**10, 10**6))
    time_ps = np.arange(correlation.MOST_CARRIED + 10, dtype=np.int64)
    with pytest.raises(DensityError, match="narrow the range of delays"):
        correlate([segment(time_ps, np.zeros(time_ps.size), 0, time_ps.size)], parameters)


@pytest.mark.parametrize(
    ("pairs", "axis", "what"),
    [
        ((), TauAxis.window(1), "no pair"),
        (((0, 1), (1, 0)), TauAxis.window(1), "twice"),
        (((0, 255),), TauAxis.window(1), "0-254"),
        (((0, 1),), TauAxis.symmetric(2**29, 1), "at most"),
    ],
)
def test_impossible_parameters_are_refused(pairs, axis, what):
    with pytest.raises(ValueError, match=what):
        CorrelationParameters(pairs, axis)
