"""All-pairs cross-correlation of a merged stream: every pair of detectors at once, each pair of tags exactly once.

A tag looks back over the tags before it; whoever continues a stream puts the tags of the last ``reach_ps`` in front and begins
after them. Equal times are tau = 0, whichever of the two stands first.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import TauAxis
from streams.kernels.readonly import readonly

_SPARE = 64  # slots behind the last pair's bins that catch what pairs with nothing


def pairs_of(detectors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """(start, stop) channels of every pair of ascending ``detectors``, in the order of the histograms' rows."""
    return tuple((start, stop) for i, start in enumerate(detectors) for stop in detectors[i + 1 :])


def empty_histogram(detectors: tuple[int, ...], axis: TauAxis) -> Counts:
    """Zero counts for ``count_pairs``: row after row of ``axis.bins``, then slots that mean nothing (see ``rows``)."""
    return np.zeros(len(pairs_of(detectors)) * axis.bins + _SPARE, np.uint64)


def rows(histogram: Counts, axis: TauAxis) -> Counts:
    """The counts themselves, one row a pair: a view of shape (pairs, bins)."""
    return histogram[: histogram.size - _SPARE].reshape(-1, axis.bins)


def count_pairs(
    time_ps: Times, channel: Channels, begin: int, end: int, detectors: tuple[int, ...], axis: TauAxis, histogram: Counts
) -> None:
    """Add to ``histogram`` every pair whose later tag is one of [begin, end) and whose earlier tag is any before it.

    Args:
        time_ps: sorted, int64.
        channel: uint8; only ``detectors`` may occur.
        begin: index of the first tag to take as the later one.
        end: index behind the last.
        detectors: ascending.
        axis: delays and bins.
        histogram: from ``empty_histogram`` for the same detectors and axis; counted into.
    """
    if len(detectors) < 2 or begin >= end:
        return
    _look_back(
        readonly(time_ps, np.int64),
        readonly(channel, np.uint8),
        (begin, end),
        axis.constants(),
        _offsets(detectors, axis),
        histogram,
    )


def _offsets(detectors: tuple[int, ...], axis: TauAxis) -> npt.NDArray[np.int64]:
    """Where a pair's row begins, by both channels; -1 for channels that do not pair."""
    table = np.full((256, 256), -1, np.int64)
    for row, (start, stop) in enumerate(pairs_of(detectors)):
        table[start, stop] = table[stop, start] = row * axis.bins
    return table


@njit(nogil=True, cache=True)
def _look_back(
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int],
    constants: tuple[int, int, int, int, int],
    offsets: npt.NDArray[np.int64],
    histogram: Counts,
) -> None:
    first_edge, span, reach, multiplier, shift = constants
    for i in range(part[0], part[1]):
        now = time_ps[i]
        own = channel[i]
        j = i - 1
        while j >= 0:
            age = now - time_ps[j]
            if age > reach:
                break
            other = channel[j]
            row = offsets[other, own]
            if row >= 0:
                tau = age if own > other else -age
                offset = tau - first_edge
                if 0 <= offset < span:
                    histogram[row + ((offset * multiplier) >> shift)] += np.uint64(1)
            j -= 1
