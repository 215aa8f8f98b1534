"""Trains that are there are found, with errors that hold; what is no train is refused."""

import numpy as np
import pytest

from streams.estimators import pulse_train as room
from streams.estimators.delays import DelayHistogram
from streams.estimators.pulse_train import find_train

HALF = 200_000


def train(generator, period_ps, offset_ps, per_peak, *, width_ps=250, missing=None, heights=(1.0,), flat=0.0, bin_ps=100):
    """Histogram of peaks at offset + k*period, ``per_peak`` counts each on average."""
    last = int(HALF / period_ps) + 1
    number = np.array([k for k in range(-last, last + 1) if k != missing])
    counts = generator.poisson(per_peak * np.array([heights[k % len(heights)] for k in number]))
    tau = np.repeat(offset_ps + number * period_ps, counts) + generator.laplace(0, width_ps, counts.sum())
    tau = np.concatenate((tau, generator.uniform(-HALF, HALF, generator.poisson(flat * 2 * HALF / period_ps))))
    counts, _ = np.histogram(tau, np.arange(-HALF, HALF + 1, bin_ps))
    return DelayHistogram(-HALF, bin_ps, counts.astype(np.uint64))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("period_ps", "per_peak"), [(12_500.3, 45), (12_500.3, 3), (3_128.2, 500), (1_050.7, 100), (50_000.0, 40)]
)
def test_period_and_offset_are_found_within_their_errors(seed, period_ps, per_peak):
    generator = np.random.default_rng(seed)
    offset_ps = generator.uniform(-0.5, 0.5) * period_ps
    width_ps = 250 if period_ps > 2_000 else 80
    found = find_train(train(generator, period_ps, offset_ps, per_peak, missing=0, width_ps=width_ps))
    assert found is not None
    assert abs(found.period_ps - period_ps) < 5 * found.period_error_ps + 0.01
    error = (found.offset_ps - offset_ps + period_ps / 2) % period_ps - period_ps / 2
    assert abs(error) < 5 * found.offset_error_ps + 1
    assert abs(found.offset_ps) <= period_ps / 2 * 1.001


def test_errors_are_those_that_are_made():
    pulls = []
    for seed in range(60):
        found = find_train(train(np.random.default_rng(seed), 12_500.0, 1_000.0, 45, missing=0))
        pulls.append(((found.period_ps - 12_500) / found.period_error_ps, (found.offset_ps - 1_000) / found.offset_error_ps))
    assert np.std(pulls, axis=0) == pytest.approx([1, 1], abs=0.3)


def test_broad_pulses_that_overlap_are_a_train():
    found = find_train(train(np.random.default_rng(1), 12_500.0, 0.0, 400, width_ps=4_000, missing=0))
    assert found.period_ps == pytest.approx(12_500, abs=20)


def test_unequal_peaks_are_still_the_train():
    found = find_train(train(np.random.default_rng(1), 3_125.0, 0.0, 500, heights=(1, 0.6, 0.8, 0.7), missing=0))
    assert found.period_ps == pytest.approx(3_125, abs=1)


def test_background_does_not_hide_or_pull_the_train():
    found = find_train(train(np.random.default_rng(1), 12_500.0, 3_000.0, 50, flat=200, missing=0))
    assert found.period_ps == pytest.approx(12_500, abs=10)
    assert found.offset_ps == pytest.approx(3_000, abs=100)


def test_a_known_period_is_kept():
    found = find_train(train(np.random.default_rng(1), 12_500.0, 3_000.0, 20, missing=0), 12_500.25)
    assert (found.period_ps, found.period_error_ps) == (12_500.25, 0.0)
    assert found.offset_ps == pytest.approx(3_000, abs=60)


def test_few_counts_are_dismissed_only_where_the_whole_spectrum_dismisses_them():
    generator, dismissed, found = np.random.default_rng(1), 0, 0
    for number in range(300):
        period_ps = float(generator.choice([450.0, 1_000.0, 12_500.0, 13_158.3, 80_000.0, 1e6]))
        peaks = generator.integers(-15, 16, generator.integers(1, 12)) * period_ps
        tau = generator.uniform(-HALF, HALF, peaks.size) if number % 3 == 0 else peaks + generator.laplace(0, 50, peaks.size)
        counts, _ = np.histogram(tau, np.arange(-HALF, HALF + 1, 100))
        if not counts.any():
            continue
        histogram, frequency = DelayHistogram(-HALF, 100, counts.astype(np.uint64)), 100 / period_ps
        faint, held = room._too_faint(histogram.counts, frequency), room._Spectrum.of(histogram).holds(frequency)
        assert not (faint and held)
        assert (find_train(histogram, period_ps) is not None) == held
        dismissed, found = dismissed + faint, found + held
    assert dismissed > 100
    assert found > 30


def test_quartiles_are_numpys():
    generator = np.random.default_rng(1)
    for size in (*range(1, 12), 131):
        rows = generator.exponential(size=(5, size))
        assert room._quartiles(rows).tolist() == np.quantile(rows, 0.25, axis=1).tolist()


def dip(generator, level, depth, width_ps, bin_ps=100):
    tau = np.arange(-HALF, HALF, bin_ps) + bin_ps / 2
    return DelayHistogram(
        -HALF, bin_ps, generator.poisson(level * (1 - depth * np.exp(-np.abs(tau) / width_ps))).astype(np.uint64)
    )


@pytest.mark.parametrize("level", [0.01, 0.3, 10, 3_000])
@pytest.mark.parametrize(("depth", "width_ps"), [(0, 1), (1, 2_000), (0.9, 20_000), (-2, 30_000)])
def test_continuous_light_has_no_train(level, depth, width_ps):
    for seed in range(5):
        assert find_train(dip(np.random.default_rng(seed), level, depth, width_ps)) is None
        assert find_train(dip(np.random.default_rng(seed), level, depth, width_ps), 12_500.0) is None


def test_the_ticks_of_a_coarse_tagger_are_no_train():
    generator = np.random.default_rng(1)
    for resolution in (16, 64, 81, 82):
        tau = generator.integers(-HALF // resolution, HALF // resolution, 400_000) * resolution
        counts, _ = np.histogram(tau, np.arange(-HALF, HALF + 1, 100))
        assert find_train(DelayHistogram(-HALF, 100, counts.astype(np.uint64))) is None


def test_one_cross_talk_peak_is_no_train():
    counts = np.random.default_rng(1).poisson(5, 4_000).astype(np.uint64)
    counts[2_500:2_510] += np.uint64(4_000)
    assert find_train(DelayHistogram(-HALF, 100, counts)) is None


def test_nothing_is_no_train():
    assert find_train(DelayHistogram(-HALF, 100, np.zeros(4_000, np.uint64))) is None
    one = np.zeros(4_000, np.uint64)
    one[7] = 1
    assert find_train(DelayHistogram(-HALF, 100, one)) is None
    assert find_train(DelayHistogram(-10, 10, np.array([3, 4], np.uint64))) is None
