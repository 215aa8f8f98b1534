"""Two nodes as one stream: coincidences where there were none, every tag once, what cannot be paired declared lost."""

from itertools import pairwise

import numpy as np
import pytest

from schemas.block import Loss
from schemas.clocks import ClockState
from schemas.panes import PaneParameters
from streams.errors import AnalysisError
from streams.processors import clock_offset, panes
from streams.processors.clock_merge import AlignedStream, segment_of
from streams.processors.held_tags import NodeTags
from tests.streams.clocks import SECOND_PS, two_nodes
from tests.streams.processors.test_clock_offset import QUICK

STREAM = AlignedStream("link", "link", "r", 0, (1, 2), (3, 4))
SECONDS = 5


@pytest.fixture(scope="module")
def ticks():
    nodes = two_nodes(
        11,
        seconds=SECONDS,
        singles_hz=5e4,
        shared_hz=2e3,
        offset_ps=-5 * 10**10,
        frequency=9e-7,
        dark=((2 * SECOND_PS, 3.6 * SECOND_PS),),
    )
    loss = Loss(17 * 10**11 - 5 * 10**10, 18 * 10**11 - 5 * 10**10)
    state, ticks = clock_offset.initial(), ()
    edges = range(0, SECONDS * SECOND_PS + 1, SECOND_PS // 2)
    for start, end in pairwise(edges):
        fed = []
        for time_ps, first in ((nodes.ours_ps, 1), (nodes.other_ps, 3)):
            part = time_ps[slice(*np.searchsorted(time_ps, (start, end)))]
            channel = (first + part % 2).astype(np.uint8)
            losses = (loss,) if first == 3 and start == 15 * 10**11 else ()
            fed.append(NodeTags(part, channel, start, end, losses))
        state, more = clock_offset.step(state, *fed, QUICK)
        ticks += more
    assert {tick.state for tick in ticks} == set(ClockState)
    return ticks


def test_segments_follow_each_other_and_hold_every_tag_once(ticks):
    segments = [segment_of(tick, STREAM) for tick in ticks]
    assert all(before.reached_ps == after.start_ps for before, after in pairwise(segments))
    for tick, segment in zip(ticks, segments, strict=True):
        if tick.state is ClockState.LOST:
            assert segment.time_ps.size == 0
            assert segment.losses == (Loss(tick.start_ps, tick.end_ps, tick.ours[0].size + tick.other[0].size),)
        else:
            assert segment.time_ps.size == tick.ours[0].size + tick.other[0].size
            ours = np.isin(segment.channel, (1, 2))
            assert (segment.time_ps[ours] == tick.ours[0]).all()
            assert (segment.channel[~ours] == tick.other[1]).all()
            assert np.abs(segment.time_ps[~ours] - (tick.other[0] - tick.line.offset_ps)).max() < 10**6
    others = np.concatenate([tick.other[0] for tick in ticks if tick.line is not None])
    assert (np.diff(others) >= 0).all()


def test_the_nodes_pairs_are_coincidences_of_the_merged_stream(ticks):
    parameters = PaneParameters(100, 20_000, 1_000)
    state, results = panes.initial(parameters), []
    for tick in ticks:
        state, closed = panes.step(state, segment_of(tick, STREAM), parameters)
        results.append(closed)
    results.append(panes.close(state, parameters))
    across = sum(
        pane.coincidences for closed in results for pane in closed.coincidences if pane.channels[0] < 3 <= pane.channels[1]
    )
    live_s = sum(pane.live_ps for closed in results for pane in closed.singles if pane.channel == 1) / SECOND_PS
    lit_s = sum(tick.end_ps - tick.start_ps for tick in ticks if tick.line is not None and not _dark(tick)) / SECOND_PS
    assert across == pytest.approx(2e3 * lit_s, rel=0.1)
    lost_s = sum(tick.end_ps - tick.start_ps for tick in ticks if tick.line is None) / SECOND_PS
    assert live_s == pytest.approx((ticks[-1].end_ps - ticks[0].start_ps) / SECOND_PS - lost_s - 0.1, abs=1e-6)


def _dark(tick):
    return 2 * SECOND_PS <= tick.start_ps < 3.6 * SECOND_PS


def test_channels_that_both_nodes_have_are_refused():
    with pytest.raises(AnalysisError, match=r"channels \[2\]; give those of one node other numbers"):
        AlignedStream("link", "link", "r", 0, (1, 2), (2, 3))
