import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import DensityError, SegmentError
from streams.processors import held_tags as module
from streams.processors.held_tags import HeldTags, NodeTags, of_channels


def tags(times, start, reached):
    time_ps = np.array(times, np.int64)
    return NodeTags(time_ps, (time_ps % 5).astype(np.uint8), start, reached)


@given(st.lists(st.integers(0, 99), max_size=40), st.sets(st.integers(1, 99)), st.integers(-5, 105), st.integers(-5, 105))
def test_whatever_was_asked_for_is_there(times, cuts, begin, end):
    held, before = HeldTags(), 0
    for cut in [*sorted(cuts), 100]:
        held = held.joined(tags(sorted(t for t in times if before <= t < cut), before, cut), "node")
        before = cut
    assert held.tags == len(times)
    expected = sorted(t for t in times if begin <= t < end)
    time_ps, channel = held.within(begin, end)
    assert time_ps.tolist() == expected
    assert channel.tolist() == [t % 5 for t in expected]
    assert of_channels((time_ps, channel), (1, 3)).tolist() == [t for t in expected if t % 5 in (1, 3)]
    rest = held.since(begin)
    assert rest.within(-5, 105)[0].tolist() == sorted(t for t in times if t >= begin)
    assert held.tags == len(times)


def test_what_cannot_follow_is_refused(monkeypatch):
    held = HeldTags().joined(tags([5], 0, 10), "node a")
    with pytest.raises(SegmentError, match="node a: tags from 9 ps on"):
        held.joined(tags([], 9, 12), "node a")
    monkeypatch.setattr(module, "MOST_HELD", 3)
    with pytest.raises(DensityError, match="side by side"):
        held.joined(tags([10, 10, 10], 10, 12), "node a")
