"""Moments of an arrival histogram: mean, RMS and full width at half maximum, as the detectors and the electronics show them."""

from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import special

from schemas.panes import Counts
from schemas.records import Estimate, Parameter

METHOD = "rms of an arrival histogram about its mean, interval by the delta method, v1"
FEWEST_COUNTS = 100


def estimate_jitter(
    counts: Counts, bin_width_ps: int, within_ps: int, *, background_per_bin: float = 0.0, confidence: float = 0.95
) -> Estimate:
    """RMS width (ps) of what lies within ``within_ps`` of the highest bin, on either side; mean and FWHM among its parameters.

    Bins are taken at their middle, and the width that they add is taken off (W. F. Sheppard, 1898). A background that is not
    taken off widens the RMS: choose ``within_ps`` a few times as wide as the peak. Fewer counts than
    ``FEWEST_COUNTS`` are not estimated.

    Args:
        counts: of bins [i * bin_width_ps, (i + 1) * bin_width_ps).
        bin_width_ps: whole picoseconds; times are whole, too.
        within_ps: how far from the highest bin counts still belong to the peak.
        background_per_bin: what every bin holds beside the peak.
        confidence: of the interval.
    """
    peak = int(np.argmax(counts))
    reach = max(1, within_ps // bin_width_ps)
    begin, end = max(0, peak - reach), min(counts.size, peak + reach + 1)
    time_ps = (np.arange(begin, end) + 0.5) * bin_width_ps - 0.5
    seen = counts[begin:end].astype(np.float64)
    weight = seen - background_per_bin
    total = float(weight.sum())
    parameters: dict[str, Parameter] = {
        "bin_width_ps": bin_width_ps,
        "within_ps": within_ps,
        "background_per_bin": background_per_bin,
    }
    found = {"counts": int(seen.sum())}
    variance = mean = second = 0.0
    if seen.sum() >= FEWEST_COUNTS and total > 0:
        mean = float((weight * time_ps).sum()) / total
        second = float((weight * (time_ps - mean) ** 2).sum()) / total
        variance = second - (bin_width_ps**2 - 1) / 12
    if variance <= 0:
        why = f"{found['counts']} counts in the peak show no width; at least {FEWEST_COUNTS}, in several bins, are needed"
        return Estimate(
            value=None,
            lower=None,
            upper=None,
            confidence=confidence,
            counts=found,
            unit="ps",
            method=METHOD,
            parameters=parameters,
            warnings=(why,),
        )
    # the scatter of the second moment is that of the counts as seen, background included
    scatter = sqrt(float((seen * ((time_ps - mean) ** 2 - second) ** 2).sum())) / total
    half = float(special.ndtri((1 + confidence) / 2)) * scatter / (2 * sqrt(variance))
    return Estimate(
        value=sqrt(variance),
        lower=max(0.0, sqrt(variance) - half),
        upper=sqrt(variance) + half,
        confidence=confidence,
        counts=found,
        unit="ps",
        method=METHOD,
        parameters=parameters | {"mean_ps": mean, "fwhm_ps": _fwhm(weight, bin_width_ps)},
        warnings=("the peak stands at the edge of the histogram",) if peak in {begin, end - 1} else (),
    )


def _fwhm(weight: npt.NDArray[np.float64], bin_width_ps: int) -> float | None:
    """Between the places on either side of the highest bin where lines through neighbouring bins fall to half its height."""
    peak = int(np.argmax(weight))
    half = weight[peak] / 2
    sides = []
    for side in (weight[peak::-1], weight[peak:]):
        below = np.flatnonzero(side <= half)
        if not below.size:
            return None
        k = int(below[0])
        sides.append(k - (half - side[k]) / (side[k - 1] - side[k]))
    return float(sum(sides)) * bin_width_ps
