"""Squared second differences of running counts: what the overlapping Allan variance is the mean of."""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.panes import Counts
from streams.kernels.bin_counts import BinCounts
from streams.kernels.wide_sums import add_product

_Ints = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def add_differences(counts: BinCounts, begin: int, multiples: _Ints, terms: _Ints, squares: Counts) -> None:
    """Add every ((n of m bins) - (n of the m bins before them))² whose last bin stands at ``begin`` or behind it.

    Args:
        counts: of consecutive bins, shape (bins, channels), fewer than 2**63 tags in all.
        begin: the bins before it only serve as partners.
        multiples: int64, the values of m.
        terms: int64, by multiple: how many differences; added to in place.
        squares: uint64, shape (multiples, channels, ``WORDS``): their squares; added to in place.
    """
    bins = counts.shape[0]
    for j in range(multiples.size):
        m = multiples[j]
        terms[j] += max(0, bins - max(begin, 2 * m - 1))
    reached = np.zeros(bins + 1, np.int64)
    for c in range(counts.shape[1]):
        for k in range(bins):
            reached[k + 1] = reached[k] + np.int64(counts[k, c])
        for j in range(multiples.size):
            m = multiples[j]
            for k in range(max(begin, 2 * m - 1), bins):
                difference = np.uint64(abs(reached[k + 1] - 2 * reached[k + 1 - m] + reached[k + 1 - 2 * m]))
                add_product(squares[j, c], difference, difference)
