"""The verdict of an estimate against a threshold: by the whole interval, never by the value alone."""

from fractions import Fraction
from math import inf, isnan, nextafter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.records import Estimate, Verdict
from slo.errors import SampleError
from slo.objective import Operator


def judge(estimate: Estimate, operator: Operator, threshold: Fraction) -> Verdict:
    """Good if the whole interval is on the right side of ``threshold``, bad if it is on the wrong side, insufficient otherwise.

    A one-sided limit counts where it decides: an upper limit below the threshold is good for ``<``, and can never be bad. Without
    counts nothing is decided.

    Raises:
        SampleError: the interval's bounds are swapped or not numbers.
    """
    return Limit(operator, threshold).judge(estimate)


class Marks(NamedTuple):
    """Which of many estimates are good, and which bad; all others are insufficient."""

    good: NDArray[np.bool_]
    bad: NDArray[np.bool_]


class Limit:
    """A threshold made ready for many estimates. Exact: between a threshold and the floats beside it lies no other float."""

    __slots__ = ("_above", "_below", "_upward")

    def __init__(self, operator: Operator, threshold: Fraction) -> None:
        nearest = float(threshold)
        exact = Fraction(nearest)
        self._upward = operator in (Operator.GREATER, Operator.AT_LEAST)
        at_most = nearest if exact <= threshold else nextafter(nearest, -inf)
        """The largest float at or below the threshold."""
        at_least = nearest if exact >= threshold else nextafter(nearest, inf)
        strict_below = nextafter(at_most, -inf) if Fraction(at_most) == threshold else at_most
        strict_above = nextafter(at_least, inf) if Fraction(at_least) == threshold else at_least
        # At or below the one a value is on the low side, at or above the other on the high side.
        self._below, self._above = {
            Operator.LESS: (strict_below, at_least),
            Operator.AT_MOST: (at_most, strict_above),
            Operator.GREATER: (at_most, strict_above),
            Operator.AT_LEAST: (strict_below, at_least),
        }[operator]

    def judge(self, estimate: Estimate) -> Verdict:
        """As ``judge``."""
        lower = -inf if estimate.lower is None else estimate.lower
        upper = inf if estimate.upper is None else estimate.upper
        if isnan(lower) or isnan(upper) or lower > upper:
            raise SampleError(
                f"the interval of the {estimate.method} estimate is [{lower}, {upper}]; "
                "a bound that the data cannot give is None, and the lower one comes first"
            )
        if not any(estimate.counts.values()):
            return Verdict.INSUFFICIENT
        if upper <= self._below:
            return Verdict.BAD if self._upward else Verdict.GOOD
        if lower >= self._above:
            return Verdict.GOOD if self._upward else Verdict.BAD
        return Verdict.INSUFFICIENT

    def judge_all(self, lower: NDArray[np.float64], upper: NDArray[np.float64], counted: NDArray[np.bool_]) -> Marks:
        """As ``judge``, of many: bounds that the data cannot give are infinite; ``counted`` says where there are counts.

        Raises:
            SampleError: bounds are swapped or not numbers.
        """
        wrong = np.flatnonzero(~(lower <= upper))
        if len(wrong):
            first = int(wrong[0])
            raise SampleError(
                f"the interval of estimate {first} is [{lower[first]}, {upper[first]}]; the lower bound comes first"
            )
        low: NDArray[Any] = counted & (upper <= self._below)
        high: NDArray[Any] = counted & (lower >= self._above) & ~low
        return Marks(high, low) if self._upward else Marks(low, high)
