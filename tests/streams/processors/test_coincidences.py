"""n-fold coincidences against every combination tried by hand, however the stream is cut."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.block import Loss
from schemas.panes import PANE_PS, PaneParameters
from streams.errors import DensityError
from streams.processors import coincidences, panes
from streams.processors.coincidences import CoincidenceParameters, CoincidenceState, read
from streams.processors.delayed import Delays
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import ORIGIN_UNIX_NS, crowds, cut, segment

CHANNELS = (0, 1, 2, 7)
SETS = ((0, 1), (1, 7), (0, 1, 2), (0, 1, 2, 7))
EDGE_PS = PANE_PS - (ORIGIN_UNIX_NS * 1000) % PANE_PS


def oracle(whole, parameters):
    """One combination at a time: coincidences by (pane, set), singles by (pane, channel), live time by pane."""
    delays = parameters.delays.delay_ps
    low, high = parameters.delays.bounds_ps
    spread = (Loss(whole.start_ps, whole.start_ps), Loss(whole.reached_ps, whole.reached_ps)) if low < high else ()
    losses = [x for x in whole.losses if x.start_ps < x.end_ps]
    lost = [(x.start_ps + low, x.end_ps + high) for x in (*losses, *spread)]
    start, reached = whole.start_ps + low, whole.reached_ps + high
    live = lambda t: start <= t < reached and not any(a <= t < b for a, b in lost)  # noqa: E731
    across = lambda first, last: any(first < b and a <= last and a < b for a, b in lost)  # noqa: E731
    pane = lambda t: (whole.origin_unix_ns * 1000 + t) // PANE_PS  # noqa: E731
    tags = [(int(t) + delays.get(int(c), 0), int(c)) for t, c in zip(whole.time_ps, whole.channel, strict=True)]
    tags = [tag for tag in tags if live(tag[0])]
    counts = {}
    for t, c in tags:
        if c in parameters.channels:
            counts[pane(t), c] = counts.get((pane(t), c), 0) + 1
    for one in parameters.sets:
        for times in product(*([t for t, c in tags if c == channel] for channel in one)):
            pairs = combinations(times, 2)
            if all(
                -parameters.window_ps <= 2 * (later - earlier) < parameters.window_ps for earlier, later in pairs
            ) and not across(min(times), max(times)):
                counts[pane(max(times)), one] = counts.get((pane(max(times)), one), 0) + 1
    live_ps = {}
    for t in range(start, reached):
        live_ps[pane(t)] = live_ps.get(pane(t), 0) + live(t)
    return counts, live_ps


def run(segments, parameters, *, through_bytes=False):
    state, seen, shifted = coincidences.initial(parameters), [], []
    for piece in segments:
        state, tallies = coincidences.step(state, piece, parameters)
        seen += tallies.seen
        shifted += tallies.shifted
        if through_bytes:
            state = state_from_bytes(state_to_bytes(state), CoincidenceState)
    rest = coincidences.close(state, parameters)
    return seen + list(rest.seen), shifted + list(rest.shifted)


def by_pane(tallies, parameters):
    counts, live_ps = {}, {}
    for one in tallies:
        found = read(one, parameters)
        for what, count in (*found.coincidences.items(), *found.singles.items()):
            if count:
                counts[one.key.start_unix_s, what] = count
        live_ps[one.key.start_unix_s] = one.live_ps
    return counts, live_ps


@st.composite
def streams(draw):
    """A stream around a pane edge, with losses."""
    time_ps, channel = draw(crowds(channels=(*CHANNELS, 9), most=25, span=120))
    start = EDGE_PS - draw(st.integers(0, 130))
    some = st.integers(start, start + 130)
    losses = [Loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    return segment(time_ps + start, channel, start, start + 130, CHANNELS, losses)


@settings(max_examples=300)
@given(
    streams(),
    st.integers(1, 60),
    st.dictionaries(st.sampled_from(CHANNELS), st.integers(-20, 20), max_size=2),
    st.data(),
)
def test_coincidences_equal_the_oracle_however_the_stream_is_cut(whole, window_ps, delays, data):
    parameters = CoincidenceParameters(SETS, window_ps, Delays(delays))
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=6))
    seen, shifted = run(cut(whole, places), parameters, through_bytes=True)
    assert by_pane(seen, parameters) == oracle(whole, parameters)
    assert not shifted


def test_a_pair_is_what_panes_count():
    generator = np.random.default_rng(4)
    time_ps = np.cumsum(generator.integers(0, 900, 5_000))
    whole = segment(time_ps, generator.choice([0, 1, 2], 5_000), 0, int(time_ps[-1]) + 1, (0, 1, 2))
    for window_ps in (1, 2, 999, 1_000):
        parameters = CoincidenceParameters.all_pairs((0, 1, 2), window_ps)
        [one], _ = run([whole], parameters)
        pane_parameters = PaneParameters(coincidence_window_ps=window_ps)
        state, closed = panes.step(panes.initial(pane_parameters), whole, pane_parameters)
        rows = (*closed.coincidences, *panes.close(state, pane_parameters).coincidences)
        found = read(one, parameters)
        assert {pair: count for pair, count in found.coincidences.items() if count} == {r.channels: r.coincidences for r in rows}
        assert (found.matrix() == found.matrix().T).all()
        assert found.matrix()[0, 2] == found.coincidences[0, 2]
        assert found.matrix().diagonal().tolist() == np.bincount(whole.channel).tolist()


def test_accidentals_are_those_of_uncorrelated_light():
    generator = np.random.default_rng(9)
    true = np.sort(generator.integers(0, 10**11, 40_000))  # 400,000 pairs a second, one ps apart, over 0.1 s
    time_ps = np.concatenate((true, true + 1))
    order = np.argsort(time_ps, kind="stable")
    channel = np.repeat([3, 5], true.size)[order]
    whole = segment(time_ps[order], channel, 0, 10**11 + 2, (3, 5))
    parameters = CoincidenceParameters(((5, 3),), 100_000, accidental_shift_ps=1_000_000)
    [seen], shifted = run([whole], parameters)
    [accidental] = [read(one, parameters) for one in shifted]
    expected = 40_000**2 * 1e5 / 1e11
    assert abs(accidental.coincidences[3, 5] - expected) < 5 * expected**0.5
    assert abs(read(seen, parameters).coincidences[3, 5] - 40_000 - expected) < 5 * expected**0.5


@pytest.mark.parametrize("fold", [2, 3, 8])
def test_uncorrelated_light_makes_the_accidentals_that_are_documented(fold):
    generator = np.random.default_rng(fold)
    channel = np.repeat(np.arange(fold), 20_000)
    time_ps = generator.integers(0, 10**9, channel.size)
    order = np.argsort(time_ps, kind="stable")
    parameters = CoincidenceParameters((tuple(range(fold)),), 40_000)
    tallies, _ = run([segment(time_ps[order], channel[order], 0, 10**9, (0,))], parameters)
    [count] = read(tallies[0], parameters).coincidences.values()
    expected = fold * 20_000.0 ** (fold - 1) * (20_000 / 1e9) ** fold * 1e9
    assert abs(count - expected) < 0.05 * expected + 5 * expected**0.5


def test_a_million_tags_at_once():
    channel = np.arange(1_000_000) % 2
    parameters = CoincidenceParameters(((0, 1),), 2)
    pieces = [segment(np.full(channel.size, 5), channel, 0, 6), segment([6], [0], 6, 7)]
    [one], _ = run(pieces, parameters)
    assert read(one, parameters).coincidences[0, 1] == 500_000**2 + 500_000


def test_more_coincidences_than_can_be_counted_are_refused():
    channel = np.arange(4_000_000) % 8
    parameters = CoincidenceParameters((tuple(range(8)), (0, 1)), 1_000)
    state = coincidences.initial(parameters)
    with pytest.raises(DensityError, match="narrow the window"):
        coincidences.step(state, segment(np.full(channel.size, 5), channel, 0, 10), parameters)
    _, tallies = coincidences.step(state, segment([5], [0], 0, 10), parameters)
    assert not tallies.seen


def test_ten_million_tags_of_one_channel():
    time_ps = np.arange(10_000_000)
    piece = segment(time_ps, np.zeros(time_ps.size), 0, time_ps.size)
    [one], _ = run([piece], CoincidenceParameters(((0, 1),), 1_000))
    assert one.totals.tolist() == [0, 10_000_000, 0]
    with pytest.raises(DensityError, match="wait for partners"):
        run([piece], CoincidenceParameters(((0, 1),), 10**10))


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 3_000])
def test_times_at_the_edge_of_what_a_segment_holds(base):
    time_ps = np.array([0, 1, 2_998, 2_999]) + base
    whole = segment(time_ps, [0, 1, 1, 0], base, base + 3_000, origin_unix_ns=0)
    tallies, _ = run([whole], CoincidenceParameters(((0, 1),), 10))
    assert sum(int(one.totals[0]) for one in tallies) == 2


@pytest.mark.parametrize(
    ("sets", "window_ps", "shift_ps", "match"),
    [
        ((), 1, 0, "from 1 to"),
        (((0,),), 1, 0, "2 to 8 different"),
        (((0, 0),), 1, 0, "2 to 8 different"),
        ((tuple(range(9)),), 1, 0, "2 to 8 different"),
        (((0, 255),), 1, 0, "2 to 8 different"),
        (((0, 1),), 0, 0, "between 1"),
        (((0, 1),), 1_000, 10, "between the window"),
    ],
)
def test_impossible_parameters_are_refused(sets, window_ps, shift_ps, match):
    with pytest.raises(ValueError, match=match):
        CoincidenceParameters(sets, window_ps, accidental_shift_ps=shift_ps)
