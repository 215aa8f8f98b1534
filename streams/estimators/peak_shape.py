"""Peaks with two exponential flanks, blurred by a Gaussian response: what decays look like behind two detectors."""

from math import floor

import numpy as np
from scipy import special

from streams.estimators.outcome import Floats

_DECAYS, _SIGMAS = 16, 6
"""How far a peak reaches, in its decays and in its response's widths: what lies beyond is less than 1e-7 of it."""


def laplace_gauss_cdf(at: Floats, decay: float, sigma: float) -> Floats:
    """Share of the peak below ``at``: density exp(-|t|/decay)/(2 decay), convolved with a normal one of width ``sigma``.

    Stable for any ratio of the two; ``sigma`` and ``decay`` are above 0.
    """
    scaled, ratio = at / sigma, sigma / decay
    rising = np.exp(0.5 * ratio**2 + at / decay + special.log_ndtr(-scaled - ratio))
    falling = np.exp(0.5 * ratio**2 - at / decay + special.log_ndtr(scaled - ratio))
    return np.asarray(special.ndtr(scaled) + 0.5 * (rising - falling))


def peak_in_bins(edges: Floats, decay: float, sigma: float) -> Floats:
    """Share of a peak at 0 that falls between neighbours of the ascending ``edges``."""
    return np.diff(laplace_gauss_cdf(edges, decay, sigma))


def comb_in_bins(edges: Floats, period: float, decay: float, sigma: float) -> Floats:
    """The same for peaks at all multiples of ``period``."""
    number = np.rint(edges / period)
    phase = edges - number * period
    reach = floor(0.5 + (_DECAYS * decay + _SIGMAS * sigma) / period)
    below = sum(laplace_gauss_cdf(phase - k * period, decay, sigma) for k in range(-reach, reach + 1))
    return np.diff(number + below)
