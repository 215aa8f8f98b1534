import numpy as np
import pytest

from schemas.measurements import RepetitionScan
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

REPETITION = estimators()["repetition-rate"]
RATES = (1e7, 2e7, 4e7, 8e7, 1.6e8)
LIMITS = {"most_g2": 0.1, "least_brightness": 0.05}


def scan(seed, brightness, g2, triggers=40_000, side=3_000):
    generator = np.random.default_rng(seed)
    return RepetitionScan(
        rate_hz=RATES,
        triggers=(triggers,) * 5,
        detected=tuple(generator.binomial(triggers, brightness).tolist()),
        central=tuple(generator.poisson(np.array(g2) * side / 10).tolist()),
        side=tuple(generator.poisson([side] * 5).tolist()),
        side_peaks=10,
    )


DARKENING = (0.08, 0.078, 0.07, 0.045, 0.03)
WORSENING = (0.02, 0.02, 0.04, 0.06, 0.3)


def test_the_highest_rate_that_keeps_both_is_held():
    cases = [
        (4e7, DARKENING, (0.02,) * 5),
        (8e7, (0.08,) * 5, WORSENING),
        (2e7, (0.08, 0.06, 0.02, 0.02, 0.02), WORSENING),
    ]
    found = covered(
        ((truth, lambda seed, light=light: REPETITION([scan(seed, *light)], LIMITS).estimate) for truth, *light in cases),
        range(40),
    )
    assert found.silent == 0
    assert found.share >= 0.95  # bounds at rates of the scan cannot be closer than its steps


def test_both_limits_bind_and_are_told():
    found = REPETITION([scan(1, DARKENING, WORSENING)], LIMITS).estimate
    assert (found.value, found.lower, found.upper) == (4e7, 4e7, 8e7)
    assert found.parameters["brightness_at_8e+07_hz"] == pytest.approx(0.045, abs=0.005)
    assert found.parameters["most_g2"] == 0.1


def test_few_counts_leave_the_bounds_open():
    found = REPETITION([scan(1, DARKENING, WORSENING, triggers=100, side=20)], LIMITS).estimate
    assert found.lower is None
    assert found.upper is None or found.upper > 4e7


def test_ends_of_the_scan_are_said():
    kept = REPETITION([scan(1, (0.2,) * 5, (0.01,) * 5)], LIMITS).estimate
    assert kept.value == 1.6e8
    assert "scan on" in kept.warnings[0]
    lost = REPETITION([scan(1, (0.01,) * 5, (0.01,) * 5)], LIMITS).estimate
    assert (lost.value, lost.upper) == (None, 1e7)
    assert "no rate" in lost.warnings[0]


def test_nothing_is_no_number_and_scans_of_one_axis_add_up():
    zero = RepetitionScan(rate_hz=(1e7,), triggers=(0,), detected=(0,), central=(0,), side=(0,), side_peaks=10)
    assert REPETITION([zero]).estimate.value is None
    empty = RepetitionScan(rate_hz=(), triggers=(), detected=(), central=(), side=(), side_peaks=10)
    assert REPETITION([empty]).estimate.value is None
    one = scan(1, DARKENING, WORSENING)
    assert REPETITION([one, one]).estimate.counts["triggers"] == 400_000
    with pytest.raises(EstimatorError, match="different rates"):
        REPETITION([one, zero])
