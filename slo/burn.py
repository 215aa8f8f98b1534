"""Error ratio and burn rate of a window. Without events both are undefined, which is not 0."""

from fractions import Fraction

from slo.counts import Counts

_NOTHING = Fraction(0)
"""Health is the usual case, and fractions take their time."""


def error_ratio(counts: Counts) -> Fraction | None:
    """Bad / (good + bad), event-weighted."""
    return Fraction(counts.bad, counts.events) if counts.events else None


def burn_rate(counts: Counts, budget: Fraction) -> Fraction | None:
    """Error ratio over budget B: 1 spends the budget exactly within its period, 1/B is the most there is."""
    if not counts.events:
        return None
    return Fraction(counts.bad, counts.events) / budget if counts.bad else _NOTHING
