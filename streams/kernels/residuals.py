"""How far the tags of two clocks lie from a line between them, over time."""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Times
from streams.kernels.axis import TauAxis
from streams.kernels.clock_line import GRAIN, ClockLine
from streams.kernels.readonly import readonly

MOST_PAIRS = 1 << 28
"""Pairs that one call counts: about a second of work."""

ROUNDING_PS = 0.5
"""A whole residual stands for what was rounded to it: bins begin this much below their edges."""

ResidualCounts = npt.NDArray[np.uint32]


def count_residuals(ours_ps: Times, other_ps: Times, line: ClockLine, axis: TauAxis, rows: int = 1) -> ResidualCounts | None:
    """Pairs by when they were, in equal ``rows`` of the line's span, and by ``other - ours - line``, in the bins of ``axis``.

    Tags are sorted, int64; of ours those within the line's span count, of the others all. Gives uint32 (rows, axis.bins), or None
    where a burst would take more than ``MOST_PAIRS`` pairs.

    Raises:
        ValueError: an axis wider than 2**30 ps.
    """
    if not axis.narrow:
        raise ValueError(f"residuals over {axis.span_ps} ps: at most 2**30 ps")
    counts = np.zeros((rows, axis.bins), np.uint32)
    begin, end = np.searchsorted(ours_ps, (line.start_ps, line.end_ps))
    ours = readonly(ours_ps[begin:end], np.int64)
    span, constants = line.span_ps, line.constants(line.span_ps)
    done = _count_residuals(ours, readonly(other_ps, np.int64), span, constants, axis.constants, MOST_PAIRS, counts)
    return counts if done else None


@njit(nogil=True, cache=True)
def _count_residuals(
    ours_ps: Times,
    other_ps: Times,
    span: int,
    line: tuple[int, int, int, int],
    constants: tuple[int, int, int, int, int, int],
    most: int,
    counts: ResidualCounts,
) -> bool:
    start, offset, slope, steps = line
    before, width, _, multiplier, shift, _ = constants
    factor, places = np.uint64(multiplier), np.uint64(shift)
    rows = counts.shape[0]
    half = np.int64(1) << (steps - 1)
    row = 0
    row_end = start + span // rows
    first = 0
    left = most
    for i in range(ours_ps.size):
        now = ours_ps[i]
        while row < rows - 1 and now >= row_end:
            row += 1
            row_end = start + (row + 1) * span // rows
        lowest = now + offset + ((((now - start) >> GRAIN) * slope + half) >> steps) - before
        while first < other_ps.size and other_ps[first] < lowest:
            first += 1
        k = first
        while k < other_ps.size and other_ps[k] - lowest < width:
            counts[row, np.int64((np.uint64(other_ps[k] - lowest) * factor) >> places)] += np.uint32(1)
            k += 1
        left -= k - first
        if left < 0:
            return False
    return True
