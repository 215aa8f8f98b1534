"""Two clocks from tags to states: found within 10 s, followed, lost, found again; never found where nothing is shared."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clocks import ClockState
from streams.clock_parameters import ClockParameters
from streams.errors import SegmentError
from streams.processors import clock_offset
from streams.processors.clock_offset import OffsetState
from streams.processors.held_tags import NodeTags
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.clocks import SECOND_PS, two_nodes

DIM = {"singles_hz": 1e5, "shared_hz": 1e3}
EVENTFUL_S = 8
QUICK = ClockParameters(reach_ps=10**11, part_ps=5 * 10**11)


def pieces(time_ps, edges):
    for start, end in pairwise(edges):
        part = time_ps[slice(*np.searchsorted(time_ps, (start, end)))]
        yield NodeTags(part, np.zeros(part.size, np.uint8), start, end)


def ticks_of(nodes, parameters, *, seconds, start_ps=0):
    """Both nodes fed side by side, in blocks of 250 ms."""
    edges = range(start_ps, start_ps + round(seconds * SECOND_PS) + 1, SECOND_PS // 4)
    state, ticks = clock_offset.initial(), []
    for ours, other in zip(pieces(nodes.ours_ps, edges), pieces(nodes.other_ps, edges), strict=True):
        state, more = clock_offset.step(state, ours, other, parameters)
        ticks += more
    return ticks


def random_nodes(seed, *, seconds, reach_ps=SECOND_PS, **more):
    generator = np.random.default_rng(1_000 + seed)
    where = {"offset_ps": int(generator.integers(-reach_ps, reach_ps)), "frequency": generator.uniform(-1e-6, 1e-6)}
    return two_nodes(seed, seconds=seconds, **{**where, **more})


def errors_of(nodes, ticks, states):
    told = [tick for tick in ticks if tick.state in states]
    error = np.array([tick.standing.offset_ps - nodes.offset_ps(tick.end_ps) for tick in told])
    return error, np.array([tick.standing.offset_error_ps for tick in told])


def changes(ticks):
    return [(change.before, change.state) for tick in ticks if (change := tick.change()) is not None]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_megacount_with_one_percent_shared_is_found_to_100_ps_within_10_s():
    for seed in range(20):
        nodes = random_nodes(seed, seconds=9.5, phase_wander_ps=10.0, frequency_wander=1e-11)
        ticks = ticks_of(nodes, ClockParameters(), seconds=9.5)
        error, _ = errors_of(nodes, ticks, {ClockState.LOCKED})
        assert error.size, f"seed {seed}: not found"
        assert np.abs(error).max() < 100
        assert changes(ticks) == [(ClockState.LOST, ClockState.DRIFTING), (ClockState.DRIFTING, ClockState.LOCKED)]


@pytest.mark.parametrize(("phase", "frequency"), [(3.0, 1e-12), pytest.param(50.0, 1e-10, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth_as_often_as_they_say(phase, frequency):
    held, locks = [], 0
    for seed in range(20):
        nodes = random_nodes(seed, seconds=9, reach_ps=10**11, phase_wander_ps=phase, frequency_wander=frequency, **DIM)
        ticks = ticks_of(nodes, QUICK, seconds=9)
        error, stated = errors_of(nodes, ticks, {ClockState.LOCKED})
        locks += bool(error.size)
        assert np.abs(error).max(initial=0) < 200
        held += (np.abs(error) < 1.96 * stated).tolist()
    assert locks == 20
    assert 0.90 <= np.mean(held) <= 0.99


def test_a_drift_of_1_ns_a_second_is_followed():
    nodes = two_nodes(4, seconds=15, offset_ps=-(10**10), frequency=1e-9, **DIM)
    ticks = ticks_of(nodes, QUICK, seconds=15)
    error, _ = errors_of(nodes, ticks, {ClockState.LOCKED})
    assert error.size > 100
    assert np.abs(error).max() < 50
    last = ticks[-1].standing
    assert abs(last.frequency - 1e-9) < 4 * last.frequency_error < 4e-11
    assert ticks[-1].shared_hz == pytest.approx(1e3, rel=0.15)
    assert ticks[-1].width_ps == pytest.approx(141, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("rate_hz", [1e3, 1e5])
def test_nothing_shared_is_never_found(rate_hz):
    for seed in range(20):
        nodes = random_nodes(seed, seconds=3, singles_hz=rate_hz, shared_hz=0)
        ticks = ticks_of(nodes, QUICK, seconds=3)
        assert {tick.state for tick in ticks} == {ClockState.LOST}
        assert all(tick.line is None and tick.standing is None for tick in ticks)


@pytest.mark.slow
def test_a_megacount_with_nothing_shared_is_never_found():
    for seed in range(20):
        nodes = random_nodes(seed, seconds=10, shared_hz=0)
        ticks = ticks_of(nodes, ClockParameters(), seconds=10)
        assert {tick.state for tick in ticks} == {ClockState.LOST}
        assert "no shared tags stand out in 9 s within ±1 s" in ticks[-1].reading(0.95).reason


def test_darkness_is_loss_and_light_is_found_again():
    dark = (5 * SECOND_PS, 9 * SECOND_PS)
    nodes = two_nodes(5, seconds=15, offset_ps=3 * 10**10, frequency=-4e-7, dark=(dark,), **DIM)
    ticks = ticks_of(nodes, QUICK, seconds=15)
    locked, drifting, lost = ClockState.LOCKED, ClockState.DRIFTING, ClockState.LOST
    found = [(lost, drifting), (drifting, locked)]
    assert changes(ticks) == [*found, (locked, drifting), (drifting, lost), *found]
    events = [change for tick in ticks if (change := tick.change()) is not None]
    assert "did not show" in events[2].reason
    assert dark[0] < events[2].time_ps <= dark[0] + 5 * 10**11
    assert dark[0] + SECOND_PS < events[3].time_ps < dark[0] + 3 * SECOND_PS
    assert dark[1] < events[-1].time_ps < dark[1] + 3 * SECOND_PS
    error, _ = errors_of(nodes, ticks, {locked})
    assert np.abs(error).max() < 100


@pytest.mark.parametrize("step_ps", [600, 2_000_000_000])
def test_a_clock_that_steps_is_noticed_and_followed(step_ps):
    at_ps = 5 * SECOND_PS + 3 * 10**10
    nodes = two_nodes(6, seconds=11, offset_ps=-(10**10), frequency=2e-7, steps=((at_ps, step_ps),), **DIM)
    ticks = ticks_of(nodes, QUICK, seconds=11)
    before = [tick for tick in ticks if tick.end_ps <= at_ps]
    after = [tick for tick in ticks if tick.end_ps > at_ps + 5 * 10**11]
    assert before[-1].state is ticks[-1].state is ClockState.LOCKED
    for some in (before, after):
        error, _ = errors_of(nodes, some, {ClockState.LOCKED})
        assert np.abs(error).max() < 60
    steps = [change.step_ps for tick in ticks if (change := tick.change()) is not None and change.step_ps is not None]
    if step_ps < 1_000:
        assert steps == [pytest.approx(step_ps, abs=60)]
    else:
        assert ClockState.LOST in {tick.state for tick in after}


def test_a_gap_in_the_data_is_lived_through():
    nodes = two_nodes(7, seconds=12, offset_ps=10**10, frequency=5e-7, **DIM)
    gap = (6 * SECOND_PS, 8 * SECOND_PS)
    keep = (nodes.other_ps < gap[0]) | (nodes.other_ps >= gap[1])
    silent = type(nodes)(nodes.ours_ps, nodes.other_ps[keep], nodes.grid_ps, nodes.offsets_ps)
    ticks = ticks_of(silent, QUICK, seconds=12)
    since = [tick for tick in ticks if tick.end_ps > 5 * SECOND_PS]
    assert ClockState.LOST not in {tick.state for tick in since}
    assert since[-1].state is ClockState.LOCKED
    error, stated = errors_of(nodes, since, {ClockState.LOCKED, ClockState.DRIFTING})
    assert (np.abs(error) < 4 * stated).all()


def fingerprint(ticks):
    """Everything that a tick says, to the last bit."""
    return [
        (tick.reading(0.95), tick.line, tick.change(), *(part.tolist() for part in (*tick.ours, *tick.other))) for tick in ticks
    ]


@pytest.fixture(scope="module")
def eventful():
    """Found, dark, found again, on clocks far apart and far from zero."""
    start_ps = -7 * SECOND_PS
    nodes = two_nodes(
        8,
        seconds=EVENTFUL_S,
        singles_hz=4e4,
        shared_hz=1e3,
        offset_ps=9 * 10**10,
        frequency=-8e-7,
        phase_wander_ps=20.0,
        dark=((2.2 * SECOND_PS, 5.2 * SECOND_PS),),
        start_ps=start_ps,
    )
    ticks = ticks_of(nodes, QUICK, seconds=EVENTFUL_S, start_ps=start_ps)
    assert {tick.state for tick in ticks} == set(ClockState)
    assert len(changes(ticks)) >= 6
    return nodes, start_ps, fingerprint(ticks)


@pytest.mark.slow
@settings(max_examples=12)
@given(st.data())
def test_cuts_change_nothing(eventful, data):
    nodes, start_ps, expected = eventful
    end_ps = start_ps + EVENTFUL_S * SECOND_PS
    feeds = []
    for time_ps in (nodes.ours_ps, nodes.other_ps):
        cuts = data.draw(st.lists(st.integers(start_ps, end_ps), max_size=25))
        feeds.append(list(pieces(time_ps, [start_ps, *sorted(cuts), end_ps])))
    state, ticks = clock_offset.initial(), []
    while any(feeds):
        which = data.draw(st.sampled_from([index for index, feed in enumerate(feeds) if feed]))
        piece = feeds[which].pop(0)
        state, more = clock_offset.step(state, *((piece, None) if which == 0 else (None, piece)), QUICK)
        ticks += more
    assert fingerprint(ticks) == expected


def test_a_step_leaves_the_former_state_usable(eventful):
    nodes, start_ps, expected = eventful
    edges = range(start_ps, start_ps + EVENTFUL_S * SECOND_PS + 1, SECOND_PS)
    state, ticks = clock_offset.initial(), []
    for ours, other in zip(pieces(nodes.ours_ps, edges), pieces(nodes.other_ps, edges), strict=True):
        clock_offset.step(state, ours, other, QUICK)
        state, more = clock_offset.step(state, ours, other, QUICK)
        ticks += more
    assert fingerprint(ticks) == expected


def test_only_the_channels_asked_for_are_compared():
    nodes = two_nodes(9, seconds=3, offset_ps=10**9, **DIM)
    edges = [0, 3 * SECOND_PS]
    for channels, states in (((0,), {ClockState.LOST, ClockState.DRIFTING, ClockState.LOCKED}), ((1,), {ClockState.LOST})):
        parameters = ClockParameters(reach_ps=10**11, part_ps=5 * 10**11, our_channels=channels)
        feed = zip(pieces(nodes.ours_ps, edges), pieces(nodes.other_ps, edges), strict=True)
        _, ticks = clock_offset.step(clock_offset.initial(), *next(feed), parameters)
        assert {tick.state for tick in ticks} == states


def test_bursts_and_silence_do_no_harm():
    generator = np.random.default_rng(10)
    burst = np.sort(np.concatenate([np.full(10**6, 10**12), generator.integers(0, 3 * SECOND_PS, 10**5)]))
    edges = [0, SECOND_PS, 3 * SECOND_PS]
    for other in (burst + 10**9, np.empty(0, np.int64)):
        state = clock_offset.initial()
        for ours, others in zip(pieces(burst, edges), pieces(other, edges), strict=True):
            state, ticks = clock_offset.step(state, ours, others, QUICK)
            assert all(tick.state is ClockState.LOST or tick.standing is not None for tick in ticks)


@pytest.mark.parametrize("stop_s", [0.35, 1.25, 3.0, 4.25, 7.9])
def test_a_state_comes_back_from_bytes(eventful, stop_s):
    """Whole, and remembered without its tags, which then come again."""
    nodes, start_ps, expected = eventful
    stop_ps, end_ps = start_ps + round(stop_s * SECOND_PS), start_ps + EVENTFUL_S * SECOND_PS
    first, rest = (
        (next(pieces(nodes.ours_ps, edges)), next(pieces(nodes.other_ps, edges)))
        for edges in ([start_ps, stop_ps], [stop_ps, end_ps])
    )
    state, ticks = clock_offset.step(clock_offset.initial(), *first, QUICK)
    read = state_from_bytes(state_to_bytes(state), OffsetState)
    _, more = clock_offset.step(read, *rest, QUICK)
    assert fingerprint(ticks + more) == expected
    kept = state_to_bytes(clock_offset.remembered(state))
    assert len(kept) < 12_000
    ours_from, other_from = clock_offset.needed_from_ps(state, QUICK)
    again = (
        next(pieces(nodes.ours_ps, [max(start_ps, ours_from), end_ps])),
        next(pieces(nodes.other_ps, [max(start_ps, other_from), end_ps])),
    )
    _, more = clock_offset.step(state_from_bytes(kept, OffsetState), *again, QUICK)
    assert fingerprint(ticks + more) == expected


def test_the_end_of_the_streams_leaves_no_tag_untold(eventful):
    nodes, start_ps, _ = eventful
    for stop_s in (0.7, 1.73, 4.61, 8.5):
        edges = [start_ps, start_ps + round(stop_s * SECOND_PS)]
        ours, other = next(pieces(nodes.ours_ps, edges)), next(pieces(nodes.other_ps, edges))
        state, ticks = clock_offset.step(clock_offset.initial(), ours, other, QUICK)
        ticks += clock_offset.close(state, QUICK)
        assert sum(tick.ours[0].size for tick in ticks) == ours.time_ps.size
        assert all(before.end_ps == after.start_ps for before, after in pairwise(ticks))
        assert ticks[0].start_ps == start_ps
        assert ticks[-1].end_ps >= edges[1]
    assert clock_offset.close(clock_offset.initial(), QUICK) == ()


def test_tags_that_come_too_late_are_refused():
    [early] = pieces(np.array([5]), [0, 10])
    state, _ = clock_offset.step(clock_offset.initial(), early, None, QUICK)
    with pytest.raises(SegmentError, match="our node"):
        clock_offset.step(state, early, None, QUICK)
