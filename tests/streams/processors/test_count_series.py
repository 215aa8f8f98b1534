"""Bins against every bin looked at by hand, however the stream is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import Loss
from streams.errors import SegmentError
from streams.processors import count_series
from streams.processors.count_series import SeriesParameters, SeriesState
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import ORIGIN_UNIX_NS, cut, segment

WIDTH_PS = 100_007
ORIGIN_PS = ORIGIN_UNIX_NS * 1000
EDGE_PS = 10**12 - ORIGIN_PS % 10**12


def oracle(whole, parameters):
    """Counts of each bin that is live from its beginning to its end."""
    lost = [(x.start_ps, x.end_ps) for x in whole.losses if x.start_ps < x.end_ps]
    counts = {}
    for k in range((ORIGIN_PS + whole.start_ps) // WIDTH_PS, (ORIGIN_PS + whole.reached_ps) // WIDTH_PS + 1):
        start, end = k * WIDTH_PS - ORIGIN_PS, (k + 1) * WIDTH_PS - ORIGIN_PS
        if whole.start_ps <= start and end <= whole.reached_ps and not any(a < end and start < b for a, b in lost):
            inside = (whole.time_ps >= start) & (whole.time_ps < end)
            counts[k] = [int((inside & (whole.channel == channel)).sum()) for channel in parameters.channels]
    return counts


def run(segments, parameters):
    state, series = count_series.initial(), []
    for piece in segments:
        state, complete = count_series.step(state, piece, parameters)
        state = state_from_bytes(state_to_bytes(state), SeriesState)
        series += complete
    return series


@st.composite
def streams(draw):
    """A stream around the edge of a second and of a bin, with losses."""
    on_edge = WIDTH_PS - (ORIGIN_PS + EDGE_PS) % WIDTH_PS
    start = EDGE_PS + draw(st.sampled_from([0, 5, on_edge, -WIDTH_PS, -3 * WIDTH_PS + on_edge]))
    reached = start + draw(st.integers(0, 6 * WIDTH_PS))
    times = sorted(draw(st.lists(st.integers(start, max(start, reached - 1)), max_size=25 if reached > start else 0)))
    some = st.integers(start, reached)
    losses = [Loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    return segment(times, [draw(st.sampled_from([0, 3, 9])) for _ in times], start, reached, (0, 3), losses)


@settings(max_examples=300)
@given(streams(), st.data())
def test_bins_equal_the_oracle_however_the_stream_is_cut(whole, data):
    parameters = SeriesParameters((3, 0), WIDTH_PS)
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=8))
    series = run(cut(whole, places), parameters)
    assert {piece.first + k: row for piece in series for k, row in enumerate(piece.counts.tolist())} == oracle(whole, parameters)


def test_time_that_no_segment_spoke_for_interrupts():
    parameters = SeriesParameters((0,), 10**6)
    pieces = [segment([5], [0], 0, 3 * 10**6, origin_unix_ns=0), segment([], [], 3 * 10**6 + 1, 6 * 10**6, origin_unix_ns=0)]
    assert [(piece.first, piece.counts[:, 0].tolist()) for piece in run(pieces, parameters)] == [(0, [1, 0, 0]), (4, [0, 0])]


def test_a_burst_of_a_million():
    [piece] = run([segment(np.full(10**6, 5), np.zeros(10**6), 0, 10**6, origin_unix_ns=0)], SeriesParameters((0,), 10**6))
    assert piece.counts.tolist() == [[10**6]]


def test_a_long_silence_in_narrow_bins_is_refused():
    with pytest.raises(SegmentError, match="cut it or widen"):
        run([segment([], [], 0, 10**13)], SeriesParameters((0,), 10**5))
    assert run([segment([], [], -(2**62), -(2**62) + 10**12, origin_unix_ns=2**62)], SeriesParameters((0,), 10**12)) == []


@pytest.mark.parametrize(("channels", "width_ps"), [((), 10**6), ((1, 1), 10**6), ((0,), 99_999), ((0,), 2**50 + 1)])
def test_impossible_parameters_are_refused(channels, width_ps):
    with pytest.raises(ValueError, match=r"channels|wide"):
        SeriesParameters(channels, width_ps)
