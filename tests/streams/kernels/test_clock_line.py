"""From one clock to another and back: whole picoseconds, no gap, no overlap, never backwards."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import clock_line as module
from streams.kernels.clock_line import ClockLine

lines = st.builds(
    lambda start, span, offset, slope: ClockLine.between(start, start + span, offset, slope),
    st.integers(-(10**17), 10**17),
    st.integers(10**6, 10**12),
    st.integers(-(10**13), 10**13),
    st.floats(-9e-5, 9e-5),
)


@given(lines, st.lists(st.floats(0, 1), max_size=30))
def test_the_other_clocks_span_fills_ours(line, shares):
    length = line.other_end_ps - line.other_start_ps
    inside = sorted({0, length - 1} | {int(share * (length - 1)) for share in shares})
    other_ps = np.array([line.other_start_ps + since for since in inside])
    ours_ps = line.to_ours(other_ps)
    assert ours_ps[0] == line.start_ps
    assert line.end_ps - 2 <= ours_ps[-1] < line.end_ps
    assert (np.diff(ours_ps) >= 0).all()
    for ours, since in zip(ours_ps.tolist(), inside, strict=True):
        exact = line.start_ps + Fraction(since * line.span_ps, length)
        assert abs(ours - exact) <= 4


@given(lines, st.data())
def test_no_time_goes_back(line, data):
    since = data.draw(st.integers(0, line.span_ps // 2))
    other_ps = line.other_start_ps + since + np.arange(3_000)
    steps = np.diff(line.to_ours(other_ps))
    assert set(steps.tolist()) <= {0, 1, 2}


def test_the_loop_says_the_same_without_compilation():
    line = ClockLine(10**12, 10**11, -(10**12), 90_001)
    other_ps = line.other_start_ps + np.arange(0, 10**11, 10**9 + 7)
    ours = np.empty_like(other_ps)
    module._to_ours.py_func(other_ps, line.constants(line.other_end_ps - line.other_start_ps), line.end_ps - 1, ours)
    assert (ours == line.to_ours(other_ps)).all()
    assert line.at(line.end_ps) == line.end_offset_ps


@pytest.mark.parametrize(("span", "rise"), [(0, 0), (10**5, 0), (10**12, 10**9), (10**14, 0)])
def test_what_is_no_clock_is_refused(span, rise):
    with pytest.raises(ValueError, match="astray"):
        ClockLine(0, span, 0, rise)
