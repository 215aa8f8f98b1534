"""Sums of products that 64 bits cannot hold: three 64-bit words, the lowest first."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from schemas.panes import Counts

WORDS = 3
_HALF = 32
_LOW = (1 << _HALF) - 1


def value_of(words: Sequence[int]) -> int:
    """The number that words hold."""
    return sum(int(word) << (64 * place) for place, word in enumerate(words))


@njit(nogil=True, cache=True)
def add_product(words: Counts, a: np.uint64, b: np.uint64) -> None:
    """Add a·b to ``words`` (uint64, ``WORDS`` entries), in place."""
    half, low = np.uint64(_HALF), np.uint64(_LOW)
    a_low, a_high, b_low, b_high = a & low, a >> half, b & low, b >> half
    cross = a_high * b_low + ((a_low * b_low) >> half)
    middle = a_low * b_high + (cross & low)
    lower = (middle << half) | ((a_low * b_low) & low)
    upper = a_high * b_high + (cross >> half) + (middle >> half)
    words[0] += lower
    upper_carry = np.uint64(words[0] < lower)  # never beyond 64 bits: upper is below 2**64 - 1
    words[1] += upper + upper_carry
    words[2] += np.uint64(words[1] < upper + upper_carry)
