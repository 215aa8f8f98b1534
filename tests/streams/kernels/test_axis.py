"""The multiplication that stands for a division, and what an axis refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels.axis import EdgeAxis, TauAxis


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


@pytest.mark.parametrize(("first", "width", "bins"), [(-1, 0, 5), (-1, 5, 0), (1, 5, 5), (-10, 5, 2), (-(1 << 60), 1, 1 << 62)])
def test_an_impossible_axis_is_refused(first, width, bins):
    with pytest.raises(ValueError, match=r"bins|hold 0|at most"):
        TauAxis(first, width, bins)


def test_a_wide_axis_divides():
    axis = TauAxis.symmetric(10**12, 10**6)
    assert not axis.narrow
    assert axis.constants == (10**12, 2 * 10**12, 10**12, 10**6, 0, 2 * 10**6)


@given(st.integers(1, 1 << 60), st.integers(1, 1 << 60), st.integers(1, 20))
def test_doubling_bins_cover_the_range_and_widen_outwards(half_range, width, bins_a_doubling):
    half_range, width = max(half_range, width), min(half_range, width)
    axis = EdgeAxis.doubling(half_range, width, bins_a_doubling)
    edges = axis.edges_ps()
    assert (edges[0], edges[axis.bins // 2], edges[-1]) == (-half_range, 0, half_range)
    assert (edges == -edges[::-1]).all()
    widths = [int(w) for w in (edges[1:] - edges[:-1])[axis.bins // 2 :]]
    expected = [width << max(0, i // bins_a_doubling - 1) for i in range(len(widths))]
    assert widths[:-1] == expected[:-1]
    assert 0 < widths[-1] <= expected[-1]


def test_doubling_bins_in_the_open():
    assert EdgeAxis.doubling(50, 2, 3).edges[-14:] == (0, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 50)


@pytest.mark.parametrize("edges", [(0,), (0, 0), (3, 2), (1, 5), (-5, 0), (-(1 << 61), 1)])
def test_impossible_edges_are_refused(edges):
    with pytest.raises(ValueError, match=r"edges|hold 0|at most"):
        EdgeAxis(edges)


@pytest.mark.parametrize(("half_range", "width"), [(5, 0), (5, 6), (0, 0)])
def test_impossible_doubling_is_refused(half_range, width):
    with pytest.raises(ValueError, match="must be at least 1 ps and fit"):
        EdgeAxis.doubling(half_range, width)


def test_even_bins_hold_the_edges_around_zero():
    axis = EdgeAxis.doubling(100, 2, 3)  # … -16 -12 -10 … 0 2 4 6 8 10 12 16 20 24 32 40 48 64 80 96 100
    assert axis.even(1, 1_000) is None
    assert axis.even(100, 1) is None
    assert EdgeAxis((-3, 2, 9)).even(100, 100) is None
    fine, covered = axis.even(17, 1_000)
    assert (fine.first_edge_ps, fine.bin_width_ps, fine.end_ps) == (-16, 2, 16)
    assert axis.edges_ps()[covered].tolist() == [-16, -12, -10, -8, -6, -4, -2, 0, 2, 4, 6, 8, 10, 12]
    assert axis.edges[covered.stop] == 16
    assert axis.even(10**9, 20)[0].end_ps == 20
    assert axis.even(10**9, 10**9)[0] == TauAxis.symmetric(100, 2)
