"""Which peak is zero delay, and when that cannot be said."""

import numpy as np
import pytest

from streams.estimators.peaks import PeakAreas
from streams.estimators.pulse_train import PulseTrain
from streams.estimators.zero_delay import find_zero

TRAIN = PulseTrain(12_500, 1, 2_000, 1)


def peaks_of(areas):
    return PeakAreas(TRAIN, -(len(areas) // 2), np.array(areas, np.uint64))


@pytest.mark.parametrize(("level", "g2"), [(45, 0.0), (45, 0.2), (500, 0.6), (20_000, 0.95)])
def test_the_suppressed_peak_is_found_wherever_it_lies(level, g2):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        for number in (-14, -1, 0, 9):
            areas = generator.poisson(level * np.where(np.arange(-15, 16) == number, g2, 1))
            zero = find_zero(peaks_of(areas))
            assert (zero.number, zero.candidates, zero.warning) == (number, (number,), "")


def test_equal_peaks_are_ambiguous():
    for seed in range(50):
        zero = find_zero(peaks_of(np.random.default_rng(seed).poisson(60, 31)))
        assert zero.number == 0
        assert len(zero.candidates) == 31
        assert "ambiguous" in zero.warning


def test_unequal_peaks_hide_no_dip_and_are_none():
    pattern = np.tile([1.0, 0.7, 0.85, 0.75], 8)[:31] * 2_000
    generator = np.random.default_rng(1)
    assert "ambiguous" in find_zero(peaks_of(generator.poisson(pattern))).warning
    pattern[20] *= 0.05
    assert find_zero(peaks_of(generator.poisson(pattern))).number == 5


def test_bunched_light_is_found_by_its_peak_with_a_warning():
    areas = np.random.default_rng(1).poisson(300, 31)
    areas[20] = 600
    zero = find_zero(peaks_of(areas))
    assert zero.number == 5
    assert "enhanced" in zero.warning


def test_a_calibrated_delay_decides_alone():
    areas = np.full(31, 100)
    areas[20] = 0
    assert find_zero(peaks_of(areas), calibrated_ps=15_000).number == 1
    assert find_zero(peaks_of(areas), calibrated_ps=10**6) is None


def test_without_peaks_there_is_no_zero_delay():
    assert find_zero(peaks_of([])) is None
    assert find_zero(peaks_of([5])).number == 0
