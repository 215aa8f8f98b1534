"""g² from overlapping peaks: the truth of simulated pairs is held, misfits are refused, real series agree with their authors."""

import re

import numpy as np
import pytest

from schemas.measurements import DelayHistogram
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

PERIOD, ZERO, WIDTH = 12_500.0, 31_000.0, 250.0


def pairs(seed, *, g2, side=120, floor=20.0, decay=1_000.0, sigma=400.0, blinking=0.0, span=250_000.0):
    """Delays one by one, and the histogram of them: pulses' pairs decay on both sides, background is anywhere."""
    generator = np.random.default_rng(seed)
    numbers = np.arange(-4, span / PERIOD + 4)
    means = side * (1 + blinking * np.exp(-np.abs(numbers) * PERIOD / 60_000)) * np.where(numbers == 0, g2, 1.0)
    each = generator.poisson(means)
    start = np.repeat(numbers * PERIOD + ZERO, each)
    delay = start + generator.laplace(0, decay, start.size) + generator.normal(0, sigma, start.size)
    background = generator.uniform(0, span, generator.poisson(floor * span / PERIOD))
    counts, _ = np.histogram(np.concatenate([delay, background]), bins=int(span / WIDTH), range=(0, span))
    return DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=WIDTH, counts=tuple(counts.tolist()), integration_s=10.0)


def outcome(data, **parameters):
    return estimators()["g2-overlap"]([data] if isinstance(data, DelayHistogram) else data, parameters)


@pytest.mark.slow
def test_intervals_hold_the_truth():
    def case(g2, floor):
        return g2, lambda seed: outcome(pairs(seed, g2=g2, floor=floor), envelope="flat", zero_delay_ps=ZERO).estimate

    found = covered(case(g2, floor) for g2, floor in [(0.05, 10), (0.1, 40), (0.3, 60), (0.5, 100), (0.5, 20)])
    assert found.silent == 0
    assert 0.90 <= found.share <= 0.99


def test_the_floor_is_taken_off_and_the_raw_value_kept():
    found = outcome(pairs(3, g2=0.1, side=1_000, floor=500.0))
    assert found.estimate.lower < 0.1 < found.estimate.upper
    assert found.raw == pytest.approx((0.1 * 1_000 + 500) / 1_500, rel=0.1)
    assert found.estimate.parameters["background_per_peak"] == pytest.approx(500, rel=0.1)
    assert found.estimate.parameters["period_ps"] == pytest.approx(PERIOD, rel=1e-3)
    assert found.estimate.parameters["zero_delay_ps"] == pytest.approx(ZERO, abs=100)
    assert found.model.goodness["p_value"] > 1e-3


def test_blinking_does_not_pass_for_purity_or_its_lack():
    data = [pairs(seed, g2=0.3, side=900, blinking=1.5) for seed in range(4)]
    found = outcome(data)
    assert found.estimate.parameters["envelope"] == "blinking"
    assert found.estimate.lower < 0.3 < found.estimate.upper
    flat = outcome(data, envelope="flat")
    assert flat.refused or any("unexplained" in warning for warning in flat.estimate.warnings)


def test_light_without_blinking_gets_none():
    assert outcome(pairs(5, g2=0.3, side=900)).estimate.parameters["envelope"] == "flat"


def test_a_purity_below_zero_is_not_clamped():
    values = [
        outcome(pairs(seed, g2=0.0, side=40, floor=60), zero_delay_ps=ZERO, period_ps=PERIOD).estimate.value for seed in range(10)
    ]
    assert min(value for value in values if value is not None) < 0


def test_cross_talk_is_refused_with_its_place():
    data = pairs(7, g2=0.2)
    counts = np.array(data.counts)
    near = np.arange(counts.size) * WIDTH
    counts += np.random.default_rng(7).poisson(12 * np.exp(-(((near - 140_000) / 9_000) ** 2)))
    found = outcome(DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=WIDTH, counts=tuple(counts.tolist())))
    assert "cross-talk" in found.refused
    first, last = map(float, re.search(r"model from ([0-9.]+) to ([0-9.]+) ns", found.refused).groups())
    assert 120 < first < 140 < last < 160
    assert (found.estimate.value, found.estimate.lower, found.estimate.upper) == (None, None, None)
    assert found.model.curves


@pytest.mark.parametrize("counts", [(0,) * 400, (0,) * 200 + (1,) + (0,) * 199, (3,) * 400])
def test_what_shows_no_pulses_is_no_number(counts):
    for parameters in ({}, {"period_ps": PERIOD}):
        found = outcome(DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=WIDTH, counts=counts), **parameters)
        assert found.estimate.value is None
        assert found.estimate.warnings
