"""How rates wander, over several averaging times at once: the sums of which the overlapping Allan deviation is made.

A pure seam over the bins of ``count_series``. A difference counts where all bins of it are live; differences run over everything
seen, and none spans an interruption. Sums are exact.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.panes import Counts
from streams.estimators.allan import SecondDifferences
from streams.kernels.allan import add_differences
from streams.kernels.bin_counts import BinCounts
from streams.kernels.wide_sums import WORDS, value_of
from streams.processors import count_series
from streams.processors.bin_widths import BinWidths
from streams.processors.count_series import SeriesState
from streams.segment import Segment

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StabilityState:
    """``recent``: the bins before ``next_bin`` that a difference may still hold. By multiple: differences and their squares.

    ``bins`` and ``tags`` (by channel) are what was seen in all.
    """

    series: SeriesState
    next_bin: int
    recent: BinCounts
    terms: _Ints
    squares: Counts
    bins: int
    tags: Counts


Stability = dict[tuple[int, int], SecondDifferences]
"""By averaging time (ps) and channel."""


def initial(parameters: BinWidths) -> StabilityState:
    """The state before anything was seen."""
    multiples, channels = len(parameters.multiples), len(parameters.series.channels)
    return StabilityState(
        count_series.initial(),
        -1,
        np.zeros((0, channels), np.uint32),
        np.zeros(multiples, np.int64),
        np.zeros((multiples, channels, WORDS), np.uint64),
        0,
        np.zeros(channels, np.uint64),
    )


def step(state: StabilityState, segment: Segment, parameters: BinWidths) -> tuple[StabilityState, Stability]:
    """Count a segment; the result is everything counted so far. ``state`` stays usable as it was.

    Raises:
        SegmentError: as ``count_series.step``.
    """
    series, complete = count_series.step(state.series, segment, parameters.series)
    next_bin, recent, bins, tags = state.next_bin, state.recent, state.bins, state.tags
    terms, squares = state.terms.copy(), state.squares.copy()
    for piece in complete:
        before = recent if piece.first == next_bin else recent[:0]
        joined = np.concatenate((before, piece.counts))
        add_differences(joined, before.shape[0], parameters.array(), terms, squares)
        recent, next_bin = joined[-(2 * max(parameters.multiples) - 1) :], piece.end
        bins, tags = bins + piece.counts.shape[0], tags + piece.counts.sum(axis=0, dtype=np.uint64)
    state = StabilityState(series, next_bin, recent, terms, squares, bins, tags)
    return state, _read(state, parameters)


def _read(state: StabilityState, parameters: BinWidths) -> Stability:
    return {
        (width_ps, channel): SecondDifferences(
            averaging_ps=width_ps,
            multiple=parameters.multiples[j],
            terms=int(state.terms[j]),
            squares=value_of(state.squares[j, c].tolist()),
            bins=state.bins,
            tags=int(state.tags[c]),
        )
        for j, width_ps in enumerate(parameters.widths_ps)
        for c, channel in enumerate(parameters.series.channels)
    }
