import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import DensityError
from streams.kernels import walks
from streams.kernels.axis import EdgeAxis, TauAxis
from streams.kernels.layout import PairLayout
from streams.kernels.walks import walk
from tests.streams.kernels.test_pairs import oracle
from tests.streams.tag_streams import crowds

LAYOUT = PairLayout.chosen(((1, 0), (2, 2), (0, 2)))


@given(
    crowds(channels=(0, 1, 2, 9), span=300),
    st.sampled_from([TauAxis.symmetric(200, 10), TauAxis(-3, 5, 9), EdgeAxis((-90, -7, 0, 2, 50)), EdgeAxis((-9, 5))]),
    st.data(),
)
def test_it_equals_the_oracle(stream, axis, data):
    begin, rows = data.draw(st.integers(0, stream[0].size)), np.zeros((3, axis.bins), np.uint64)
    walk(*stream, begin, LAYOUT, axis.edges_ps(), rows)
    assert (rows == oracle(*stream, (begin, stream[0].size), LAYOUT, axis)).all()


def test_too_long_a_walk_is_refused(monkeypatch):
    monkeypatch.setattr(walks, "MOST_STEPS", 1_000)
    with pytest.raises(DensityError, match="widen the bins"):
        walk(
            np.arange(200),
            np.zeros(200, np.uint8),
            0,
            PairLayout.chosen(((0, 0),)),
            np.arange(-5, 6),
            np.zeros((1, 10), np.uint64),
        )


def test_no_bins_no_walk():
    walk(np.arange(3), np.zeros(3, np.uint8), 0, LAYOUT, np.array([5]), np.zeros((3, 0), np.uint64))
