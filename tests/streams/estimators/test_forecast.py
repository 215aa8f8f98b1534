"""How many more counts: as many as said do decide, clearly fewer do not."""

from fractions import Fraction

import pytest

from schemas.measurements import HomScan, Trials
from schemas.records import Estimate, Verdict
from slo.judge import judge
from slo.objective import Operator
from streams.estimators.forecast import forecast
from streams.estimators.outcome import Outcome
from streams.estimators.registry import estimators
from tests.streams.estimators.test_heralds import heralds

SWAPS = estimators()["swap-success"]


def verdict(good, trials, threshold):
    return judge(SWAPS([Trials(successes=good, trials=trials)]).estimate, Operator.AT_LEAST, threshold)


@pytest.mark.parametrize(
    ("good", "trials", "threshold"), [(19, 20, "0.9"), (8, 10, "0.9"), (990, 1_000, "0.985"), (10, 10, "0.9")]
)
def test_what_is_said_to_be_enough_is(good, trials, threshold):
    limit = Fraction(threshold)
    lacks = forecast(SWAPS([Trials(successes=good, trials=trials)]), Operator.AT_LEAST, limit)
    more_good, more = lacks.more.get("successes", 0), lacks.more["trials"]
    assert verdict(good + more_good, trials + more, limit) is not Verdict.INSUFFICIENT
    fewer = 1 + 0.8 * more / trials
    assert verdict(round(good * fewer), round(trials * fewer), limit) is Verdict.INSUFFICIENT


def test_time_follows_from_the_rate_so_far():
    outcome = estimators()["entanglement-rate"](heralds(1, rate=30))
    lacks = forecast(outcome, Operator.AT_LEAST, Fraction(round(outcome.estimate.value * 1.05)))
    assert lacks.seconds == pytest.approx(2.0 * lacks.more["heralds"] / outcome.estimate.counts["heralds"], rel=0.02)


@pytest.mark.parametrize(("good", "trials", "threshold"), [(0, 0, "0.9"), (200, 200, "0.9"), (100, 200, "0.9"), (9, 10, "0.9")])
def test_nothing_is_said_of_the_decided_the_empty_and_the_exactly_met(good, trials, threshold):
    assert forecast(SWAPS([Trials(successes=good, trials=trials)]), Operator.AT_LEAST, Fraction(threshold)) is None


def test_without_its_own_law_an_interval_shrinks_with_the_root():
    estimate = Estimate(value=1.0, lower=0.8, upper=1.3, confidence=0.95, counts={"n": 100}, unit="1", method="any")
    lacks = forecast(Outcome(estimate), Operator.AT_LEAST, Fraction("0.9"))
    assert lacks.more["n"] == pytest.approx(300, abs=1)
    above = forecast(Outcome(estimate), Operator.LESS, Fraction("1.1"))
    assert above.more["n"] == pytest.approx(800, abs=2)


def test_scans_say_it_too():
    assert (
        forecast(
            estimators()["hom-visibility"]([HomScan(parallel=20, perpendicular=100)]), Operator.GREATER, Fraction("0.75")
        ).more["perpendicular"]
        > 100
    )
