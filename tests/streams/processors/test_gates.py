"""Gates against every gate looked into by hand, however the stream is cut; the heralded g² of a made source."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import Loss
from schemas.panes import PANE_PS
from streams.errors import DensityError
from streams.processors import gates
from streams.processors.delayed import Delays
from streams.processors.gates import GateParameters, GateState, read
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import ORIGIN_UNIX_NS, crowds, cut, segment

EDGE_PS = PANE_PS - (ORIGIN_UNIX_NS * 1000) % PANE_PS


def oracle(whole, parameters):
    """Gates by pane and set of channels that clicked; tags in gates by pane and channel."""
    lost = [(x.start_ps, x.end_ps) for x in whole.losses if x.start_ps < x.end_ps]
    tags = [(int(t), int(c)) for t, c in zip(whole.time_ps, whole.channel, strict=True)]
    counts = {}
    for t, c in tags:
        low, high = min(t, t + parameters.begin_ps), max(t + 1, t + parameters.end_ps)
        if c != parameters.herald or low < whole.start_ps or high > whole.reached_ps:
            continue
        if any(a < high and low < b for a, b in lost):
            continue
        pane = (whole.origin_unix_ns * 1000 + high - 1) // PANE_PS
        inside = [d for s, d in tags if t + parameters.begin_ps <= s < t + parameters.end_ps and d in parameters.channels]
        for what in (frozenset(inside), *inside):
            counts[pane, what] = counts.get((pane, what), 0) + 1
    return counts


def run(segments, parameters, *, through_bytes=False):
    state, tallies = gates.initial(parameters), []
    for piece in segments:
        state, closed = gates.step(state, piece, parameters)
        tallies += closed
        if through_bytes:
            state = state_from_bytes(state_to_bytes(state), GateState)
    return tallies + list(gates.close(state, parameters))


def by_pane(tallies, parameters):
    counts = {}
    for one in tallies:
        found = read(one, parameters)
        for what, count in (*found.patterns.items(), *found.tags.items()):
            if count:
                counts[one.key.start_unix_s, what] = count
    return counts


PARAMETERS = st.builds(
    lambda begin, length, channels: GateParameters(0, channels, begin, begin + length),
    st.integers(-40, 40),
    st.integers(1, 50),
    st.sampled_from([(1,), (7, 1), (1, 2, 7)]),
)


@st.composite
def streams(draw):
    """A stream around a pane edge, with losses."""
    time_ps, channel = draw(crowds(most=30, span=120))
    start = EDGE_PS - draw(st.integers(0, 130))
    some = st.integers(start, start + 130)
    losses = [Loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    return segment(time_ps + start, channel, start, start + 130, (0, 1), losses)


@settings(max_examples=300)
@given(streams(), PARAMETERS, st.data())
def test_gates_equal_the_oracle_however_the_stream_is_cut(whole, parameters, data):
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=6))
    tallies = run(cut(whole, places), parameters, through_bytes=True)
    assert by_pane(tallies, parameters) == oracle(whole, parameters)
    assert [(one.key, one.live_ps) for one in tallies] == [(one.key, one.live_ps) for one in run([whole], parameters)]


def test_clicks_of_a_made_heralded_source():
    generator = np.random.default_rng(2)
    pulses = np.arange(1, 200_001) * 12_500
    photons = generator.poisson(0.05, pulses.size)  # pairs: as many on either side
    heralded = photons > 0
    ways = generator.multinomial(photons, [0.3, 0.3, 0.4])
    signal = [np.repeat(pulses, ways[:, k]) + 400 for k in (0, 1)]
    time_ps = np.concatenate((pulses[heralded], *signal))
    channel = np.repeat([0, 1, 2], [heralded.sum(), *map(len, signal)])
    order = np.argsort(time_ps, kind="stable")
    whole = segment(time_ps[order], channel[order], 0, 200_002 * 12_500)
    parameters = GateParameters(0, (1, 2), delays=Delays({2: 250}))
    found = read(sum((more := run([whole], parameters))[1:], more[0]), parameters)
    clicks = (ways[:, :2] > 0) & heralded[:, None]
    assert found.heralds == heralded.sum()
    assert [found.clicked(1), found.clicked(2), found.clicked(1, 2)] == [*clicks.sum(axis=0), clicks.all(axis=1).sum()]
    assert found.tags == {1: ways[:, 0].sum(), 2: ways[:, 1].sum()}
    g2 = Fraction(found.heralds * found.clicked(1, 2), found.clicked(1) * found.clicked(2))
    assert abs(float(g2) - (1 - np.exp(-0.05))) < 0.01  # of a Poissonian pair source: the chance of a pair in a pulse


def test_hostile_streams():
    channel = np.tile([0, 1], 500_000)
    burst = segment(np.full(channel.size, 5), channel, 0, 10)
    parameters = GateParameters(0, (1,), 0, 3)
    [one] = run([burst], parameters)
    assert (read(one, parameters).clicked(1), read(one, parameters).tags[1]) == (500_000, 500_000**2)
    time_ps = np.arange(10_000_000)
    piece = segment(time_ps, np.zeros(time_ps.size), 0, time_ps.size)
    assert read(run([piece], parameters)[0], parameters).patterns == {frozenset(): 9_999_998}
    with pytest.raises(DensityError, match="shorten the gate"):
        run([piece], GateParameters(0, (1,), 0, 2**41))


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 3_000])
def test_times_at_the_edge_of_what_a_segment_holds(base):
    parameters = GateParameters(0, (1,), -10, 10)
    [one] = run(
        [segment([base, base + 20, base + 25, base + 2_999], [0, 0, 1, 0], base, base + 3_000, origin_unix_ns=0)], parameters
    )
    found = read(one, parameters)  # gates of the first and the last herald are not seen whole
    assert (found.heralds, found.clicked(1), found.live_ps) == (1, 1, 3_000)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"herald": 1}, "one to 7"),
        ({"channels": ()}, "one to 7"),
        ({"channels": tuple(range(1, 9))}, "one to 7"),
        ({"end_ps": 0}, "end behind"),
        ({"end_ps": 2**41 + 1}, "either way"),
    ],
)
def test_impossible_parameters_are_refused(wrong, match):
    with pytest.raises(ValueError, match=match):
        GateParameters(**({"herald": 0, "channels": (1,)} | wrong))
