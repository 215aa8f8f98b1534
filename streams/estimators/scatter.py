"""How much something that was measured several times varies by itself, the errors of the single measurements taken off.

Values scatter with the variance s² + eᵢ². Q(s²) = Σ (xᵢ - x̄)²/(s² + eᵢ²), with the mean weighted alike, follows chi² with n -
1 degrees of freedom: s² is where Q is n - 1 (Paule and Mandel 1982), its bounds where Q is the quantiles (Viechtbauer, Stat.
Med. 26, 37 (2007)).
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import optimize, special

from streams.estimators.outcome import Floats

_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Scatter:
    """Standard deviations: ``raw`` of the values, ``own`` with their errors taken off, between ``lower`` and ``upper``."""

    mean: float
    raw: float
    own: float
    lower: float
    upper: float


def scatter_of(values: Floats, errors: Floats, confidence: float) -> Scatter:
    """Of two values or more; an ``own`` of 0 says that the errors explain all of it."""
    centre = float(values.mean())
    centred, freedom = values - centre, values.size - 1
    raw = sqrt(float(centred @ centred) / freedom)
    tail = (1 - confidence) / 2
    own = _solved(centred, errors, float(freedom))
    weight = 1 / (own**2 + errors**2) if (own**2 + errors**2 > 0).all() else np.ones(values.size)
    return Scatter(
        mean=centre + float(weight @ centred / weight.sum()),
        raw=raw,
        own=own,
        lower=_solved(centred, errors, float(special.chdtri(freedom, tail))),
        upper=_solved(centred, errors, float(special.chdtri(freedom, 1 - tail))),
    )


def _solved(values: Floats, errors: Floats, wanted: float) -> float:
    """The deviation for which Q is ``wanted``, 0 where it is less for none."""
    least = float((errors**2).min())
    # A floor far below the errors keeps Q finite where some are 0.
    size = float(values @ values) / wanted
    if size == 0:
        return 0.0
    floor = size * _EXACT if least == 0 else 0.0
    if _statistic(values, errors, floor) <= wanted:
        return 0.0
    return sqrt(float(optimize.brentq(lambda own: _statistic(values, errors, own) - wanted, floor, 2 * size, rtol=1e-12)))


def _statistic(values: Floats, errors: Floats, own: float) -> float:
    weight = 1 / (own + errors**2)
    mean = weight @ values / weight.sum()
    return float(weight @ (values - mean) ** 2)
