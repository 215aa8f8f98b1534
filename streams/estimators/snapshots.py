"""Several snapshots of one histogram: their sum, and whether they scatter as counts do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from schemas.measurements import DelayHistogram as HistogramData
from streams.estimators.delays import DelayHistogram
from streams.estimators.estimator import EstimatorError

_UNLIKELY = 1e-6


@dataclass(frozen=True, slots=True)
class HistogramTotal:
    """The sum of snapshots. ``scatter`` is the variance of their totals over the mean, 1 for light that does not change.

    ``warnings`` says where that is more than chance. None: not known, or a single snapshot.
    """

    histogram: DelayHistogram
    of: str
    period_ps: float | None
    accidentals_per_ps: float | None
    integration_s: float | None
    triggers: int | None
    snapshots: int
    scatter: float | None
    warnings: tuple[str, ...]


def total_of(data: Sequence[HistogramData]) -> HistogramTotal:
    """
    Raises:
        EstimatorError: other bins, another period or another kind in some of them.
    """
    first = data[0]
    axes = {(one.start_ps, one.bin_width_ps, len(one.counts), one.of, one.period_ps) for one in data}
    if len(axes) > 1:
        raise EstimatorError(f"snapshots of {len(axes)} different axes (start, bin, length, kind, period); give one histogram's")
    if not first.counts:
        raise EstimatorError("a histogram without bins; give at least one")
    counts = np.array([one.counts for one in data], np.int64)
    scatter, chance = _scatter(counts.sum(axis=1))
    return HistogramTotal(
        histogram=DelayHistogram(first.start_ps, first.bin_width_ps, counts.sum(axis=0).astype(np.uint64)),
        of=first.of,
        period_ps=first.period_ps,
        accidentals_per_ps=_sum([one.accidentals_per_ps for one in data]),
        integration_s=_sum([one.integration_s for one in data]),
        triggers=None if any(one.triggers is None for one in data) else sum(one.triggers or 0 for one in data),
        snapshots=len(data),
        scatter=scatter,
        warnings=(
            f"the {len(data)} snapshots' totals scatter {scatter:.1f} times as much as counts do: the rate changed on the way",
        )
        if chance < _UNLIKELY
        else (),
    )


def _scatter(totals: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[float | None, float]:
    """Index of dispersion, and how likely one as large is by chance (Fisher: (n - 1) times it is chi-squared)."""
    mean = float(totals.mean())
    if totals.size < 2 or mean == 0:
        return None, 1.0
    index = float(totals.var(ddof=1)) / mean
    return index, float(special.chdtrc(totals.size - 1, (totals.size - 1) * index))


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
