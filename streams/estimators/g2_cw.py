"""g² at zero delay of continuous light: coincidences in a window at the dip, over the accidentals that the singles rates predict.

The window is part of the result: jitter and a wide window fill the dip. No background is taken off here.
"""

import numpy as np
import numpy.typing as npt
from scipy import special

from schemas.records import Estimate, Parameter
from streams.estimators.delays import DelayHistogram, Delays
from streams.estimators.estimator import IntervalKind
from streams.estimators.sequences import method_of, rate_interval

METHOD = "continuous, coincidences in a window over R1*R2*window*time, interval by Garwood on the coincidences, v1"
_FALSE_ALARM = 1e-3  # probability to see a dip where there is none
_AMBIGUOUS = (
    "zero delay is ambiguous: no dip is deeper than chance; delay 0 was taken, and the interval covers every window; a "
    "calibrated zero delay would decide it"
)

_Sums = npt.NDArray[np.int64]


def cw_estimate(
    histogram: DelayHistogram,
    accidentals_per_ps: float,
    confidence: float,
    *,
    window_ps: int,
    zero_delay_ps: float | None = None,
    kind: IntervalKind = "fixed",
) -> Estimate:
    """g² in a window of whole bins, about ``window_ps`` wide, at zero delay.

    Zero delay is the one given; else the middle of the dip, where there is one deeper than chance; else 0, with a warning and an
    interval that covers every window, for the dip could be in any.
    """
    bins, sums, middles = _windows(histogram, window_ps)
    warnings: tuple[str, ...] = ()
    if zero_delay_ps is None:
        dip = _dip(sums)
        ambiguous = dip is None
        place = int(np.argmin(np.abs(middles))) if dip is None else dip
        warnings = (_AMBIGUOUS,) if ambiguous else ()
    else:
        ambiguous = False
        place = int(np.argmin(np.abs(middles - zero_delay_ps)))
    level = accidentals_per_ps * bins * histogram.bin_width_ps
    parameters: dict[str, Parameter] = {
        "normalisation": "far_lag",
        "side_peaks": 0,
        "expected_counts": level,
        "window_ps": bins * histogram.bin_width_ps,
        "zero_delay_ps": float(middles[place]),
        "interval": kind,
    }
    value = lower = upper = None
    if level > 0:
        least, most = (int(sums.min()), int(sums.max())) if ambiguous else (int(sums[place]), int(sums[place]))
        value = float(sums[place]) / level
        lower = rate_interval(kind, least, level, confidence)[0]
        upper = rate_interval(kind, most, level, confidence)[1]
    else:
        warnings += ("no singles to normalise by",)
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        counts={"central_counts": int(sums[place])},
        unit="1",
        method=method_of(METHOD, kind),
        parameters=parameters,
        warnings=warnings,
    )


def find_dip(histogram: DelayHistogram, window_ps: float = 1_000) -> float | None:
    """Delay in the middle of the dip, or None where none is deeper than chance."""
    _, sums, middles = _windows(histogram, window_ps)
    place = _dip(sums)
    return None if place is None else float(middles[place])


def _windows(histogram: DelayHistogram, window_ps: float) -> tuple[int, _Sums, Delays]:
    """Bins of a window, the counts in every one, and their middles."""
    bins = min(histogram.counts.size, max(1, round(window_ps / histogram.bin_width_ps)))
    sums: _Sums = np.convolve(histogram.counts.astype(np.int64), np.ones(bins, np.int64), mode="valid")
    middles = histogram.first_edge_ps + (np.arange(sums.size) + bins / 2) * histogram.bin_width_ps
    return bins, sums, np.asarray(middles, np.float64)


def _dip(sums: _Sums) -> int | None:
    """Middle of the dip around the deepest window, or None where it is no deeper than chance.

    The middle, not the deepest window itself: that would pick the lowest of many scattered counts.
    """
    usual = float(np.median(sums))
    deepest = int(np.argmin(sums))
    if special.pdtr(int(sums[deepest]), usual) * sums.size >= _FALSE_ALARM:
        return None
    shallow = np.flatnonzero(sums > (usual + sums[deepest]) / 2)
    left = int(shallow[shallow < deepest].max(initial=-1))
    right = int(shallow[shallow > deepest].min(initial=sums.size))
    return (left + right) // 2
