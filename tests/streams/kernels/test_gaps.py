"""Edges of bins, the ends of time, many chunks; and the loops as plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from streams.kernels import gaps
from streams.kernels.gaps import NO_TAG, GapLayout
from tests.streams.tag_streams import crowds

LAYOUTS = [GapLayout.doubling((0, 7), 3), GapLayout.doubling((1,), 0), GapLayout.equal((0, 1, 2), 7, 5)]


def times_of_eight(time_ps, channel, i, wanted, into, place):
    """What the vector instructions of that name do, one tag at a time."""
    times = [time_ps[k] for k in range(int(i), int(i) + 8) if channel[k] == wanted]
    into[int(place) : int(place) + len(times)] = times
    return np.uint64(int(place) + len(times))


@njit
def compiled_times_of_eight(*arguments):
    return gaps.times_of_eight(*arguments)


def fresh():
    return np.full(256, NO_TAG)


def count_gaps(time_ps, channel, last_ps, layout):
    rows = layout.nothing()
    gaps.count_gaps(time_ps, channel, last_ps, layout, rows)
    return rows


@pytest.fixture
def uncompiled(monkeypatch):
    """The loops as plain Python, in chunks of 16 tags."""
    monkeypatch.setattr(gaps, "times_of_eight", times_of_eight)
    monkeypatch.setattr(gaps, "_CHUNK", 16)
    for name in ("_count", "_taken_out", "_place_doubling", "_place_equal"):
        monkeypatch.setattr(gaps, name, getattr(gaps, name).py_func)


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
def test_uncompiled_equals_compiled(layout, request):
    compiled = []
    streams = []

    @settings(max_examples=25)
    @given(crowds(most=40, span=60), st.sampled_from([NO_TAG, -5]))
    def keep(tags, last):
        last_ps = np.full(256, last)
        streams.append((tags, last))
        compiled.append((count_gaps(*tags, last_ps, layout).tolist(), last_ps.tolist()))

    keep()
    request.getfixturevalue("uncompiled")
    for (tags, last), expected in zip(streams, compiled, strict=True):
        last_ps = np.full(256, last)
        with np.errstate(over="ignore"):
            assert (count_gaps(*tags, last_ps, layout).tolist(), last_ps.tolist()) == expected


@given(crowds(channels=(0, 1, 255), most=30, span=60).filter(lambda tags: tags[0].size >= 8), st.data())
def test_eight_tags_are_what_eight_single_ones_are(tags, data):
    i, place = np.uint64(data.draw(st.integers(0, tags[0].size - 8))), np.uint64(data.draw(st.integers(0, 3)))
    wanted, into = np.uint8(data.draw(st.sampled_from([0, 1, 255]))), np.zeros((2, 11), np.int64)
    ends = [run(*tags, i, wanted, row, place) for run, row in zip((compiled_times_of_eight, times_of_eight), into, strict=True)]
    assert ends[0] == ends[1]
    assert (into[0, : int(ends[0])] == into[1, : int(ends[1])]).all()


@pytest.mark.parametrize("bits", [0, 3, 6])
def test_every_edge_opens_its_own_bin(bits):
    layout = GapLayout.doubling((0,), bits)
    edges = layout.edges_ps()
    assert (np.diff(edges) >= 0).all()
    for edge in edges[np.diff(edges, append=edges[-1] + 1) > 0]:
        for gap in (edge - 1, edge, edge + 1):
            if gap >= 0:
                counts = count_gaps(np.array([0, gap]), np.zeros(2, np.uint8), fresh(), layout)
                assert counts[0].nonzero()[0].tolist() == [np.searchsorted(edges, gap, side="right") - 1]


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
def test_many_chunks_agree_with_numpy(layout):
    generator = np.random.default_rng(3)
    time_ps, channel = np.cumsum(generator.integers(0, 12, 5_003)), generator.integers(0, 3, 5_003).astype(np.uint8)
    counts, edges = count_gaps(time_ps, channel, fresh(), layout), layout.edges_ps()
    for row, source in zip(counts, layout.channels, strict=True):
        places = np.searchsorted(edges, np.diff(time_ps[channel == source]), side="right") - 1
        assert row.tolist() == np.bincount(places, minlength=layout.bins + 1).tolist()


@pytest.mark.parametrize("layout", LAYOUTS, ids=repr)
def test_the_ends_of_time(layout):
    channel = np.full(2, layout.channels[0], np.uint8)
    counts = count_gaps(np.array([-(2**62), 2**62 - 1]), channel, fresh(), layout)
    assert counts[0].nonzero()[0].tolist() == [layout.bins]
    assert counts.sum() == 1


def test_unsorted_times_cannot_write_outside():
    generator = np.random.default_rng(6)
    time_ps, channel = generator.integers(-(2**61), 2**61, 5_000), generator.integers(0, 3, 5_000).astype(np.uint8)
    for layout in LAYOUTS:
        assert count_gaps(time_ps, channel, fresh(), layout).sum() <= 5_000
