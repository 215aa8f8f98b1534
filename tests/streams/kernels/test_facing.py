"""Channel by channel: against every pair counted by hand, compiled and not; dense light against two searches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kernels import facing
from streams.kernels.axis import TauAxis
from streams.kernels.layout import PairLayout
from tests.streams.kernels.test_pairs import oracle
from tests.streams.tag_streams import crowds

LAYOUT = PairLayout.chosen(((1, 0), (0, 2), (7, 2)))


def facing_eight(starts, first, latest, width, factor, places, slots, filled):
    """What the vector instructions of that name do, one start at a time."""
    offsets = [int(latest) - int(start) for start in starts[int(first) : int(first) + 8]]
    found = [offset * int(factor) >> int(places) for offset in offsets if 0 <= offset < width]
    slots[int(filled) : int(filled) + len(found)] = found
    return np.uint64(int(filled) + len(found) + (sum(offset >= width for offset in offsets) << 32))


def counted(stream, seam, axis, layout=LAYOUT):
    rows = np.zeros((len(layout.pairs), axis.bins), np.uint64)
    facing.count_facing(*stream, seam, layout, axis, rows)
    return rows


@given(
    crowds(channels=(0, 1, 2, 7, 9), span=300),
    st.sampled_from([TauAxis.symmetric(200, 10), TauAxis.symmetric(7, 7), TauAxis.window(11), TauAxis(-3, 5, 9)]),
    st.data(),
)
def test_it_equals_the_oracle(stream, axis, data):
    seam = data.draw(st.integers(0, stream[0].size))
    assert (counted(stream, seam, axis) == oracle(*stream, (seam, stream[0].size), LAYOUT, axis)).all()


def test_uncompiled_equals_the_oracle(monkeypatch):
    monkeypatch.setattr(facing, "facing_eight", facing_eight)
    monkeypatch.setattr(facing, "_ROOM", 16)
    monkeypatch.setattr(facing, "_count_facing", facing._count_facing.py_func)

    @settings(max_examples=40)
    @given(crowds(channels=(0, 1, 2), span=60), st.data())
    def equals(stream, data):
        axis, seam = TauAxis.symmetric(20, 5), data.draw(st.integers(0, stream[0].size))
        assert (counted(stream, seam, axis) == oracle(*stream, (seam, stream[0].size), LAYOUT, axis)).all()

    equals()


@pytest.mark.parametrize("mean_gap", [1, 30, 4_000])
def test_dense_light_equals_two_searches(mean_gap):
    generator = np.random.default_rng(mean_gap)
    time_ps = np.cumsum(generator.geometric(1 / mean_gap, 20_000)).astype(np.int64)
    channel = generator.choice([0, 1, 1, 2, 7], 20_000).astype(np.uint8)
    axis = TauAxis.symmetric(10_000, 25)
    for (start, stop), row in zip(LAYOUT.pairs, counted((time_ps, channel), 0, axis), strict=True):
        starts, stops = time_ps[channel == start], time_ps[channel == stop]
        assert (row == np.diff([int(np.searchsorted(stops, starts + edge).sum()) for edge in axis.edges_ps()])).all()
