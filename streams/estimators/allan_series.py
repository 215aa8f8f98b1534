"""Overlapping Allan deviation of a series of values at even spacing (Riley, NIST Special Publication 1065 (2008), 5.2.4)."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special

from streams.estimators.allan import white_freedom
from streams.estimators.outcome import Floats

_UNEVEN = 0.1
"""Of the spacing: how far steps may be off."""


@dataclass(frozen=True, slots=True)
class AllanPoint:
    """Deviation of means over ``averaging_s``; bounds by chi² for white noise, too narrow for what wanders."""

    averaging_s: float
    deviation: float
    lower: float
    upper: float


def even_step_s(times_s: Floats) -> float | None:
    """The spacing; None where it is not even: then no Allan deviation can be told."""
    steps = np.diff(times_s)
    usual = float(np.median(steps)) if steps.size else 0.0
    return usual if usual > 0 and bool((np.abs(steps - usual) <= _UNEVEN * usual).all()) else None


def allan_points(values: Floats, step_s: float, confidence: float) -> tuple[AllanPoint, ...]:
    """For averaging over 1, 2, 4, … steps, up to a third of the series."""
    found = []
    multiple = 1
    sums = np.concatenate(([0.0], np.cumsum(values - values.mean())))
    while 3 * multiple <= values.size:
        means = (sums[multiple:] - sums[:-multiple]) / multiple
        differences = means[multiple:] - means[:-multiple]
        deviation = sqrt(float(differences @ differences) / (2 * differences.size))
        freedom = max(white_freedom(values.size, multiple), 1.0)
        tail = (1 - confidence) / 2
        lower, upper = (deviation * sqrt(freedom / float(special.chdtri(freedom, each))) for each in (tail, 1 - tail))
        found.append(AllanPoint(multiple * step_s, deviation, lower, upper))
        multiple *= 2
    return tuple(found)
