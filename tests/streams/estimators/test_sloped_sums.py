"""Sums along lines: every count is in every slope once, and a straight line is where it belongs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.estimators.sloped_sums import sloped_sums


def shifts(rows, rise):
    """How far the digital line has come in each row: halves first, as the recursion says."""
    if rows == 1:
        return [0]
    first = shifts(rows // 2, rise // 2)
    return first + [shift + (rise + 1) // 2 for shift in first]


@given(st.integers(0, 4), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_sums_equal_the_lines_one_by_one(level, bins, seed):
    rows = 1 << level
    picture = np.random.default_rng(seed).integers(0, 9, (rows, bins)).astype(np.uint32)
    sums = sloped_sums(picture)
    for rise in range(rows):
        for x in range(bins):
            line = [picture[row, x + shift] for row, shift in enumerate(shifts(rows, rise)) if x + shift < bins]
            assert sums[rise, x] == sum(map(int, line))


@pytest.mark.parametrize("rise", [0, 1, 37, 63])
def test_digital_lines_are_straight(rise):
    assert np.abs(np.array(shifts(64, rise)) - rise * np.arange(64) / 63).max() <= 1


def test_rows_must_be_a_power_of_two():
    with pytest.raises(ValueError, match="power of two"):
        sloped_sums(np.zeros((3, 4)))
