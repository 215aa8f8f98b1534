import numpy as np
import pytest

from streams.estimators.arrival import estimate_jitter

FWHM = 2 * (2 * np.log(2)) ** 0.5


def histogram(time_ps, bin_width_ps, span_ps=4_000):
    return np.bincount((np.asarray(time_ps) // bin_width_ps).astype(int), minlength=span_ps // bin_width_ps).astype(np.uint64)


def test_a_gaussian_has_its_width_and_the_interval_holds_it_as_often_as_it_says():
    held, values, widths = 0, [], []
    for seed in range(300):
        time_ps = np.rint(np.random.default_rng(seed).normal(2_000, 80, 3_000)).astype(int)
        estimate = estimate_jitter(histogram(time_ps, 50), 50, 500)
        held += estimate.lower <= 80 <= estimate.upper
        values.append(estimate.value)
        widths.append(estimate.parameters["fwhm_ps"])
        assert abs(estimate.parameters["mean_ps"] - 2_000) < 8
    assert 0.90 <= held / 300 <= 0.99
    assert np.mean(values) == pytest.approx(80, rel=0.01)
    assert np.mean(widths) == pytest.approx(80 * FWHM, rel=0.05)


def test_a_background_is_taken_off():
    generator = np.random.default_rng(1)
    light = np.rint(generator.normal(2_000, 80, 20_000)).astype(int)
    counts = histogram(np.concatenate((light, generator.integers(0, 4_000, 40_000))), 10)
    assert estimate_jitter(counts, 10, 500).value > 150
    estimate = estimate_jitter(counts, 10, 500, background_per_bin=100.0)
    assert estimate.lower <= 80 <= estimate.upper


@pytest.mark.parametrize("counts", [np.zeros(10, np.uint64), np.array([0, 99, 0]), np.array([0, 500, 0])])
def test_what_the_data_cannot_support_is_no_number(counts):
    estimate = estimate_jitter(counts, 10, 100)
    assert estimate.value is None
    assert "show no width" in estimate.warnings[0]


def test_a_peak_at_the_edge_is_said():
    assert "edge" in estimate_jitter(np.array([500, 300, 100]), 10, 100).warnings[0]
