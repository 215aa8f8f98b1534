"""Clicks: dark counts, rates, brightness; the truth held through dead time, dark counts and an uncertain efficiency."""

import numpy as np
import pytest

from schemas.measurements import DetectorCounts, MeasurementError
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

KNOWN = estimators()


def outcome(name, *data, **parameters):
    return KNOWN[name](data, parameters)


def clicks(seed, rate_hz, time_s, dead_s=0.0):
    """One by one: a click is missed while the detector is dead after the one before."""
    generator = np.random.default_rng(seed)
    waits = generator.exponential(1 / rate_hz, int(rate_hz * time_s + 10 * (rate_hz * time_s) ** 0.5 + 20)) + dead_s
    return int(np.searchsorted(np.cumsum(waits) - dead_s, time_s))


@pytest.mark.parametrize(("rate", "dead_s"), [(3.0, 0.0), (200.0, 0.0), (2_000.0, 200e-6), (1_000.0, 1e-3)])
def test_a_rate_is_held_through_dead_time(rate, dead_s):
    def estimate(seed):
        counts = DetectorCounts(detected=clicks(seed, rate, 1.0, dead_s), integration_s=1.0)
        return outcome("detection-rate", counts, dead_time_ps=dead_s * 1e12).estimate

    found = covered([(rate, estimate)], range(300))
    assert 0.90 <= found.share <= 0.99


def test_brightness_is_held_through_dark_counts_and_an_uncertain_efficiency():
    def estimate(seed):
        generator = np.random.default_rng(10_000 + seed)
        counts = DetectorCounts(
            detected=generator.poisson(50_000 * 0.12 * 0.7 + 300),
            integration_s=1.0,
            triggers=50_000,
            dark=generator.poisson(150),
            dark_s=0.5,
        )
        told = generator.normal(0.7, 0.03)
        return outcome("brightness", counts, efficiency=told, efficiency_error=0.03).estimate

    found = covered([(0.12, estimate)], range(300))
    assert 0.90 <= found.share <= 0.99


def test_a_dark_rate_is_held():
    def estimate(seed):
        return outcome("dark-rate", DetectorCounts(detected=np.random.default_rng(seed).poisson(40), integration_s=10.0)).estimate

    assert 0.90 <= covered([(4.0, estimate)], range(300)).share <= 0.99


def test_raw_and_corrected_stand_side_by_side():
    counts = DetectorCounts(detected=200_000, integration_s=1.0, triggers=10_000_000, dark=1_000, dark_s=10.0)
    found = outcome("brightness", counts, efficiency=0.5, dead_time_ps=1e6)
    assert found.raw == pytest.approx(0.02)
    assert found.corrected == pytest.approx((200_000 / 0.8 - 100) / 1e7 / 0.5)
    assert found.estimate.parameters["saturation"] == pytest.approx(0.2)
    assert found.estimate.counts == {"detected": 200_000, "dark": 1_000}
    assert outcome("emission-probability", counts, efficiency=0.05, efficiency_error=0.005).estimate.unit == "photons/trigger"
    told = outcome("brightness", DetectorCounts(detected=2_000, integration_s=2.0), repetition_rate_hz=1e5)
    assert told.estimate.value == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["detection-rate", "brightness"])
def test_a_saturated_detector_is_an_error(name):
    counts = DetectorCounts(detected=20_000_000, integration_s=1.0, triggers=80_000_000)
    assert outcome(name, counts, dead_time_ps=49_000).estimate.value > 0
    for dead_ps in (50_000, 60_000):
        with pytest.raises(EstimatorError, match="saturated"):
            outcome(name, counts, dead_time_ps=dead_ps)


def test_more_dark_counts_than_clicks_leave_a_limit():
    counts = DetectorCounts(detected=90, integration_s=1.0, triggers=1_000, dark=1_200, dark_s=10.0)
    found = outcome("brightness", counts).estimate
    assert (found.value, found.lower) == (None, None)
    assert 0 <= found.upper < 0.02
    assert "dark" in found.warnings[0]


def test_no_counts_are_a_limit_and_one_hardly_more():
    none = outcome("dark-rate", DetectorCounts(detected=0, integration_s=10.0)).estimate
    assert (none.value, none.lower) == (0.0, 0.0)
    assert none.upper == pytest.approx(0.29957, abs=1e-4)
    one = outcome("dark-rate", DetectorCounts(detected=1, integration_s=10.0)).estimate
    assert one.upper / one.lower > 100


def test_counts_add_up_and_each_interval_says_its_kind():
    part = DetectorCounts(detected=50, integration_s=1.0, triggers=1_000)
    both = outcome("brightness", part, part).estimate
    assert both.counts["detected"] == 100
    assert both.value == pytest.approx(0.05)
    assert both.parameters["interval"] == "fixed"
    often = outcome("brightness", part, part, interval="time-uniform").estimate
    assert "confidence sequence" in often.method
    assert often.upper - often.lower > both.upper - both.lower
    with pytest.raises(EstimatorError, match="only some"):
        outcome("brightness", part, DetectorCounts(detected=5, integration_s=1.0))


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({}, "no triggers"),
        ({"repetition_rate_hz": 1e6, "efficiency": 0}, "efficiency"),
        ({"repetition_rate_hz": 1e6, "efficiency": 1.2}, "efficiency"),
        ({"repetition_rate_hz": 1e6, "dead_time_ps": -1}, "dead_time_ps"),
    ],
)
def test_what_no_set_up_has_is_an_error(parameters, what):
    with pytest.raises(EstimatorError, match=what):
        outcome("brightness", DetectorCounts(detected=5, integration_s=1.0), **parameters)


@pytest.mark.parametrize("wrong", [{"integration_s": 0.0}, {"integration_s": float("nan")}, {"detected": -1}, {"dark": 3}])
def test_counts_that_contradict_themselves_are_none(wrong):
    with pytest.raises(MeasurementError):
        DetectorCounts(**{"detected": 5, "integration_s": 1.0, **wrong})
