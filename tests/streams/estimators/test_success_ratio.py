"""Success ratios: exact intervals, first tries apart from retries, and verdicts only from enough trials."""

from fractions import Fraction

import numpy as np
import pytest

from schemas.events import Calibration, Command, Heartbeat, State, Swaps
from schemas.measurements import Trials
from schemas.records import Verdict
from slo.judge import judge
from slo.objective import Operator
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered
from tests.streams.estimators.test_heralds import event

KNOWN = estimators()


def test_intervals_hold_the_truth():
    def estimate(seed, chance, trials):
        wins = int(np.random.default_rng(seed).binomial(trials, chance))
        return KNOWN["swap-success"]([event(Swaps(attempts=trials, acknowledged=wins))]).estimate

    cases = [(0.5, 40), (0.9, 200), (0.999, 3_000), (0.05, 100)]
    found = covered([(chance, lambda seed, told=(chance, n): estimate(seed, *told)) for chance, n in cases], range(100))
    assert 0.90 <= found.share <= 0.99


@pytest.mark.parametrize(
    ("good", "trials", "verdict"),
    [
        (19, 20, Verdict.INSUFFICIENT),
        (0, 0, Verdict.INSUFFICIENT),
        (200, 200, Verdict.GOOD),
        (100, 200, Verdict.BAD),
        (1, 1, Verdict.INSUFFICIENT),
    ],
)
def test_a_verdict_needs_enough_trials(good, trials, verdict):
    estimate = KNOWN["swap-success"]([Trials(successes=good, trials=trials)]).estimate
    assert judge(estimate, Operator.AT_LEAST, Fraction(9, 10)) is verdict
    if not trials:
        assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)


def test_retries_do_not_mask_failures():
    events = [
        event(Command(name="arm", tries=tries, ok=ok), number)
        for number, (tries, ok) in enumerate([(1, True)] * 6 + [(3, True)] * 3 + [(5, False)])
    ]
    first = KNOWN["command-success"](events)
    assert first.estimate.value == pytest.approx(0.6)
    assert KNOWN["command-success"](events, {"with_retries": True}).estimate.value == pytest.approx(0.9)
    assert first.integration_s == pytest.approx(91)


def test_other_events_are_left_out_and_none_is_an_error():
    heartbeat = event(Heartbeat(state=State.OPERATIONAL), 3)
    passed = event(Calibration(routine="tune", passed=True), 4)
    assert KNOWN["calibration-success"]([heartbeat, passed]).estimate.counts == {"successes": 1, "trials": 1}
    with pytest.raises(EstimatorError, match="none of the 1 events"):
        KNOWN["swap-success"]([heartbeat])


def test_a_sequence_says_that_it_is_one():
    often = KNOWN["swap-success"]([Trials(successes=90, trials=100)], {"interval": "time-uniform"}).estimate
    once = KNOWN["swap-success"]([Trials(successes=90, trials=100)]).estimate
    assert often.parameters["interval"] == "time-uniform"
    assert once.parameters["interval"] == "fixed"
    assert often.lower < once.lower < 0.9 < once.upper < often.upper
