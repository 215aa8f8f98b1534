"""Mandel's Q: how much more (or less) counts scatter than Poisson's, Q = variance/mean - 1 (L. Mandel, Opt. Lett. 4, 205, 1979).

Seen with efficiency η, light has η times the Q of its source. A detector's dead time τ lowers Q by about 2 R τ: a Q below
zero may be that.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from scipy import special

from schemas.records import Estimate, Parameter

METHOD = "mandel q, sample variance over mean, interval by the delta method, v1"
FEWEST_BINS = 100


@dataclass(frozen=True, slots=True)
class CountMoments:
    """How many bins, and the sums of their counts' first four powers."""

    bins: int
    sum_1: int
    sum_2: int
    sum_3: int
    sum_4: int


def estimate_mandel(moments: CountMoments, width_ps: int, confidence: float = 0.95) -> Estimate:
    """Q of counts in bins of ``width_ps``; the interval is normal, from the first four moments of the counts themselves.

    Not estimated from fewer than ``FEWEST_BINS`` bins, or without counts.
    """
    counts = {"bins": moments.bins, "tags": moments.sum_1}
    parameters: dict[str, Parameter] = {"width_ps": width_ps}
    if moments.bins < FEWEST_BINS or not moments.sum_1:
        why = "no counts" if moments.bins >= FEWEST_BINS else f"{moments.bins} bins, at least {FEWEST_BINS} are needed"
        return Estimate(
            value=None,
            lower=None,
            upper=None,
            confidence=confidence,
            counts=counts,
            unit="1",
            method=METHOD,
            parameters=parameters,
            warnings=(why,),
        )
    bins, mean = moments.bins, Fraction(moments.sum_1, moments.bins)
    raw = [Fraction(one, bins) for one in (moments.sum_2, moments.sum_3, moments.sum_4)]
    second = raw[0] - mean**2
    third = raw[1] - 3 * mean * raw[0] + 2 * mean**3
    fourth = raw[2] - 4 * mean * raw[1] + 6 * mean**2 * raw[0] - 3 * mean**4
    value = float(second * bins / (bins - 1) / mean - 1)
    variance = (fourth - second**2) / mean**2 - 2 * second * third / mean**3 + second**3 / mean**4
    half = float(special.ndtri((1 + confidence) / 2)) * sqrt(variance / bins)
    return Estimate(
        value=value,
        lower=value - half,
        upper=value + half,
        confidence=confidence,
        counts=counts,
        unit="1",
        method=METHOD,
        parameters=parameters,
    )
