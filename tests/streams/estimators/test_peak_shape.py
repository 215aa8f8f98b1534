import numpy as np
import pytest
from scipy import integrate, stats

from streams.estimators.peak_shape import comb_in_bins, laplace_gauss_cdf, peak_in_bins


@pytest.mark.parametrize(("decay", "sigma"), [(1000, 300), (50, 2000), (2000, 1), (1, 1000), (300, 300)])
def test_the_peak_is_the_convolution(decay, sigma):
    at = np.array([-3.0, -1.0, -0.1, 0.0, 0.4, 2.0]) * (decay + sigma)
    direct = [
        integrate.quad(
            lambda t, x=x: stats.norm.pdf(t, 0, sigma) * stats.laplace.cdf(x - t, 0, decay),
            -9 * sigma,
            9 * sigma,
            limit=400,
            points=[x] if abs(x) < 9 * sigma else None,
        )[0]
        for x in at
    ]
    assert laplace_gauss_cdf(at, decay, sigma) == pytest.approx(direct, abs=1e-7)


def test_far_from_the_peak_nothing_overflows():
    assert laplace_gauss_cdf(np.array([-1e9, 1e9]), 0.01, 500.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("decay", "sigma"), [(900, 400), (6000, 100), (10, 60)])
def test_the_comb_is_the_sum_of_its_peaks(decay, sigma):
    edges, period = np.arange(-40_000.0, 40_001, 250), 12_500.0
    summed = sum(peak_in_bins(edges - k * period, decay, sigma) for k in range(-30, 31))
    assert comb_in_bins(edges, period, decay, sigma) == pytest.approx(summed, abs=1e-6)
    whole = comb_in_bins(np.array([-period / 2 + 77.7, period / 2 + 77.7]), period, decay, sigma)
    assert whole == pytest.approx([1.0], abs=1e-6)
