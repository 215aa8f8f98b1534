"""The verdict of an estimate against a threshold: by the whole interval, never by the value alone."""

import math
from fractions import Fraction

from schemas.records import Estimate, Verdict
from slo.errors import SampleError
from slo.objective import Operator


def judge(estimate: Estimate, operator: Operator, threshold: Fraction, *, excluded: bool = False) -> Verdict:
    """Good if the whole interval is on the right side of ``threshold``, bad if it is on the wrong side, insufficient otherwise.

    A one-sided limit counts where it decides: an upper limit below the threshold is good for ``<``, and can never be bad. Without
    counts nothing is decided. ``excluded`` (maintenance, calibration, warm-up) goes before everything. Comparisons are exact.

    Raises:
        SampleError: the interval's bounds are swapped or not numbers.
    """
    if excluded:
        return Verdict.EXCLUDED
    lower, upper = _bounds(estimate)
    if not any(estimate.counts.values()):
        return Verdict.INSUFFICIENT
    match operator:
        case Operator.LESS:
            good, bad = upper < threshold, lower >= threshold
        case Operator.AT_MOST:
            good, bad = upper <= threshold, lower > threshold
        case Operator.GREATER:
            good, bad = lower > threshold, upper <= threshold
        case Operator.AT_LEAST:
            good, bad = lower >= threshold, upper < threshold
    return Verdict.GOOD if good else Verdict.BAD if bad else Verdict.INSUFFICIENT


def _bounds(estimate: Estimate) -> tuple[float, float]:
    lower = -math.inf if estimate.lower is None else estimate.lower
    upper = math.inf if estimate.upper is None else estimate.upper
    if math.isnan(lower) or math.isnan(upper) or lower > upper:
        raise SampleError(
            f"the interval of the {estimate.method} estimate is [{lower}, {upper}]; "
            "a bound that the data cannot give is None, and the lower one comes first"
        )
    return lower, upper
