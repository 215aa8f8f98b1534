"""Arrival times drawn one by one: jitter, width and lifetime are held, the electronics taken off, misfits refused."""

from math import hypot

import numpy as np
import pytest

from schemas.measurements import DelayHistogram
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

JITTER = estimators()["arrival-jitter"]


def arrivals(seed, *, jitter=60.0, lifetime=0.0, photons=3_000, floor=600, period=50_000.0, width=25.0, at=9_000.0):
    generator = np.random.default_rng(seed)
    count = generator.poisson(photons)
    times = at + generator.normal(0, jitter, count)
    if lifetime:
        times = times + generator.exponential(lifetime, count)
    times = np.concatenate([times, generator.uniform(0, period, generator.poisson(floor))]) % period
    counts, _ = np.histogram(times, round(period / width), (0, period))
    return DelayHistogram(
        of="arrivals",
        start_ps=0.0,
        bin_width_ps=width,
        counts=tuple(counts.tolist()),
        period_ps=period,
        triggers=10**6,
        integration_s=1.0,
    )


def outcome(data, **parameters):
    return JITTER([data], parameters)


def test_jitter_and_whole_width_are_held():
    cases = [
        (60.0, {}, {"shape": "gaussian"}),
        (60.0, {"lifetime": 700.0}, {"shape": "decay"}),
        (300.0, {"jitter": 300.0, "lifetime": 500.0, "photons": 20_000}, {"shape": "decay"}),
        (hypot(60, 700), {"lifetime": 700.0}, {"shape": "decay", "width": "total"}),
        (hypot(60, 25), {"jitter": hypot(60, 25), "photons": 300, "floor": 50}, {"shape": "gaussian"}),
    ]
    found = covered(
        (truth, lambda seed, light=light, told=told: outcome(arrivals(seed, **light), **told).estimate)
        for truth, light, told in cases
    )
    assert found.silent == 0
    assert 0.90 <= found.share <= 0.99


def test_the_electronics_part_is_taken_off_in_quadrature():
    data = arrivals(1, jitter=hypot(80, 60), photons=50_000)
    found = outcome(data, response_rms_ps=60)
    assert found.raw == pytest.approx(100, rel=0.02)
    assert found.estimate.lower < 80 < found.estimate.upper
    vague = outcome(data, response_rms_ps=60, response_error_ps=5).estimate
    assert vague.upper - vague.lower > 2 * (found.estimate.upper - found.estimate.lower)
    narrower = outcome(arrivals(1, jitter=50, photons=50_000), response_rms_ps=60).estimate
    assert (narrower.value, narrower.lower) == (None, None)
    assert narrower.upper < 30
    assert "narrower" in narrower.warnings[0]


def test_a_decay_is_found_and_only_where_it_is():
    decaying = outcome(arrivals(2, lifetime=600.0, photons=20_000)).estimate
    assert decaying.parameters["lifetime_ps"] == pytest.approx(600, rel=0.05)
    assert decaying.parameters["rms_ps"] == pytest.approx(hypot(60, 600), rel=0.05)
    plain = outcome(arrivals(2)).estimate
    assert plain.parameters["lifetime_ps"] == 0
    assert plain.parameters["fwhm_ps"] == pytest.approx(60 * 2.3548, rel=0.06)


def test_a_peak_across_the_period_s_end_is_whole():
    early, usual = (outcome(arrivals(3, at=at, lifetime=600.0, photons=20_000)).estimate for at in (49_950.0, 9_000.0))
    assert early.value == pytest.approx(usual.value, rel=0.1)


def test_a_second_peak_is_refused():
    data = arrivals(4, photons=20_000)
    counts = np.array(data.counts) + np.array(arrivals(5, photons=9_000, at=20_000.0).counts)
    found = outcome(DelayHistogram(of="arrivals", start_ps=0.0, bin_width_ps=25.0, counts=tuple(counts.tolist())))
    assert "structure" in found.refused
    assert found.estimate.value is None


@pytest.mark.parametrize("counts", [(0,) * 200, (0,) * 99 + (1,) + (0,) * 100, (7,) * 200])
def test_no_peak_is_no_number(counts):
    found = outcome(DelayHistogram(of="arrivals", start_ps=0.0, bin_width_ps=25.0, counts=counts)).estimate
    assert found.value is None
    assert found.warnings


def test_coincidences_are_no_arrivals():
    with pytest.raises(EstimatorError, match="of=arrivals"):
        outcome(DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=25.0, counts=(1, 2)))
    with pytest.raises(EstimatorError, match="response_rms_ps"):
        outcome(arrivals(1), response_rms_ps=-1)


def test_bins_wider_than_the_jitter_are_said():
    found = outcome(arrivals(1, width=500.0, jitter=100.0, photons=20_000)).estimate
    assert any("narrower" in warning for warning in found.warnings)
