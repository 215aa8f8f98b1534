"""Correlations of two-valued outcomes, and intervals of sums of them.

A correlation is 2p - 1 of a binomial p, with Wilson's interval (Wilson 1927). The interval of a sum of independent parts squares
and adds their one-sided distances (Zou and Donner 2008, "MOVER"): exact for normal parts, and sound near ±1, where they are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy import special

from streams.estimators.intervals import Interval


@dataclass(frozen=True, slots=True)
class Part:
    """A number with its own interval."""

    value: float
    lower: float
    upper: float

    def times(self, factor: float) -> "Part":
        ends = sorted((factor * self.lower, factor * self.upper))
        return Part(factor * self.value, ends[0], ends[1])


def wilson(successes: float, trials: float, confidence: float) -> Interval:
    """Probability behind ``successes`` of ``trials``, which need not be whole (corrected counts); everything without trials."""
    if trials <= 0:
        return 0.0, 1.0
    width = float(special.ndtri((1 + confidence) / 2))
    share, square = min(max(successes / trials, 0.0), 1.0), width**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = width / (1 + square / trials) * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def correlation(same: int, different: int, accidentals: float, confidence: float) -> Part:
    """(same - different)/(same + different), with ``accidentals`` expected in each of the two taken off.

    Raises:
        ValueError: no counts beyond the accidentals.
    """
    trials = same + different
    true = trials - 2 * accidentals
    if true <= 0:
        raise ValueError(f"{trials} counts, and {2 * accidentals:g} of them expected by accident")
    scale = trials / true
    lower, upper = (scale * (2 * bound - 1) for bound in wilson(same, trials, confidence))
    return Part((same - different) / true, lower, upper)


def summed(parts: Sequence[Part], constant: float = 0.0) -> Part:
    """``constant`` plus the sum of independent parts."""
    value = sum(part.value for part in parts)
    below = sqrt(sum((part.value - part.lower) ** 2 for part in parts))
    above = sqrt(sum((part.upper - part.value) ** 2 for part in parts))
    return Part(constant + value, constant + value - below, constant + value + above)
