"""g² of simulated light: the interval holds the truth as often as it says, and what the counts cannot say is not said."""

import numpy as np
import pytest
from scipy import stats

from schemas.panes import PaneParameters
from streams.analysis import offline
from streams.estimators.delays import DelayHistogram
from streams.estimators.g2 import G2Parameters, estimate_g2
from streams.estimators.g2_pulsed import far_estimate, near_estimate
from streams.estimators.peaks import PeakAreas
from streams.estimators.pulse_train import PulseTrain
from streams.estimators.zero_delay import ZeroDelay
from tests.streams.light import emitter, poissonian, pulsed
from tests.streams.tag_streams import segment

SEEDS = range(20)


def estimates_of(light, parameters=None):
    total = offline([segment(light.time_ps, light.channel, 0, light.reached_ps, (1, 2))], PaneParameters())
    return estimate_g2(total.histogram((1, 2)), total.accidentals_per_ps((1, 2)), parameters or G2Parameters())


def holds(estimate, truth):
    return estimate.lower <= truth <= (np.inf if estimate.upper is None else estimate.upper)


@pytest.mark.parametrize("g2", [0.02, 0.3, 0.6])
def test_pulsed_light_from_photons_to_interval(g2):
    held = {"near": 0, "far": 0}
    for seed in SEEDS:
        light = pulsed(
            np.random.default_rng(seed), g2=g2, pulses=150_000, period_ps=12_500.7, efficiency=0.15, zero_delay_ps=23_940
        )
        found = estimates_of(light)
        assert found.near.warnings == ()
        assert found.near.parameters["zero_delay_ps"] == pytest.approx(23_940, abs=60)
        assert found.near.parameters["period_ps"] == pytest.approx(12_500.7, abs=10)
        held["near"] += holds(found.near, g2)
        held["far"] += holds(found.far, g2)
    assert min(held.values()) >= 17  # 95 % of 20 gives fewer with a probability of 0.3 % for each, and the intervals are wider


def peaks_of(areas, zero):
    return PeakAreas(PulseTrain(12_500, 1, 0, 1), -zero, np.array(areas, np.uint64))


@pytest.mark.parametrize("normalisation", ["near", "far"])
def test_coverage_of_95_percent_intervals(normalisation):
    held = trials = 0
    for seed in SEEDS:
        generator = np.random.default_rng(seed)
        for g2, mean in [(0.01, 400), (0.05, 40), (0.1, 10), (0.3, 30), (0.5, 100), (0.9, 500)] * 20:
            areas = generator.poisson(np.where(np.arange(21) == 10, g2 * mean, mean))
            peaks, zero = peaks_of(areas, 10), ZeroDelay(0, (0,))
            estimate = (
                near_estimate(peaks, zero, 0.95) if normalisation == "near" else far_estimate(peaks, zero, 0.95, mean / 12_500)
            )
            held += holds(estimate, g2)
            trials += 1
    assert 0.90 <= held / trials <= 0.99


def test_the_interval_is_the_conditional_binomial_one():
    estimate = near_estimate(peaks_of([500] * 10 + [2] + [510] * 10, 10), ZeroDelay(0, (0,)), 0.95)
    assert estimate.value == pytest.approx(2 / 505)
    assert estimate.counts == {"central_counts": 2, "side_counts": 10_100}
    lower, upper = (bound / (bound + 20) for bound in (estimate.lower, estimate.upper))
    assert stats.binom.sf(1, 10_102, lower) == pytest.approx(0.025, rel=1e-6)
    assert stats.binom.cdf(2, 10_102, upper) == pytest.approx(0.025, rel=1e-6)


def test_no_central_counts_give_an_upper_limit():
    estimate = near_estimate(peaks_of([45] * 10 + [0] + [45] * 10, 10), ZeroDelay(0, (0,)), 0.95)
    assert (estimate.value, estimate.lower) == (0, 0)
    assert estimate.upper == pytest.approx(20 * (0.05 ** (-1 / 900) - 1))


