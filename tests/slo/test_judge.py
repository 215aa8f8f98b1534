import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Verdict
from slo.errors import SampleError
from slo.judge import judge
from slo.objective import Operator
from tests.slo.samples import estimate

HALF = Fraction(1, 2)
G, B, N = Verdict.GOOD, Verdict.BAD, Verdict.INSUFFICIENT


@pytest.mark.parametrize(
    ("lower", "upper", "operator", "verdict"),
    [
        (0.1, 0.4, Operator.LESS, G),
        (0.1, 0.5, Operator.LESS, N),
        (0.5, 0.6, Operator.LESS, B),
        (0.49, 0.51, Operator.LESS, N),
        (0.1, 0.5, Operator.AT_MOST, G),
        (0.5, 0.6, Operator.AT_MOST, N),
        (0.51, 0.6, Operator.AT_MOST, B),
        (0.51, 0.6, Operator.GREATER, G),
        (0.5, 0.6, Operator.GREATER, N),
        (0.4, 0.5, Operator.GREATER, B),
        (0.5, 0.6, Operator.AT_LEAST, G),
        (0.4, 0.5, Operator.AT_LEAST, N),
        (0.4, 0.49, Operator.AT_LEAST, B),
        # one-sided limits count where they decide
        (None, 0.07, Operator.LESS, G),
        (None, 0.7, Operator.LESS, N),
        (0.7, None, Operator.LESS, B),
        (0.07, None, Operator.LESS, N),
        (0.7, None, Operator.GREATER, G),
        (None, 0.07, Operator.GREATER, B),
        (None, None, Operator.LESS, N),
        (0.7, math.inf, Operator.LESS, B),
    ],
)
def test_by_the_whole_interval(lower: float | None, upper: float | None, operator: Operator, verdict: Verdict) -> None:
    assert judge(estimate(lower, upper), operator, HALF) is verdict


def test_without_counts_nothing_is_decided() -> None:
    assert judge(estimate(0.0, 0.1, counts={}), Operator.LESS, HALF) is N
    assert judge(estimate(0.0, 0.1, counts={"central": 0, "side": 0}), Operator.LESS, HALF) is N
    assert judge(estimate(None, 0.1, counts={"central": 0, "side": 900}), Operator.LESS, HALF) is G


def test_thresholds_are_decimals_not_floats() -> None:
    assert Fraction(1, 10) < 0.1  # the float stands a little above the decimal
    assert judge(estimate(0.0, 0.1), Operator.AT_MOST, Fraction(1, 10)) is N


@pytest.mark.parametrize(("lower", "upper"), [(0.6, 0.4), (math.nan, 0.4), (0.1, math.nan)])
def test_a_contradiction_is_refused(lower: float, upper: float) -> None:
    with pytest.raises(SampleError, match="pulsed estimate"):
        judge(estimate(lower, upper), Operator.LESS, HALF)


thresholds = st.one_of(
    st.fractions(-2, 2),
    st.builds(
        lambda near, off: Fraction(near) + off,
        st.sampled_from([0.1, 0.5, 1.0]),
        st.sampled_from([Fraction(k, 10**30) for k in (-1, 0, 1)]),
    ),
)
near = st.one_of(
    st.floats(-2, 2), st.sampled_from([0.1, 0.5, 1.0, math.nextafter(0.1, 1), math.nextafter(0.5, 0), math.nextafter(1.0, 2)])
)


@given(near, near, st.sampled_from(Operator), thresholds)
def test_verdict_is_what_every_point_of_the_interval_says(
    one: float, two: float, operator: Operator, threshold: Fraction
) -> None:
    lower, upper = sorted((one, two))
    holds = {
        Operator.LESS: lambda x: x < threshold,
        Operator.AT_MOST: lambda x: x <= threshold,
        Operator.GREATER: lambda x: x > threshold,
        Operator.AT_LEAST: lambda x: x >= threshold,
    }[operator]
    ends = {holds(Fraction(lower)), holds(Fraction(upper))}
    assert judge(estimate(lower, upper), operator, threshold) is {(True,): G, (False,): B}.get(tuple(ends), N)
