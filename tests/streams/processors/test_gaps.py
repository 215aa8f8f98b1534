"""Gaps against differences taken by hand, however the stream is cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import Loss
from streams.processors import gaps
from streams.processors.gaps import GapParameters, GapState, read
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import ORIGIN_UNIX_NS, crowds, cut, segment

EDGE_PS = 10**12 - (ORIGIN_UNIX_NS * 1000) % 10**12


def oracle(whole, parameters):
    """Gaps of each channel, sorted into bins by comparing with the edges."""
    lost = [(x.start_ps, x.end_ps) for x in whole.losses if x.start_ps < x.end_ps]
    edges = parameters.layout.edges_ps().tolist()
    counts = {channel: [0] * len(edges) for channel in parameters.channels}
    for channel in parameters.channels:
        times = [int(t) for t, c in zip(whole.time_ps, whole.channel, strict=True) if c == channel]
        times = [t for t in times if not any(a <= t < b for a, b in lost)]
        for earlier, later in pairwise(times):
            if not any(earlier < b and a <= later for a, b in lost):
                counts[channel][max(k for k, edge in enumerate(edges) if edge <= later - earlier)] += 1
    return counts


def run(segments, parameters, *, through_bytes=False):
    state, tallies = gaps.initial(parameters), []
    for piece in segments:
        state, closed = gaps.step(state, piece, parameters)
        tallies += closed
        if through_bytes:
            state = state_from_bytes(state_to_bytes(state), GapState)
    return tallies + list(gaps.close(state, parameters))


def total(tallies, parameters):
    found = read(sum(tallies[1:], tallies[0]), parameters)
    return {channel: [*counts.tolist(), found.beyond[channel]] for channel, counts in found.counts.items()}


PARAMETERS = st.sampled_from(
    [GapParameters((0, 7)), GapParameters((1,), octave_bits=0), GapParameters((0, 1, 2), bin_width_ps=7, bins=5)]
)


@st.composite
def streams(draw):
    """A stream around a pane edge, with losses."""
    time_ps, channel = draw(crowds(most=40, span=120))
    start = EDGE_PS - draw(st.integers(0, 130))
    some = st.integers(start, start + 130)
    losses = [Loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    return segment(time_ps + start, channel, start, start + 130, (0, 1), losses)


@settings(max_examples=300)
@given(streams(), PARAMETERS, st.data())
def test_gaps_equal_the_oracle_however_the_stream_is_cut(whole, parameters, data):
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=6))
    tallies = run(cut(whole, places), parameters, through_bytes=True)
    assert total(tallies, parameters) == oracle(whole, parameters)
    in_one = run([whole], parameters)
    assert [(one.key, one.totals.tolist()) for one in tallies] == [(one.key, one.totals.tolist()) for one in in_one]


def test_hostile_streams():
    parameters = GapParameters((0,))
    burst = segment(np.full(1_000_000, 5), np.zeros(1_000_000), 0, 10)
    assert total(run([burst], parameters), parameters)[0][0] == 999_999
    time_ps = np.arange(10_000_000)
    assert total(run([segment(time_ps, np.zeros(time_ps.size), 0, time_ps.size)], parameters), parameters)[0][8] == 9_999_999
    nothing = run([segment([], [], 0, 10), segment([], [], 10, 20), segment([20], [0], 20, 21)], parameters)
    assert sum(total(nothing, parameters)[0]) == 0


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 3_000])
def test_times_at_the_edge_of_what_a_segment_holds(base):
    parameters = GapParameters((0,), bin_width_ps=7, bins=5)
    pieces = cut(segment([base, base + 20, base + 2_999], [0, 0, 0], base, base + 3_000), [base + 1])
    assert total(run(pieces, parameters, through_bytes=True), parameters) == {0: [0, 0, 1, 0, 0, 1]}


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"channels": ()}, "different channels"),
        ({"channels": (1, 1)}, "different channels"),
        ({"channels": (255,)}, "different channels"),
        ({"octave_bits": 7}, "exponent"),
        ({"bin_width_ps": 0}, "at least 1"),
        ({"bin_width_ps": 2**30, "bins": 2}, "bins that double"),
        ({"bin_width_ps": 1, "bins": 2**20 + 1}, "widen the bins"),
    ],
)
def test_impossible_parameters_are_refused(wrong, match):
    with pytest.raises(ValueError, match=match):
        GapParameters(**({"channels": (0,)} | wrong))
