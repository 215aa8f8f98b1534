"""The position of a peak: unbiased, its error as large as it says, and no peak where there is none."""

import numpy as np
import pytest

from streams.estimators.peak_fit import Peak, fit_peak

BIN, EDGE, BINS = 25, -2500.5, 200


def drawn(generator, *, counts, background, position=37.0, width=140.0, shape="normal"):
    taus = generator.normal(position, width, counts) if shape == "normal" else generator.laplace(position, width, counts)
    taus = np.concatenate([taus, generator.uniform(EDGE, EDGE + BIN * BINS, generator.poisson(background))])
    return np.histogram(np.rint(taus), EDGE + BIN * np.arange(BINS + 1))[0]


@pytest.mark.parametrize(
    ("counts", "background", "shape"),
    [(1000, 400, "normal"), (150, 0, "normal"), (200, 8000, "normal"), (20_000, 10, "normal"), (1000, 400, "laplace")],
)
def test_pulls_are_what_the_error_says(counts, background, shape):
    pulls = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        data = drawn(generator, counts=counts, background=background, shape=shape)
        peak = fit_peak(data, EDGE, BIN, Peak(0.0, 0.0, 200.0, counts / 2, background / BINS * 2))
        if peak is not None:
            pulls.append((peak.position_ps - 37.0) / peak.position_error_ps)
    assert len(pulls) >= 195
    assert 0.90 <= np.mean(np.abs(pulls) < 1.96) <= 0.99
    assert abs(np.mean(pulls)) < 0.25


def test_width_and_counts_are_found():
    data = drawn(np.random.default_rng(1), counts=100_000, background=20_000)
    peak = fit_peak(data, EDGE, BIN, Peak(-300.0, 0.0, 60.0, 1e4, 1.0))
    assert peak.width_ps == pytest.approx(140, rel=0.02)
    assert peak.counts == pytest.approx(100_000, rel=0.02)
    assert peak.background_per_bin == pytest.approx(100, rel=0.05)


def test_a_peak_within_one_bin_has_half_a_bin_of_doubt_at_most():
    data = np.zeros(BINS, np.int64)
    data[100] = 500
    peak = fit_peak(data, EDGE, BIN, Peak(10.0, 0.0, 20.0, 400.0, 0.1))
    assert abs(peak.position_ps - (EDGE + 100.5 * BIN)) < BIN / 2


@pytest.mark.parametrize("data", [np.zeros(BINS, np.int64), np.arange(BINS), np.full(BINS, 1000)])
def test_what_is_no_peak_is_none(data):
    peak = fit_peak(data, EDGE, BIN, Peak(0.0, 0.0, 140.0, 100.0, 1.0))
    assert peak is None or peak.counts < 3 * np.sqrt(peak.background_per_bin * peak.width_ps / BIN)
