"""The coarse correlation: against one made by hand, its probabilities, and light that tries to mislead it."""

import numpy as np
import pytest

from streams.estimators.coarse_offset import PartCorrelation, candidates, correlate_part

PART, REACH = 4_000, 3_000


def part(generator, *, mean=0.5, shared=0.3, delay=0, gate=None):
    """Counts of one part: of ours, and of the other, whose bins begin ``REACH`` earlier."""
    rate = np.full(PART + 2 * REACH, mean) if gate is None else mean * gate
    other, common = generator.poisson(rate * (1 - shared)), generator.poisson(rate * shared)
    ours = generator.poisson(rate[REACH : REACH + PART] * (1 - shared)) + common[REACH : REACH + PART]
    return ours.astype(np.uint8), (other + np.roll(common, delay)).astype(np.uint8)


def test_levels_are_those_of_a_correlation_by_hand():
    ours, other = part(np.random.default_rng(1))
    centred = ours - ours.mean()
    plain = np.array([centred @ other[lag : lag + PART] for lag in range(2 * REACH + 1)])
    paired = plain[:-1] + plain[1:]
    found = correlate_part(ours, other)
    assert np.corrcoef(paired, found.levels.astype(float))[0, 1] > 0.999
    assert found.levels.astype(float).std() == pytest.approx(1, abs=0.1)
    assert found.pairs == pytest.approx(2 * ours.sum() * other.mean(), rel=0.03)


@pytest.mark.parametrize("delay", [-2_900, 0, 2_901])
def test_a_shared_part_is_found(delay):
    generator = np.random.default_rng(2)
    parts = [correlate_part(*part(generator, delay=delay + 2 * age)) for age in range(3)]
    best = candidates(parts, 2.0, 3)[0]
    assert best.false_alarm < 1e-9
    assert abs(best.delay_bins - REACH - (delay + 4)) <= 1
    assert abs(best.slope_bins - 2.0) <= 0.5


def test_false_alarms_are_as_rare_as_said():
    alarms = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        parts = [correlate_part(*part(generator, shared=0.0)) for _ in range(2)]
        alarms += any(one.false_alarm < 0.05 for one in candidates(parts, 1.0, 1))
    assert alarms <= 12  # two looks are taken, at one part and at both: 6 at most are expected


def test_few_tags_are_not_taken_for_a_peak():
    for seed in range(40):
        generator = np.random.default_rng(seed)
        parts = [correlate_part(*part(generator, mean=0.003, shared=0.0))]
        assert all(one.false_alarm > 1e-3 for one in candidates(parts, 1.0, 1))


@pytest.mark.parametrize("period", [7, 50, 800])
def test_gated_light_is_no_shared_light(period):
    gate = 1 + np.sign(np.sin(2 * np.pi * np.arange(PART + 2 * REACH) / period))
    for seed in range(10):
        parts = [correlate_part(*part(np.random.default_rng(seed), shared=0.0, gate=gate))]
        assert all(one.false_alarm > 1e-4 for one in candidates(parts, 1.0, 1))


def test_silence_yields_nothing():
    nothing = correlate_part(np.zeros(PART, np.uint8), np.zeros(PART + 2 * REACH, np.uint8))
    assert not nothing.levels.any()
    assert candidates([nothing], 1.0, 3) == []


def test_candidates_near_each_other_are_one():
    levels = np.zeros(1_000, np.float16)
    levels[[500, 501, 502, 700]] = [9, 10, 9, 8]
    found = candidates([PartCorrelation(levels, 1e4)], 1.0, 5)
    assert [one.delay_bins for one in found] == [502.0, 701.0]