def test_background_is_taken_off_every_peak_and_the_raw_value_kept():
    peaks, zero = peaks_of([120] * 10 + [30] + [120] * 10, 10), ZeroDelay(0, (0,))
    raw, corrected = near_estimate(peaks, zero, 0.95), near_estimate(peaks, zero, 0.95, background_per_peak=20)
    assert corrected.value == pytest.approx(0.1)
    assert corrected.parameters["raw_value"] == pytest.approx(raw.value) == pytest.approx(0.25)
    assert corrected.lower < 0.1 < corrected.upper
    assert near_estimate(peaks_of([120] * 10 + [15] + [120] * 10, 10), zero, 0.95, background_per_peak=20).value < 0


def test_too_few_side_counts_are_no_number():
    for areas in ([0] * 21, [0] * 10 + [3] + [0] * 10, [3]):
        estimate = near_estimate(peaks_of(areas, len(areas) // 2), ZeroDelay(0, (0,)), 0.95)
        assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
        assert estimate.warnings == ("too few counts to normalise by",)


def test_an_ambiguous_zero_delay_is_covered_whole():
    light = pulsed(np.random.default_rng(3), g2=1.0, pulses=400_000, period_ps=12_500, efficiency=0.15, zero_delay_ps=23_940)
    found = estimates_of(light)
    assert "ambiguous" in found.near.warnings[0]
    assert abs(found.near.parameters["zero_delay_ps"]) < 6_250
    assert found.near.lower > 0.5  # whichever peak it is, the light is no single photon's
    assert found.near.lower < 1 < found.near.upper
    calibrated = estimates_of(light, G2Parameters(zero_delay_ps=23_940))
    assert calibrated.near.warnings == ()
    assert found.near.lower < calibrated.near.lower < 1 < calibrated.near.upper < found.near.upper


def test_few_counts_never_choose_the_emptiest_peak():
    goods = 0
    for seed in SEEDS:
        light = pulsed(np.random.default_rng(seed), g2=1.0, pulses=20_000, period_ps=12_500, efficiency=0.03)
        near = estimates_of(light, G2Parameters(period_ps=12_500)).near
        goods += near.upper is not None and near.upper < 0.5
    assert goods == 0


def test_a_known_period_without_its_train_is_insufficient():
    light = pulsed(np.random.default_rng(1), g2=0.1, pulses=2_000, period_ps=12_500, efficiency=0.02)
    near = estimates_of(light, G2Parameters(period_ps=12_500)).near
    assert near.value is None
    assert "too few counts to see the pulse train" in near.warnings


def test_continuous_emitter():
    held = 0
    for seed in SEEDS:
        light = emitter(np.random.default_rng(seed), rate_hz=2.5e6, seconds=0.25, lifetime_ps=20_000, zero_delay_ps=5_000)
        near = estimates_of(light, G2Parameters(cw_window_ps=400)).near
        assert near.warnings == ()
        assert near.parameters["zero_delay_ps"] == pytest.approx(5_000, abs=4_000)
        assert near.parameters["window_ps"] == 400
        held += near.lower < 0.3
        assert near.upper < 0.6
    assert held == len(SEEDS)


def test_continuous_light_at_a_known_delay_covers_one():
    held = 0
    for seed in SEEDS:
        light = poissonian(np.random.default_rng(seed), rate_hz=1e6, seconds=0.1)
        held += holds(estimates_of(light, G2Parameters(zero_delay_ps=0)).near, 1)
    assert held >= 17


def test_continuous_light_without_a_dip_is_ambiguous_but_no_single_photon():
    near = estimates_of(poissonian(np.random.default_rng(1), rate_hz=4e6, seconds=0.2)).near
    assert "ambiguous" in near.warnings[0]
    assert near.lower > 0.3
    assert near.lower < 1 < near.upper


def test_no_light_is_no_number():
    nothing = DelayHistogram(-200_000, 100, np.zeros(4_000, np.uint64))
    near = estimate_g2(nothing, 0.0, G2Parameters()).near
    assert (near.value, near.lower, near.upper) == (None, None, None)
    assert not any(near.counts.values())
