import numpy as np

from streams.kernels.dispersion import add_powers, empty_sums
from streams.kernels.wide_sums import value_of


def test_sums_beyond_64_bits():
    counts = np.full((2, 1), 2**32 - 1, np.uint32)
    bins, sums = np.zeros(1, np.int64), empty_sums(1, 1)
    for add in (add_powers, add_powers.py_func):
        with np.errstate(over="ignore"):
            assert add(counts, 0, np.ones(1, np.int64), np.zeros(1, np.int64), np.zeros((1, 1), np.uint64), bins, sums)
    assert bins.tolist() == [4]
    assert [value_of(words) for words in sums[0, 0].tolist()] == [4 * (2**32 - 1) ** power for power in (1, 2, 3, 4)]


def test_a_bin_that_is_too_full():
    full = np.full((2, 1), 2**31, np.uint32)
    state = np.zeros(1, np.int64), np.zeros((1, 1), np.uint64), np.zeros(1, np.int64), empty_sums(1, 1)
    assert not add_powers(full, 0, np.array([2]), *state)
