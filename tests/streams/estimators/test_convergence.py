"""Convergence of calibrations: known times, failures as longer than they ran."""

import numpy as np
import pytest

from schemas.events import Calibration, Heartbeat, State
from streams.estimators.convergence import ESTIMATOR
from streams.estimators.estimator import EstimatorError
from tests.streams.estimators.control import event


def calibrations(*times, failed=(), routine="tune"):
    passed = [event(0, time, Calibration(routine=routine, passed=True)) for time in times]
    return passed + [event(0, time, Calibration(routine=routine, passed=False)) for time in failed]


def test_the_longest_is_known_exactly():
    estimate = ESTIMATOR(calibrations(60, 300, 120)).estimate
    assert (estimate.value, estimate.lower, estimate.upper) == (300, 300, 300)
    assert estimate.counts == {"calibrations": 3, "passed": 3}


def test_one_that_failed_took_longer_than_it_ran():
    estimate = ESTIMATOR(calibrations(60, failed=(1800,))).estimate
    assert (estimate.value, estimate.lower, estimate.upper) == (None, 1800, None)
    assert "1 of 2 did not converge" in estimate.warnings[0]


def test_coverage_of_the_median():
    held = 0
    for seed in range(300):
        times = np.random.default_rng(seed).exponential(100, 15)
        passed = times < 300
        data = calibrations(*times[passed], failed=np.full(int((~passed).sum()), 300.0))
        estimate = ESTIMATOR(data, {"statistic": "median"}).estimate
        held += estimate.lower <= 100 * np.log(2) <= (estimate.upper or np.inf)
    assert 0.90 <= held / 300 <= 0.99


def test_few_calibrations_have_no_bounded_median():
    estimate = ESTIMATOR(calibrations(60, 70, 80), {"statistic": "median"}).estimate
    assert (estimate.value, estimate.lower, estimate.upper) == (70, None, None)
    none = ESTIMATOR(calibrations(failed=(60, 70)), {"statistic": "median"}).estimate
    assert "not bounded" in none.warnings[0]


def test_what_holds_none_is_refused():
    with pytest.raises(EstimatorError, match="no calibration among"):
        ESTIMATOR([event(0, 5, Heartbeat(state=State.OPERATIONAL))])
    with pytest.raises(EstimatorError, match="of routine align"):
        ESTIMATOR(calibrations(60), {"routine": "align"})
