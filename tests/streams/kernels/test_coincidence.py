import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kernels import coincidence
from streams.kernels.coincidence import CoincidenceSets, count_coincidences, first_pause
from tests.streams.tag_streams import crowds


def alone_of_many(time_ps, i, reach):
    """What the vector instructions of that name do."""
    near = np.flatnonzero(np.diff(time_ps[int(i) : int(i) + 65]) <= int(reach))
    return int(near[0]) if near.size else 64


SETS = CoincidenceSets.of(((0, 1), (1, 7), (0, 1, 2), (0, 1, 2, 7)))


@settings(max_examples=60)
@given(crowds(channels=(0, 1, 2, 7, 9), most=14, span=40), st.integers(1, 30))
def test_uncompiled_equals_compiled(tags, window_ps):
    totals = np.zeros((2, len(SETS.sets)), np.uint64)
    arguments = 0, window_ps, SETS.place, SETS.members, SETS.sets_of
    coincidence._count(*tags, *arguments, totals[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coincidence, "alone_of_many", alone_of_many)
        for name in ("_add", "_next_run", "_drop", "_gather"):
            patch.setattr(coincidence, name, getattr(coincidence, name).py_func)
        coincidence._count.py_func(*tags, *arguments, totals[1])
    assert (totals[0] == totals[1]).all()


@given(crowds(most=30, span=60), st.integers(0, 10))
def test_the_first_pause_is_where_a_run_ends(tags, reach_ps):
    wide = np.flatnonzero(np.diff(tags[0]) > reach_ps)
    expected = wide[0] + 1 if wide.size else tags[0].size
    assert first_pause(tags[0], reach_ps) == coincidence._first_pause.py_func(tags[0], reach_ps) == expected


def test_the_ends_of_time():
    totals = np.zeros(len(SETS.sets), np.uint64)
    count_coincidences(np.array([-(2**62), 2**62 - 1]), np.array([0, 1], np.uint8), 0, 2**40, SETS, totals)
    assert not totals.any()


def test_sparse_light_equals_two_searches():
    """Thousands of tags, few of them near: whole stretches without a neighbour, and hits at every place of one."""
    generator = np.random.default_rng(8)
    time_ps = np.cumsum(generator.integers(1, 4_000, 20_000))
    channel = generator.choice([0, 1, 9], time_ps.size).astype(np.uint8)
    first, second = time_ps[channel == 0], time_ps[channel == 1]
    for window_ps in (1, 30, 700):
        totals = np.zeros(1, np.uint64)
        count_coincidences(time_ps, channel, 0, window_ps, CoincidenceSets.of(((0, 1),)), totals)
        edges = first - window_ps // 2, first - window_ps // 2 + window_ps
        assert int(totals[0]) == np.subtract(*(np.searchsorted(second, edge).sum() for edge in reversed(edges)))
