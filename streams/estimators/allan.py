"""Overlapping Allan deviation of a rate (D. A. Howe, D. W. Allan, J. A. Barnes, Proc. 35th Freq. Control Symp., 1981)."""

from dataclasses import dataclass
from math import sqrt

from scipy import special

from schemas.records import Estimate, Parameter

METHOD = "overlapping allan deviation, interval by chi square for white noise, v1"
_PS = 1e12


@dataclass(frozen=True, slots=True)
class SecondDifferences:
    """Of counts in ``averaging_ps``, ``multiple`` base bins: ``terms`` differences of neighbours, and their squares' sum.

    ``bins`` base bins held ``tags``.
    """

    averaging_ps: int
    multiple: int
    terms: int
    squares: int
    bins: int
    tags: int


def estimate_allan(differences: SecondDifferences, confidence: float = 0.95) -> Estimate:
    """Deviation of the rate over ``averaging_ps``, in Hz; ``parameters`` hold what shot noise alone would make.

    The interval takes the rate's noise to be white, as shot noise is; for noise that wanders it is too narrow.
    """
    averaging_s = differences.averaging_ps / _PS
    rate_hz = differences.tags / (differences.bins * averaging_s / differences.multiple) if differences.bins else 0.0
    described: dict[str, Parameter] = {
        "averaging_s": averaging_s,
        "rate_hz": rate_hz,
        "shot_noise_hz": sqrt(rate_hz / averaging_s),
    }
    counts = {"differences": differences.terms, "bins": differences.bins, "tags": differences.tags}
    freedom = white_freedom(differences.terms + 2 * differences.multiple, differences.multiple)
    supported = differences.terms > 0 and freedom >= 1 and differences.squares > 0
    value = lower = upper = None
    if supported:
        value = sqrt(differences.squares / (2 * differences.terms)) / averaging_s
        tail = (1 - confidence) / 2
        lower = value * sqrt(freedom / float(special.chdtri(freedom, tail)))
        upper = value * sqrt(freedom / float(special.chdtri(freedom, 1 - tail)))
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=confidence,
        counts=counts,
        unit="Hz",
        method=METHOD,
        parameters=described,
        warnings=() if supported else (f"{differences.terms} differences over {averaging_s:g} s support no deviation",),
    )


def white_freedom(points: int, multiple: int) -> float:
    """Degrees of freedom of ``points`` running counts with white noise of the rate."""
    m, n = multiple, points
    return (3 * (n - 1) / (2 * m) - 2 * (n - 2) / n) * 4 * m * m / (4 * m * m + 5)
