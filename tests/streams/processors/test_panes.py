"""Panes against a slow oracle, for every way of cutting the stream, and after every restart."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.panes import PANE_PS, PaneParameters, PaneResults
from streams.errors import DensityError, SegmentError
from streams.processors import panes
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import ORIGIN_UNIX_NS, cut, loss, segment

PARAMETERS = PaneParameters(bin_width_ps=100, half_range_ps=1_000, coincidence_window_ps=300)
WINDOWS = st.sampled_from([300, 400, 1, 1_000, 2_000, 2_400, 5_000])  # some cut bins, some cover whole ones, some reach beyond
EDGE_PS = PANE_PS - (ORIGIN_UNIX_NS * 1000) % PANE_PS  # the first pane edge after the origin


def oracle(whole, parameters):
    """Panes of a whole stream by brute force: dictionaries of plain integers."""
    origin_ps = whole.origin_unix_ns * 1000
    pane_of = lambda t: (origin_ps + int(t)) // PANE_PS  # noqa: E731
    is_lost = lambda t: any(x.start_ps <= t < x.end_ps for x in whole.losses)  # noqa: E731
    singles, correlations, coincidences = {}, {}, {}
    for second in range(pane_of(whole.start_ps), pane_of(whole.reached_ps - 1) + 1):
        low = max(whole.start_ps, second * PANE_PS - origin_ps)
        high = min(whole.reached_ps, (second + 1) * PANE_PS - origin_ps)
        edges = sorted({low, high, *(min(max(e, low), high) for x in whole.losses for e in (x.start_ps, x.end_ps))})
        lost_ps = sum(b - a for a, b in pairwise(edges) if any(x.start_ps <= a and b <= x.end_ps for x in whole.losses))
        for channel in whole.detectors:
            singles[second, channel] = [0, high - low - lost_ps, lost_ps, 0]
        live = high - low - lost_ps, lost_ps
        for t, c in zip(whole.time_ps, whole.channel, strict=True):
            if pane_of(t) == second:
                singles.setdefault((second, int(c)), [0, *live, 0])[3 if is_lost(t) else 0] += 1
    every = zip(whole.time_ps, whole.channel, strict=True)
    tags = [(int(t), int(c)) for t, c in every if c in whole.detectors and not is_lost(t)]
    for i, (t1, c1) in enumerate(tags):
        for t2, c2 in tags[:i]:
            if c1 == c2:
                continue
            pair = min(c1, c2), max(c1, c2)
            tau = t1 - t2 if c1 > c2 else t2 - t1
            if -parameters.half_range_ps <= tau < parameters.half_range_ps:
                counts = correlations.setdefault((pane_of(t1), *pair), np.zeros(parameters.bins, np.uint64))
                counts[(tau + parameters.half_range_ps) // parameters.bin_width_ps] += np.uint64(1)
            if -parameters.coincidence_window_ps <= 2 * tau < parameters.coincidence_window_ps:
                coincidences[pane_of(t1), pair] = coincidences.get((pane_of(t1), pair), 0) + 1
    return singles, correlations, coincidences


def plain(results: PaneResults):
    """Results as comparable values, in their order."""
    return (
        [(s.key, s.channel, s.tags, s.live_ps, s.lost_ps, s.left_out) for s in results.singles],
        [
            (c.key, c.start_channel, c.stop_channel, c.first_edge_ps, c.bin_width_ps, c.counts.tolist())
            for c in results.correlations
        ],
        [(c.key, c.channels, c.window_ps, c.coincidences) for c in results.coincidences],
    )


def run(segments, parameters=PARAMETERS, *, through_bytes=False):
    state = panes.initial(parameters)
    total = PaneResults()
    for piece in segments:
        state, results = panes.step(state, piece, parameters)
        if through_bytes:
            state = state_from_bytes(state_to_bytes(state), panes.PaneState)
        total = panes._chained((total, results))
    return panes._chained((total, panes.close(state, parameters)))


@st.composite
def streams(draw):
    """A stream around a pane edge, with silence, losses, and a sync channel between its detectors."""
    start = EDGE_PS - draw(st.sampled_from([0, 1, 700, 2_000, PANE_PS // 2]))
    reached = EDGE_PS + draw(st.sampled_from([0, 1, 900, 3_000, PANE_PS, 2 * PANE_PS + 5]))
    reached = max(reached, start + 1)
    near = st.integers(max(start, EDGE_PS - 2_000), max(start, min(reached - 1, EDGE_PS + 2_500)))
    times = sorted(draw(st.lists(near, max_size=30)))
    channel = [draw(st.sampled_from([0, 3, 9, 200])) for _ in times]
    some = st.integers(start - 50, reached + 50)
    losses = [loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    losses = [x for x in losses if x.start_ps >= start and x.end_ps <= reached]
    return segment(times, channel, start, reached, (0, 3, 9), losses)


@st.composite
def cuts(draw, whole):
    places = st.integers(whole.start_ps, whole.reached_ps) | st.integers(EDGE_PS - 1_500, EDGE_PS + 1_500)
    return draw(st.lists(places, max_size=8))


@settings(max_examples=200)
@given(st.data())
def test_panes_equal_the_oracle_however_the_stream_is_cut(data):
    whole, parameters = data.draw(streams()), PaneParameters(100, 1_000, data.draw(WINDOWS))
    results = run(cut(whole, data.draw(cuts(whole))), parameters)
    singles, correlations, coincidences = oracle(whole, parameters)
    assert {(s.key.start_unix_s, s.channel): [s.tags, s.live_ps, s.lost_ps, s.left_out] for s in results.singles} == singles
    assert {(c.key.start_unix_s, c.start_channel, c.stop_channel): c.counts.tolist() for c in results.correlations} == {
        key: counts.tolist() for key, counts in correlations.items()
    }
    assert {(c.key.start_unix_s, c.channels): c.coincidences for c in results.coincidences} == coincidences
    order = [(s.key.start_unix_s, s.channel) for s in results.singles]
    assert order == sorted(order)


@settings(max_examples=200)
@given(st.data())
def test_a_restart_from_needed_from_yields_the_same_later_panes(data):
    whole = data.draw(streams())
    pieces = cut(whole, data.draw(cuts(whole)))
    expected = plain(run(pieces))
    stop = data.draw(st.integers(1, len(pieces)))
    state, before = panes.initial(PARAMETERS), PaneResults()
    for piece in pieces[:stop]:
        state, results = panes.step(state, piece, PARAMETERS)
        before = panes._chained((before, results))
    needed = panes.needed_from_ps(state)
    closed = {s.key for s in before.singles}
    if needed is None:
        again = pieces[stop:]
    else:
        again = [piece for piece in pieces if piece.reached_ps > needed]
        assert again[0].start_ps <= needed
    after = plain(run(again))
    later = tuple([row for row in rows if row[0] not in closed] for rows in after)
    assert tuple(a + b for a, b in zip(plain(before), later, strict=True)) == expected


def test_the_panes_of_a_stream_sum_to_its_histogram_in_one_go():
    generator = np.random.default_rng(3)
    times = np.sort(generator.integers(EDGE_PS - 50_000, EDGE_PS + 50_000, 500))
    whole = segment(times, generator.integers(0, 2, 500), EDGE_PS - 50_000, EDGE_PS + 50_000)
    [first, second] = run([whole]).correlations
    one_pane = segment(times - 60_000, whole.channel, EDGE_PS - 110_000, EDGE_PS - 10_000)
    [total] = run([one_pane]).correlations
    assert (first.counts + second.counts == total.counts).all()
    assert total.counts.any()


def test_one_sides_loss_leaves_the_other_sides_rate_as_it_is():
    """Channel 1's source loses the second half of every tenth of a second; channel 0 clicks on, once in a millisecond."""
    steady = np.arange(EDGE_PS, EDGE_PS + 2 * PANE_PS, PANE_PS // 1_000)
    losses = [loss(t, t + PANE_PS // 20) for t in range(EDGE_PS + PANE_PS // 20, EDGE_PS + 2 * PANE_PS, PANE_PS // 10)]
    whole = segment(steady, np.zeros(steady.size, np.uint8), EDGE_PS, EDGE_PS + 2 * PANE_PS, (0, 1), losses)
    for singles in run(cut(whole, [EDGE_PS + 77 * PANE_PS // 100])).singles:
        assert (singles.live_ps, singles.lost_ps) == (PANE_PS // 2, PANE_PS // 2)
        if singles.channel == 0:
            assert singles.tags * PANE_PS / singles.live_ps == 1_000
            assert singles.tags + singles.left_out == 1_000


def test_tags_in_lost_time_make_no_pairs():
    whole = segment(
        [EDGE_PS + 10, EDGE_PS + 20, EDGE_PS + 30], [0, 1, 1], EDGE_PS, EDGE_PS + 50, losses=[loss(EDGE_PS + 15, EDGE_PS + 25)]
    )
    results = run([whole])
    assert [one.counts.sum() for one in results.correlations] == [1]
    assert [one.coincidences for one in results.coincidences] == [1]


def test_silence_yields_singles_rows_and_nothing_else():
    results = run([segment([], [], EDGE_PS, EDGE_PS + 3 * PANE_PS, (4, 5))])
    assert [(s.channel, s.tags, s.live_ps) for s in results.singles] == 3 * [(4, 0, PANE_PS), (5, 0, PANE_PS)]
    assert results.correlations == results.coincidences == ()


def test_silence_closes_a_pane_and_nothing_stays_needed():
    state = panes.initial(PARAMETERS)
    assert panes.needed_from_ps(state) is None
    state, _ = panes.step(state, segment([5], [0], 0, 10), PARAMETERS)
    assert panes.needed_from_ps(state) == 0
    state, results = panes.step(state, segment([], [], 10, EDGE_PS), PARAMETERS)
    assert [s.tags for s in results.singles] == [1, 0]
    assert panes.needed_from_ps(state) is None


def test_a_loss_between_segments_is_lost_time_of_every_pane_it_touches():
    first = segment([], [], EDGE_PS - 10, EDGE_PS - 5)
    later = EDGE_PS + PANE_PS + 100
    second = segment([], [], later, later + 50, losses=[loss(EDGE_PS - 7, later + 20)])
    rows = [(s.live_ps, s.lost_ps) for s in run([first, second]).singles if s.channel == 0]
    assert rows == [(5, 5), (0, PANE_PS), (30, 120)]


def test_another_run_closes_the_former():
    results = run([segment([1], [0], 0, 10), segment([1], [1], 0, 10, run="s")])
    assert [(s.key.run, s.channel, s.tags) for s in results.singles] == [("r", 0, 1), ("r", 1, 0), ("s", 0, 0), ("s", 1, 1)]


def test_detectors_that_join_later_keep_what_was_counted():
    first = segment([0, 10], [1, 5], 0, 20, (1, 5))
    second = segment([20, 30, 40], [1, 3, 5], 20, 50, (1, 3, 5))
    results = run([first, second])
    assert {(c.start_channel, c.stop_channel): int(c.counts.sum()) for c in results.correlations} == {
        (1, 3): 2,
        (1, 5): 4,
        (3, 5): 2,
    }


def test_the_state_handed_in_stays_as_it_was():
    state, _ = panes.step(panes.initial(PARAMETERS), segment([1, 5], [0, 1], 0, 10), PARAMETERS)
    again = [panes.step(state, segment([12, 15], [0, 1], 10, EDGE_PS), PARAMETERS)[1] for _ in range(2)]
    assert plain(again[0]) == plain(again[1])


def test_time_that_runs_backwards_is_refused():
    state, _ = panes.step(panes.initial(PARAMETERS), segment([], [], 0, 10), PARAMETERS)
    with pytest.raises(SegmentError, match="begins before 10 ps"):
        panes.step(state, segment([], [], 9, 20), PARAMETERS)


def test_a_silence_of_years_is_refused():
    with pytest.raises(SegmentError, match="cut it"):
        run([segment([], [], 0, 2**62)])


def test_more_waiting_tags_than_memory_allows_are_refused(monkeypatch):
    monkeypatch.setattr(panes, "MOST_CARRIED", 10)
    with pytest.raises(DensityError, match="narrow the window"):
        run([segment([5] * 11, [0] * 11, 0, 10)])


def test_a_burst_across_a_seam_counts_as_in_one_piece():
    generator = np.random.default_rng(8)
    times = np.sort(generator.integers(0, 1_000, 12_000))
    whole = segment(times, generator.integers(0, 3, times.size), 0, EDGE_PS, (0, 1, 2))
    parameters = PaneParameters(100, 1_000, 300)
    pieces = [run(cut(whole, places), parameters) for places in ([], [500], [100, 400, 401, 900])]
    assert plain(pieces[0]) == plain(pieces[1]) == plain(pieces[2])
    n0, n1, n2 = np.bincount(whole.channel)
    assert sum(int(c.counts.sum()) for c in pieces[0].correlations) == n0 * n1 + n0 * n2 + n1 * n2


@settings(max_examples=25)
@given(st.data())
def test_the_state_goes_on_from_bytes(data):
    whole = data.draw(streams())
    pieces = cut(whole, data.draw(cuts(whole)))
    assert plain(run(pieces, through_bytes=True)) == plain(run(pieces))


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 4_000])
def test_times_at_the_edge_of_what_a_segment_holds(base):
    found = run([segment([base + 1, base + 250], [0, 1], base, base + 4_000, origin_unix_ns=0)])
    assert [(one.channel, one.tags, one.live_ps) for one in found.singles] == [(0, 1, 4_000), (1, 1, 4_000)]
    assert [one.counts.tolist() for one in found.correlations] == [[0] * 12 + [1] + [0] * 7]
    assert not found.coincidences


def test_ten_million_tags_of_one_channel():
    time_ps = np.arange(10_000_000)
    found = run([segment(time_ps, np.zeros(time_ps.size), 0, time_ps.size, origin_unix_ns=0)])
    assert [(one.channel, one.tags) for one in found.singles] == [(0, 10_000_000), (1, 0)]
    assert not found.correlations


def test_a_million_tags_at_once_in_a_segment():
    channel = np.arange(1_000_000) % 2
    state, _ = panes.step(panes.initial(PARAMETERS), segment(np.full(channel.size, 5), channel, 0, 10), PARAMETERS)
    state, _ = panes.step(state, segment([12], [0], 10, 20), PARAMETERS)
    [pane] = panes.close(state, PARAMETERS).correlations
    assert pane.counts.sum() == 500_000**2 + 500_000
