"""The fit of arrivals after the trigger: an exponential decay blurred by a normal law, over a floor.

Values in their order: the floor (counts/ps), the area of the peak (counts), when it arrives (ps), and two that say its shape:
sigma of the normal law and the decay's time (0 for none), both in ps, or (``whole``) the width of both in quadrature and the
decay's share of it.

The decay's part at a delay is that of an exponentially modified Gaussian, whose slopes have closed forms: with its share before x
called B, the normal law phi and E = tau dB/dx, they are dB/dsigma = (phi - sigma E / tau) / tau and
dB/dtau = E (sigma^2 / tau^3 - x / tau^2) - phi sigma / tau^2.
"""

from math import erfc, exp, pi, sqrt

import numpy as np
from numba import njit

from streams.kernels.scoring import DAMPING, MOST_STEPS, SMALLEST, Floats, Places, deviance_of, informed, stepped

VALUES = 5
_SURE, _SURE_DECAYS = 9.0, 40.0
"""So many widths before, and widths and decays after, the share of arrivals is 0 or 1 as far as a double can tell."""
_NO_DECAY = 1e-6
_ROOT_2 = sqrt(2.0)
_PEAK = 1 / sqrt(2 * pi)
_FAR = 10.0
_TERMS = 9


@njit(nogil=True, cache=True)
def _scaled_erfc(at: float) -> float:
    """exp(at^2) erfc(at) for ``at`` above -26: beyond ``_FAR`` by its asymptotic series (Abramowitz and Stegun 7.1.23)."""
    if at < _FAR:
        return exp(at * at) * erfc(at)
    term = total = 1.0
    for order in range(1, _TERMS):
        term *= -(2 * order - 1) / (2 * at * at)
        total += term
    return total / (at * sqrt(pi))


@njit(nogil=True, cache=True)
def share_before(at: float, sigma: float, decay: float) -> tuple[float, float, float, float]:
    """Share of arrivals before ``at``, and its slopes by the delay, by sigma and by the decay's time."""
    along = at / sigma
    if along < -_SURE:
        return 0.0, 0.0, 0.0, 0.0
    ratio = 0.0 if decay < sigma * _NO_DECAY else sigma / decay
    if at > _SURE * sigma + _SURE_DECAYS * (decay if ratio else 0.0):
        return 1.0, 0.0, 0.0, 0.0
    density = _PEAK * exp(-0.5 * along * along)
    below = 0.5 * erfc(-along / _ROOT_2)
    if not ratio:
        return below, density / sigma, -along * density / sigma, 0.0
    z = along - ratio
    if z > -_FAR * _ROOT_2:
        undecayed = 0.5 * exp(ratio * (0.5 * ratio - along)) * erfc(-z / _ROOT_2)
    else:
        undecayed = 0.5 * exp(-0.5 * along * along) * _scaled_erfc(-z / _ROOT_2)
    by_sigma = (density - ratio * undecayed) / decay
    by_decay = (undecayed * (ratio * ratio - at / decay) - density * ratio) / decay
    return below - undecayed, undecayed / decay, by_sigma, by_decay


@njit(nogil=True, cache=True)
def expected_arrivals(edges_ps: Floats, period_ps: float, values: Floats, whole: bool, means: Floats, slopes: Floats) -> None:
    """The mean counts of the bins between ascending edges, and their slopes by each value, one row a value.

    A ``period_ps`` above 0 is one that the edges span: what comes late appears at their beginning.
    """
    floor, area, arrival, first, second = values
    narrow = sqrt(1 - second * second) if whole else 1.0
    sigma, decay = (first * narrow, first * second) if whole else (first, second)
    wraps = 1 if period_ps > 0 else 0
    last_below = last_by_delay = last_by_sigma = last_by_decay = 0.0
    for place in range(edges_ps.size):
        below = by_delay = by_sigma = by_decay = 0.0
        for wrap in range(-wraps, wraps + 1):
            parts = share_before(edges_ps[place] - arrival - wrap * period_ps, sigma, decay)
            below += parts[0]
            by_delay += parts[1]
            by_sigma += parts[2]
            by_decay += parts[3]
        if place:
            width, share = edges_ps[place] - edges_ps[place - 1], below - last_below
            of_sigma, of_decay = area * (by_sigma - last_by_sigma), area * (by_decay - last_by_decay)
            means[place - 1] = max(floor * width + area * share, SMALLEST)
            slopes[0, place - 1] = width
            slopes[1, place - 1] = share
            slopes[2, place - 1] = -area * (by_delay - last_by_delay)
            slopes[3, place - 1] = of_sigma * narrow + of_decay * second if whole else of_sigma
            slopes[4, place - 1] = first * (of_decay - of_sigma * second / narrow) if whole else of_decay
        last_below, last_by_delay, last_by_sigma, last_by_decay = below, by_delay, by_sigma, by_decay


@njit(nogil=True, cache=True)
def descend_arrivals(
    counts: Floats,
    edges_ps: Floats,
    period_ps: float,
    whole: bool,
    values: Floats,
    free: Places,
    lower: Floats,
    upper: Floats,
    gain: float,
) -> tuple[Floats, float, Floats]:
    """From ``values`` down to the most likely ones, of which those at the places ``free`` move between their limits.

    A step that gains no more deviance than ``gain`` is the last. Returns the values, their deviance, and the information of the
    free ones.
    """
    means, slopes = np.empty(counts.size), np.empty((VALUES, counts.size))
    other_means, other_slopes = np.empty(counts.size), np.empty((VALUES, counts.size))
    expected_arrivals(edges_ps, period_ps, values, whole, means, slopes)
    deviance = deviance_of(counts, means)
    lower, upper = lower[free], upper[free]
    damping = DAMPING
    information = np.zeros((free.size, free.size))
    for _ in range(MOST_STEPS):
        information, score = informed(counts, means, slopes[free])
        before = deviance
        while damping < 1 / DAMPING**4:
            there = values.copy()
            there[free] = stepped(values[free], lower, upper, information, score, damping)
            expected_arrivals(edges_ps, period_ps, there, whole, other_means, other_slopes)
            other = deviance_of(counts, other_means)
            if other < deviance:
                values, deviance = there, other
                means, other_means = other_means, means
                slopes, other_slopes = other_slopes, slopes
                break
            damping *= 10
        damping = max(damping / 10, DAMPING**2)
        if before - deviance <= gain:
            break
    return values, deviance, information
