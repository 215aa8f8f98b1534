"""Power sums against plain integers, however the stream is cut, and across interruptions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import Loss
from streams.errors import DensityError
from streams.estimators.mandel import CountMoments
from streams.processors import dispersion
from streams.processors.bin_widths import BinWidths
from streams.processors.count_series import SeriesParameters
from streams.processors.dispersion import DispersionState
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import cut, segment

WIDTH_PS = 10**6
WIDTHS = BinWidths(SeriesParameters((0, 4), WIDTH_PS), (1, 3, 4))


def oracle(whole):
    """Moments by width and channel; the stream's origin is the epoch."""
    lost = [(x.start_ps, x.end_ps) for x in whole.losses if x.start_ps < x.end_ps]
    moments = {}
    for width in WIDTHS.widths_ps:
        starts = range(-(-whole.start_ps // width) * width, whole.reached_ps - width + 1, width)
        live = [start for start in starts if not any(a < start + width and start < b for a, b in lost)]
        for channel in (0, 4):
            times = whole.time_ps[whole.channel == channel]
            counts = [sum(start <= t < start + width for t in times.tolist()) for start in live]
            moments[width, channel] = CountMoments(len(live), *(sum(n**power for n in counts) for power in (1, 2, 3, 4)))
    return moments


@st.composite
def streams(draw):
    """A stream of bins, with losses."""
    start = draw(st.integers(0, 5 * WIDTH_PS))
    reached = start + draw(st.integers(1, 20 * WIDTH_PS))
    times = sorted(draw(st.lists(st.integers(start, reached - 1), max_size=40)))
    some = st.integers(start, reached)
    losses = [Loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    channel = [draw(st.sampled_from([0, 4, 9])) for _ in times]
    return segment(times, channel, start, reached, (0, 4), losses, origin_unix_ns=0)


@settings(max_examples=150)
@given(streams(), st.data())
def test_sums_equal_the_oracle_however_the_stream_is_cut(whole, data):
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=8))
    state, found = dispersion.initial(WIDTHS), {}
    for piece in cut(whole, places):
        state, found = dispersion.step(state, piece, WIDTHS)
        state = state_from_bytes(state_to_bytes(state), DispersionState)
    assert found == oracle(whole)


def test_a_burst_and_ten_million_tags_of_one_channel():
    state, _ = dispersion.step(dispersion.initial(WIDTHS), segment([], [], 0, 0, origin_unix_ns=0), WIDTHS)
    burst = segment(np.full(10**6, 5), np.zeros(10**6), 0, WIDTH_PS, origin_unix_ns=0)
    state, found = dispersion.step(state, burst, WIDTHS)
    assert found[WIDTH_PS, 0] == CountMoments(1, *(10 ** (6 * power) for power in (1, 2, 3, 4)))
    time_ps = np.arange(10_000_000) + WIDTH_PS
    state, found = dispersion.step(
        state, segment(time_ps, np.zeros(time_ps.size), WIDTH_PS, 11 * WIDTH_PS, origin_unix_ns=0), WIDTHS
    )
    assert found[WIDTH_PS, 0] == CountMoments(11, *(11 * 10 ** (6 * power) for power in (1, 2, 3, 4)))
    assert len(state_to_bytes(state)) < 10_000


def test_bins_too_full_are_refused():
    two = BinWidths(SeriesParameters((0,), WIDTH_PS), (2,))
    state, _ = dispersion.step(dispersion.initial(two), segment([5], [0], 0, WIDTH_PS, origin_unix_ns=0), two)
    nearly = replace(state, partial=np.full((1, 1), 2**32 - 1, np.uint64))
    with pytest.raises(DensityError, match="narrower bins"):
        dispersion.step(nearly, segment([WIDTH_PS], [0], WIDTH_PS, 2 * WIDTH_PS, origin_unix_ns=0), two)


@pytest.mark.parametrize("multiples", [(), (0,), (1, 1), (2**16 + 1,)])
def test_impossible_widths_are_refused(multiples):
    with pytest.raises(ValueError, match="multiples"):
        BinWidths(SeriesParameters((0,), WIDTH_PS), multiples)
