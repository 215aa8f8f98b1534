"""Q of counts of known scatter, and how often its interval holds it."""

import numpy as np
import pytest

from streams.estimators.mandel import CountMoments, estimate_mandel

BINS = 2_000
LIGHT = {
    "Poisson": (lambda generator: generator.poisson(4.0, BINS), 0.0),
    "bright Poisson": (lambda generator: generator.poisson(4e6, BINS), 0.0),
    "sub-Poissonian": (lambda generator: generator.binomial(10, 0.4, BINS), -0.4),
    "thermal": (lambda generator: generator.geometric(1 / 3, BINS) - 1, 2.0),
}


def moments(counts):
    return CountMoments(counts.size, *(sum(int(n) ** power for n in counts) for power in (1, 2, 3, 4)))


@pytest.mark.parametrize(("draw", "truth"), LIGHT.values(), ids=LIGHT.keys())
def test_intervals_hold_the_truth_as_often_as_they_say(draw, truth):
    estimates = [estimate_mandel(moments(draw(np.random.default_rng(seed))), 1_000) for seed in range(300)]
    held = sum(each.lower <= truth <= each.upper for each in estimates)
    assert 0.90 <= held / 300 <= 0.99
    assert abs(np.mean([each.value for each in estimates]) - truth) < 0.03 * (1 + truth)


def test_the_value_is_the_sample_variance_over_the_mean():
    counts = np.random.default_rng(1).poisson(3.0, 100)
    assert estimate_mandel(moments(counts), 1).value == pytest.approx(counts.var(ddof=1) / counts.mean() - 1, rel=1e-12)


@pytest.mark.parametrize(("counts", "why"), [(np.ones(99, int), "at least 100"), (np.zeros(100, int), "no counts")])
def test_what_the_data_cannot_support_is_no_number(counts, why):
    estimate = estimate_mandel(moments(counts), 1)
    assert estimate.value is None
    assert why in estimate.warnings[0]


def test_counts_that_never_change():
    estimate = estimate_mandel(moments(np.full(100, 3)), 1)
    assert (estimate.value, estimate.lower, estimate.upper) == (-1.0, -1.0, -1.0)
