import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import coarse_counts as module
from streams.kernels.coarse_counts import count_coarse


@given(st.lists(st.integers(-50, 150)), st.integers(-20, 20), st.integers(1, 9), st.integers(1, 30))
def test_counts_equal_a_histogram(times, start, width, bins):
    time_ps = np.array(sorted(times), np.int64)
    expected = [sum(start + k * width <= t < start + (k + 1) * width for t in times) for k in range(bins)]
    assert count_coarse(time_ps, start, width, bins).tolist() == expected
    plain = np.zeros(bins, np.uint8)
    module._count_coarse.py_func(time_ps, start, width, plain)
    assert plain.tolist() == expected


def test_a_burst_is_no_peak():
    assert count_coarse(np.full(1000, 5), 0, 10, 2).tolist() == [255, 0]
