import numpy as np

from streams.kernels.allan import add_differences
from streams.kernels.wide_sums import WORDS, value_of


def test_squares_beyond_64_bits():
    counts = np.array([[0], [2**32 - 1], [0], [2**32 - 1]], np.uint32)
    for add in (add_differences, add_differences.py_func):
        terms, squares = np.zeros(1, np.int64), np.zeros((1, 1, WORDS), np.uint64)
        with np.errstate(over="ignore"):
            add(counts, 0, np.array([1]), terms, squares)
        assert (terms[0], value_of(squares[0, 0].tolist())) == (3, 3 * (2**32 - 1) ** 2)


def test_differences_that_need_bins_from_before_count_once():
    counts, sums = np.random.default_rng(1).integers(0, 9, (20, 2)).astype(np.uint32), []
    for begins in ((0,), (0, 7, 12)):
        terms, squares = np.zeros(2, np.int64), np.zeros((2, 2, WORDS), np.uint64)
        for begin, end in zip(begins, (*begins[1:], 20), strict=True):
            add_differences(counts[:end], begin, np.array([1, 3]), terms, squares)
        sums.append((terms.tolist(), squares.tolist()))
    assert sums[0] == sums[1]
    assert sums[0][0] == [19, 15]
