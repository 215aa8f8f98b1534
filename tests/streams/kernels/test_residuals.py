"""Pairs near a line, against every pair taken by hand."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import residuals as module
from streams.kernels.axis import TauAxis
from streams.kernels.clock_line import GRAIN, ClockLine
from streams.kernels.residuals import count_residuals

SPAN = 1 << 21
TIE = Fraction(1, 10**9)  # halves are rounded up
times = st.lists(st.integers(-1000, SPAN + 1000), max_size=25).map(lambda drawn: np.array(sorted(drawn), np.int64))


def oracle(ours, other, line, axis, rows):
    counts = np.zeros((rows, axis.bins), np.uint32)
    for a in (int(t) for t in ours if line.start_ps <= t < line.end_ps):
        row = next(r for r in range(rows) if a < line.start_ps + (r + 1) * line.span_ps // rows)
        middle = line.offset_ps + round(Fraction(((a - line.start_ps) >> GRAIN) * line.rise_ps, line.span_ps >> GRAIN) + TIE)
        for b in map(int, other):
            if axis.first_edge_ps <= b - a - middle < axis.end_ps:
                counts[row, (b - a - middle - axis.first_edge_ps) // axis.bin_width_ps] += np.uint32(1)
    return counts


@given(
    times,
    times,
    st.integers(-200, 200),
    st.integers(-200, 200),
    st.sampled_from([TauAxis.symmetric(300_000, 1_000), TauAxis.symmetric(40, 7), TauAxis(-31, 21, 3)]),
    st.sampled_from([1, 3, 8]),
)
def test_counts_equal_the_oracle(ours, other, offset, rise, axis, rows):
    line = ClockLine(0, SPAN, offset, rise)
    expected = oracle(ours, other + offset, line, axis, rows)
    assert (count_residuals(ours, other + offset, line, axis, rows) == expected).all()
    plain = np.zeros_like(expected)
    inside = ours[(ours >= 0) & (ours < SPAN)]
    with np.errstate(over="ignore"):
        constants = line.constants(line.span_ps)
        module._count_residuals.py_func(inside, other + offset, line.span_ps, constants, axis.constants, 1 << 20, plain)
    assert (plain == expected).all()


def test_a_burst_beyond_measure_is_given_up():
    line, many = ClockLine(0, SPAN, 0, 0), np.zeros(40_000, np.int64)
    assert count_residuals(many, many, line, TauAxis.symmetric(100, 10)) is None


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_pairs_with_nothing(size):
    counts = count_residuals(np.arange(size), np.empty(0, np.int64), ClockLine(0, SPAN, 0, 0), TauAxis.symmetric(100, 10))
    assert not counts.any()
