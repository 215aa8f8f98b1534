"""How many of one list are not later than each of another, for many shifts between the two: a walk along both for every shift."""

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from schemas.block import Times
from schemas.panes import Counts
from streams.kernels.lanes import LANE, LANES, Lanes
from streams.kernels.readonly import readonly

_TOGETHER = 8  # shifts, so that none has to wait for its own last step
_NEVER = np.iinfo(np.int64).max


def rank_sums(ranked: Times, others: Times, shifts_ps: Times) -> Times:
    """For each shift the number of (r, o), one of ``ranked`` and one of ``others``, with r <= o + shift: int64.

    Args:
        ranked: sorted, int64, within 2**62.
        others: the same.
        shifts_ps: int64, within 2**61.
    """
    if not ranked.size or not others.size:
        return np.zeros(shifts_ps.size, np.int64)
    ended = np.full(ranked.size + LANES, _NEVER)
    ended[:-LANES] = ranked
    shifts = np.full(-(-shifts_ps.size // _TOGETHER) * _TOGETHER, shifts_ps[-1] if shifts_ps.size else 0)
    shifts[: shifts_ps.size] = shifts_ps
    sums = np.zeros(shifts.size, np.uint64)
    _rank_sums(readonly(ended, np.int64), readonly(others, np.int64), readonly(shifts, np.int64), sums)
    return sums[: shifts_ps.size].astype(np.int64)


@njit(nogil=True, cache=True)
def _rank_sums(ranked: Times, others: Times, shifts_ps: Times, sums: Counts) -> None:
    rank = np.zeros(_TOGETHER, np.uint64)
    for first in range(0, shifts_ps.size, _TOGETHER):
        for s in range(_TOGETHER):
            rank[s] = np.searchsorted(ranked, others[0] + shifts_ps[first + s], side="right")
        for j in range(others.size):
            for s in range(_TOGETHER):
                latest = others[j] + shifts_ps[first + s]
                step = not_later_of_eight(ranked, rank[s], latest)
                while step == np.uint64(LANES):
                    rank[s] += step
                    step = not_later_of_eight(ranked, rank[s], latest)
                rank[s] += step
                sums[first + s] += rank[s]


def _eight_lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    ranked, first, latest = arguments
    times = write.load(write.pointer(signature.args[0], ranked, first), LANE)
    return write.number(builder.icmp_signed("<=", times, write.everywhere(latest)))


def _not_later_of_eight(_: Any, ranked: Any, first: Any, latest: Any) -> Any:
    return types.uint64(ranked, first, latest), _eight_lanes


not_later_of_eight: Any = intrinsic(_not_later_of_eight)
"""How many of ``ranked[first : first + 8]`` are not later than ``latest``."""
