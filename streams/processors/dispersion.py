"""How counts scatter in bins of several widths at once: power sums, of which Mandel's Q is made.

A pure seam over the bins of ``count_series``: of every width the bins that are live from beginning to end, aligned to the Unix
epoch. Sums are exact and run over everything seen, one stream behind another.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.panes import Counts
from streams.errors import DensityError
from streams.estimators.mandel import CountMoments
from streams.kernels.dispersion import add_powers, empty_sums
from streams.kernels.wide_sums import value_of
from streams.processors import count_series
from streams.processors.bin_widths import BinWidths
from streams.processors.count_series import SeriesState
from streams.segment import Segment

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DispersionState:
    """``next_bin``: the base bin that would go on. By multiple: base bins in the open bin, what they hold, the sums so far."""

    series: SeriesState
    next_bin: int
    filled: _Ints
    partial: Counts
    bins: _Ints
    sums: Counts


Dispersion = dict[tuple[int, int], CountMoments]
"""By width (ps) and channel."""


def initial(parameters: BinWidths) -> DispersionState:
    """The state before anything was seen."""
    multiples, channels = len(parameters.multiples), len(parameters.series.channels)
    return DispersionState(
        count_series.initial(),
        -1,
        np.zeros(multiples, np.int64),
        np.zeros((multiples, channels), np.uint64),
        np.zeros(multiples, np.int64),
        empty_sums(multiples, channels),
    )


def step(state: DispersionState, segment: Segment, parameters: BinWidths) -> tuple[DispersionState, Dispersion]:
    """Count a segment; the result is everything counted so far. ``state`` stays usable as it was.

    Raises:
        SegmentError: as ``count_series.step``.
        DensityError: a bin of 2**32 tags or more.
    """
    series, complete = count_series.step(state.series, segment, parameters.series)
    next_bin, multiples = state.next_bin, parameters.array()
    filled, partial, bins, sums = state.filled.copy(), state.partial.copy(), state.bins.copy(), state.sums.copy()
    for piece in complete:
        if piece.first != next_bin:
            filled[:] = 0
            partial[:] = 0
        if not add_powers(piece.counts, piece.first, multiples, filled, partial, bins, sums):
            raise DensityError(f"2**32 tags or more in a bin of up to {max(parameters.widths_ps)} ps; take narrower bins")
        next_bin = piece.end
    state = DispersionState(series, next_bin, filled, partial, bins, sums)
    return state, _read(state, parameters)


def _read(state: DispersionState, parameters: BinWidths) -> Dispersion:
    return {
        (width_ps, channel): CountMoments(int(state.bins[j]), *(value_of(words) for words in state.sums[j, c].tolist()))
        for j, width_ps in enumerate(parameters.widths_ps)
        for c, channel in enumerate(parameters.series.channels)
    }
