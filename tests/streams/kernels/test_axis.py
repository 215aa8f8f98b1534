"""The multiplication that stands for a division, and what an axis refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels.axis import TauAxis


@given(st.integers(1, 1 << 20), st.integers(1, 1 << 20), st.data())
def test_multiplying_and_shifting_divides_exactly(width, bins, data):
    bins = min(bins, (1 << 30) // width)
    axis = TauAxis(0, width, bins)
    _, span, _, multiplier, shift, _ = axis.constants
    edge = data.draw(st.integers(0, bins - 1)) * width
    for offset in (edge, max(0, edge - 1), edge + width - 1, data.draw(st.integers(0, span - 1))):
        assert offset * multiplier < 1 << 64
        assert offset * multiplier >> shift == offset // width


@pytest.mark.parametrize(("width", "low", "high"), [(1_000, -500, 499), (3, -1, 1), (1, 0, 0)])
def test_a_window_is_full_width_and_half_open(width, low, high):
    axis = TauAxis.window(width)
    assert (axis.first_edge_ps, axis.end_ps - 1) == (low, high)
    assert all((low <= tau <= high) == (-width <= 2 * tau < width) for tau in range(-width, width + 1))


@pytest.mark.parametrize(("first", "width", "bins"), [(-1, 0, 5), (-1, 5, 0), (1, 5, 5), (-10, 5, 2), (-(1 << 30), 1, 1 << 31)])
def test_an_impossible_axis_is_refused(first, width, bins):
    with pytest.raises(ValueError, match=r"bins|hold 0|at most"):
        TauAxis(first, width, bins)
