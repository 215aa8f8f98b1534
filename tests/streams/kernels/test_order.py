import numpy as np
import pytest

from streams.kernels import order as module
from streams.kernels.order import first_descent


@pytest.mark.parametrize("place", [1, 2, 4095, 4096, 4097, 9_999])
def test_the_first_descent_is_found(place):
    time_ps = np.arange(10_000)
    time_ps[place] = -1
    assert first_descent(time_ps) == module._first_descent.py_func(time_ps) == place


@pytest.mark.parametrize("size", [0, 1, 2, 10_000])
def test_equal_and_rising_times_are_sorted(size):
    assert first_descent(np.arange(size) // 2) == -1
