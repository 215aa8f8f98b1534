"""Two feeds into one answer: as much of each as the other needs, and what there is when one ends."""

import numpy as np
import pytest

from schemas.clocks import ClockState
from streams.clock_analysis import ClockCourse, ticks_of
from tests.streams.clocks import SECOND_PS, two_nodes
from tests.streams.processors.test_clock_offset import QUICK, pieces

SECONDS = 4


@pytest.fixture(scope="module")
def nodes():
    return two_nodes(31, seconds=SECONDS, singles_hz=4e4, shared_hz=1e3, offset_ps=6 * 10**10, frequency=1e-7)


def report_of(nodes, our_edges, other_edges, every_ps=SECOND_PS):
    course = ClockCourse(QUICK, every_ps)
    for tick in ticks_of(pieces(nodes.ours_ps, our_edges), pieces(nodes.other_ps, other_edges), QUICK):
        course.add(tick)
    return course.report()


def test_how_the_files_are_read_changes_nothing(nodes):
    whole = [0, SECONDS * SECOND_PS]
    fine = range(0, SECONDS * SECOND_PS + 1, 37 * 10**9)
    odd = [0, 1, 5 * 10**11, *whole[1:]]
    expected = report_of(nodes, whole, whole)
    assert expected.state is ClockState.LOCKED
    assert [reading.time_ps for reading in expected.course] == [SECOND_PS, 2 * SECOND_PS, 3 * SECOND_PS]
    assert report_of(nodes, [*fine, whole[1]], odd) == expected
    assert report_of(nodes, odd, [*fine, whole[1]]) == expected


@pytest.mark.parametrize("longer", [0, 1])
def test_a_node_that_recorded_longer_is_no_loss(nodes, longer):
    """And it is not read to its end for it."""
    ends = [SECONDS * SECOND_PS, SECONDS * SECOND_PS]
    ends[longer] += 1000 * SECOND_PS
    read = []

    def feed(time_ps, end, which):
        for piece in pieces(
            time_ps, [*range(0, SECONDS * SECOND_PS, SECOND_PS), *range(SECONDS * SECOND_PS, end + 1, SECOND_PS)]
        ):
            read.append(which)
            yield piece

    course = ClockCourse(QUICK, SECOND_PS)
    for tick in ticks_of(feed(nodes.ours_ps, ends[0], 0), feed(nodes.other_ps, ends[1], 1), QUICK):
        course.add(tick)
    report = course.report()
    assert report.state is not ClockState.LOST
    assert report.last.time_ps == pytest.approx(SECONDS * SECOND_PS, abs=SECOND_PS)
    assert read.count(longer) < SECONDS + 3


def test_nothing_in_common_is_said():
    nothing = np.empty(0, np.int64)
    report = ClockCourse(QUICK, SECOND_PS).report()
    assert (report.state, report.last, report.found_s) == (ClockState.LOST, None, None)
    assert report.reason == "the nodes have no time in common"
    assert list(ticks_of(iter(()), pieces(nothing, [0, 5]), QUICK)) == []
