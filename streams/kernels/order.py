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
def _first_descent(time_ps: Times) -> np.int64:
    one, size = np.uint64(1), np.uint64(time_ps.size)
    for begin in range(one, size, np.uint64(_STRIDE)):
        end = min(np.uint64(begin) + np.uint64(_STRIDE), size)
        descents = np.uint64(0)
        for i in range(np.uint64(begin), end):  # no exit inside, so that it becomes vector instructions
            descents += np.uint64(time_ps[i] < time_ps[i - one])
        if descents:
            for i in range(np.uint64(begin), end):
                if time_ps[i] < time_ps[i - one]:
                    return np.int64(i)
    return np.int64(-1)
