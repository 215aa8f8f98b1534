"""Delayed streams against a plain sort, for every way of cutting them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import Loss
from streams.errors import DensityError, SegmentError
from streams.processors import delayed
from streams.processors.delayed import DelayedState, Delays
from streams.processors.intervals import merged
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import crowds, cut, segment

DELAYS = st.dictionaries(st.sampled_from([0, 1, 2, 7]), st.sampled_from([-700, -3, 0, 1, 2, 900, 5_000]), max_size=4).map(Delays)
LOSSES = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 400)).map(lambda x: Loss(x[0], x[0] + x[1])), max_size=3)


def run(segments, delays):
    state, out = delayed.initial(), []
    for piece in segments:
        state, ready = delayed.step(state, piece, delays)
        state = state_from_bytes(state_to_bytes(state), DelayedState)
        out += ready
    return out + list(delayed.close(state, delays))


def joined(segments):
    """Tags, covered interval and lost time of segments that touch."""
    assert all(left.reached_ps == right.start_ps for left, right in pairwise(segments))
    lost = merged(((x.start_ps, x.end_ps) for piece in segments for x in piece.losses), None, 2**62)
    time_ps = np.concatenate([piece.time_ps for piece in segments])
    channel = np.concatenate([piece.channel for piece in segments])
    return time_ps.tolist(), channel.tolist(), segments[0].start_ps, segments[-1].reached_ps, lost


@settings(max_examples=200)
@given(crowds(), DELAYS, LOSSES, st.lists(st.integers(0, 3_500), max_size=6))
def test_the_stream_is_the_sorted_one_however_it_is_cut(tags, delays, losses, places):
    losses = [loss for loss in losses if loss.end_ps <= 3_500]
    whole = segment(*tags, 0, 3_500, (0, 1, 2, 7), losses)
    time_ps, channel, start_ps, reached_ps, lost = joined(run(cut(whole, places), delays))
    shifted = sorted(
        ((int(t) + delays.delay_ps.get(int(c), 0), i, int(c)) for i, (t, c) in enumerate(zip(*tags, strict=True))),
        key=lambda tag: tag[:2],
    )
    assert (time_ps, channel) == ([t for t, _, _ in shifted], [c for _, _, c in shifted])
    low, high = delays.bounds_ps
    assert (start_ps, reached_ps) == (low, 3_500 + high)
    blind = [(x.start_ps + low, x.end_ps + high) for x in (*losses, Loss(0, 0), Loss(3_500, 3_500))]
    assert lost == merged(blind if high > low else ((x.start_ps, x.end_ps) for x in losses), None, 2**62)


def test_without_delays_a_segment_passes_untouched():
    piece = segment([1, 5], [0, 1], 0, 10)
    state, [out] = delayed.step(delayed.initial(), piece, Delays({1: 0}))
    assert out is piece
    assert delayed.close(state, Delays({1: 0})) == ()


def test_time_that_no_segment_spoke_for_is_lost():
    pieces = [segment([5], [0], 0, 10), segment([55], [1], 50, 60)]
    *_, lost = joined(run(pieces, Delays({1: 3})))
    assert lost == ((0, 3), (10, 53), (60, 63))


def test_another_run_begins_anew():
    pieces = [segment([8], [1], 0, 10), segment([1], [0], 0, 10, run="s")]
    out = run(pieces, Delays({1: 5}))
    assert [(x.run, x.start_ps, x.reached_ps, x.time_ps.tolist()) for x in out] == [
        ("r", 0, 10, []),
        ("r", 10, 15, [13]),
        ("s", 0, 10, [1]),
        ("s", 10, 15, []),
    ]


def test_time_that_runs_backwards_is_refused():
    state, _ = delayed.step(delayed.initial(), segment([], [], 0, 10), Delays({1: 5}))
    with pytest.raises(SegmentError, match="begins before 10 ps"):
        delayed.step(state, segment([], [], 9, 20), Delays({1: 5}))


def test_a_burst_beyond_measure_is_refused(monkeypatch):
    monkeypatch.setattr(delayed, "MOST_HELD", 10)
    with pytest.raises(DensityError, match="shorten the delays"):
        delayed.step(delayed.initial(), segment([5] * 11, [1] * 11, 0, 10), Delays({1: 5}))


def test_a_million_equal_times_come_out_in_order():
    channel = (np.arange(1_000_000) % 3).astype(np.uint8)
    [out, rest] = run([segment(np.full(channel.size, 5), channel, 0, 10)], Delays({1: -2, 2: 7}))
    assert np.bincount(np.concatenate((out.channel, rest.channel))).tolist() == np.bincount(channel).tolist()
    assert sorted(set(out.time_ps.tolist())) == [3, 5]
    assert set(rest.time_ps.tolist()) == {12}


def test_times_that_a_delay_moves_out_of_reach_are_refused():
    edge = segment([2**62 - 5], [1], 2**62 - 10, 2**62)
    out = run([edge], Delays({1: -100}))
    assert joined(out)[0] == [2**62 - 105]
    with pytest.raises(SegmentError, match="choose an origin"):
        run([edge], Delays({1: 100}))


@pytest.mark.parametrize("delays", [{-1: 0}, {255: 0}, {3: 2**41 + 1}, {3: -(2**41) - 1}])
def test_impossible_delays_are_refused(delays):
    with pytest.raises(ValueError, match="channel"):
        Delays(delays)
