"""How many more counts until an undecided estimate can be judged, and how long that takes at the present rate."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

import msgspec

from schemas.records import Estimate, Verdict
from slo.judge import Limit
from slo.objective import Operator
from streams.estimators.outcome import Bounds, Outcome

_MOST = 1e9
"""Times as many counts beyond which the threshold counts as met exactly: no measurement decides it."""
_PRECISION = 1.001


@dataclass(frozen=True, slots=True)
class Forecast:
    """``more`` counts of each kind in all, ``seconds`` at the rate so far (None where that is not known)."""

    more: dict[str, int]
    seconds: float | None


def forecast(outcome: Outcome, operator: Operator, threshold: Fraction) -> Forecast | None:
    """What an insufficient estimate lacks, should the proportions stay as they are.

    None where the estimate is decided already, where there is nothing to extrapolate from, and where the value stands so near to
    the threshold that no measurement decides it.
    """
    estimate = outcome.estimate
    if estimate.value is None and estimate.upper is None and estimate.lower is None:
        return None
    interval_of = outcome.interval_of or _shrinking(estimate)
    limit = Limit(operator, threshold)

    def decides(factor: float) -> bool:
        lower, upper = interval_of(factor)
        there = msgspec.structs.replace(estimate, lower=lower, upper=upper)
        return limit.judge(there) is not Verdict.INSUFFICIENT

    if not any(estimate.counts.values()) or decides(1.0) or not decides(_MOST):
        return None
    enough, short = _MOST, 1.0
    while enough / short > _PRECISION:
        middle = sqrt(enough * short)
        enough, short = (middle, short) if decides(middle) else (enough, middle)
    return Forecast(
        {name: round(enough * count) - count for name, count in estimate.counts.items() if count},
        None if outcome.integration_s is None else (enough - 1) * outcome.integration_s,
    )


def _shrinking(estimate: Estimate) -> Callable[[float], Bounds]:
    """Distances from the value to the bounds that shrink with the root of the counts."""

    def moved(bound: float | None, factor: float) -> float | None:
        return bound if bound is None or estimate.value is None else estimate.value + (bound - estimate.value) / sqrt(factor)

    return lambda factor: (moved(estimate.lower, factor), moved(estimate.upper, factor))
