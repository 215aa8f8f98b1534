"""Are times sorted?"""

import numpy as np
from numba import njit

from schemas.block import Times
from streams.kernels.readonly import readonly

_STRIDE = 4096


def first_descent(time_ps: Times) -> int:
    """Index of the first tag that is earlier than its predecessor, or -1 where none is."""
    return int(_first_descent(readonly(time_ps, np.int64)))


@njit(nogil=True, cache=True)
def _first_descent(time_ps: Times) -> int:
    begin = 1
    while begin < time_ps.size:
        end = min(begin + _STRIDE, time_ps.size)
        descents = 0
        for i in range(begin, end):  # no exit inside, so that it becomes vector instructions
            descents += time_ps[i] < time_ps[i - 1]
        if descents:
            for i in range(begin, end):
                if time_ps[i] < time_ps[i - 1]:
                    return i
        begin = end
    return -1
