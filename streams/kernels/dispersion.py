"""Power sums of counts in aligned bins that are several base bins wide."""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.panes import Counts
from streams.kernels.bin_counts import BinCounts
from streams.kernels.wide_sums import WORDS, add_product

POWERS = 4
"""Sums of n, n², n³ and n⁴ are kept."""
_MOST = 1 << 32

_Ints = npt.NDArray[np.int64]


def empty_sums(multiples: int, channels: int) -> Counts:
    """Zero sums for ``add_powers``: uint64, shape (multiples, channels, POWERS, WORDS)."""
    return np.zeros((multiples, channels, POWERS, WORDS), np.uint64)


@njit(nogil=True, cache=True)
def add_powers(
    counts: BinCounts, first: int, multiples: _Ints, filled: _Ints, partial: Counts, bins: _Ints, sums: Counts
) -> bool:
    """Go on with base bins ``first``, ``first`` + 1, ...; a bin of m base bins is complete with number k·m - 1.

    Everything but ``counts`` and ``multiples`` is brought up to date in place. Returns False, with the sums spoiled, where a bin
    holds 2**32 tags or more.

    Args:
        counts: of the base bins, shape (bins, channels).
        first: the first one's number, not negative.
        multiples: int64.
        filled: int64, by multiple: how many base bins the open bin holds; it counts only if it holds all of them.
        partial: uint64, shape (multiples, channels): what it holds.
        bins: int64, by multiple: complete bins.
        sums: from ``empty_sums``.
    """
    for j in range(multiples.size):
        left = multiples[j] - first % multiples[j]  # base bins until the open bin ends
        for k in range(counts.shape[0]):
            for c in range(counts.shape[1]):
                partial[j, c] += np.uint64(counts[k, c])
            filled[j] += 1
            left -= 1
            if left:
                continue
            if filled[j] == multiples[j]:
                bins[j] += 1
                for c in range(counts.shape[1]):
                    n = partial[j, c]
                    if n >= np.uint64(_MOST):
                        return False
                    square = n * n
                    add_product(sums[j, c, 0], n, np.uint64(1))
                    add_product(sums[j, c, 1], n, n)
                    add_product(sums[j, c, 2], square, n)
                    add_product(sums[j, c, 3], square, square)
            filled[j] = 0
            partial[j] = 0
            left = multiples[j]
    return True
