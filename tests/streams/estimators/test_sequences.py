"""Confidence sequences: they hold at every look together, which intervals for one look do not."""

import numpy as np
import pytest
from scipy import integrate, stats

from streams.estimators.intervals import clopper_pearson, garwood
from streams.estimators.sequences import beta_binomial, count_ratio_interval, gamma_poisson, rate_interval, ratio_interval


def ever_missed(chance, looks, interval, seeds=200):
    """Runs in which the truth was outside at some look."""
    missed = 0
    for seed in range(seeds):
        wins = np.cumsum(np.random.default_rng(seed).random(looks[-1]) < chance)
        bounds = [interval(int(wins[n - 1]), n) for n in looks]
        missed += any(not lower <= chance <= upper for lower, upper in bounds)
    return missed / seeds


@pytest.mark.parametrize("chance", [0.02, 0.5, 0.97])
def test_a_ratio_is_held_at_every_look(chance):
    looks = sorted({int(n) for n in np.geomspace(1, 2_000, 60)})
    assert ever_missed(chance, looks, lambda good, n: beta_binomial(good, n, 0.95)) <= 0.05 + 0.03
    if chance == 0.5:  # what the sequence is for: one look's interval, looked at often, is wrong more often than not
        assert ever_missed(chance, looks, lambda good, n: clopper_pearson(good, n, 0.95)) > 0.15


@pytest.mark.parametrize("rate", [0.3, 40.0, 1e6])
def test_a_rate_is_held_at_every_look(rate):
    looks = np.geomspace(0.5, 500, 40) / rate
    missed = 0
    for seed in range(200):
        counts = np.cumsum(np.random.default_rng(seed).poisson(np.diff(looks, prepend=0.0) * rate))
        bounds = [gamma_poisson(int(count), time, 0.95) for count, time in zip(counts, looks, strict=True)]
        missed += any(not lower <= rate <= upper for lower, upper in bounds)
    assert missed / 200 <= 0.05 + 0.03


def test_the_ratio_is_where_the_mixture_martingale_reaches_its_limit():
    lower, upper = beta_binomial(7, 30, 0.9)
    for bound in (lower, upper):
        mixture = integrate.quad(lambda p: stats.binom.pmf(7, 30, p) * stats.beta.pdf(p, 0.5, 0.5), 0, 1)[0]
        assert mixture / stats.binom.pmf(7, 30, bound) == pytest.approx(10, rel=1e-4)


def test_the_rate_is_where_the_mixture_martingale_reaches_its_limit():
    lower, upper = gamma_poisson(12, 3.0, 0.95)
    scales = 10.0 ** np.arange(-9, 10)
    # Of a Gamma prior, Poisson counts are negative binomial.
    mixture = np.mean([stats.nbinom.pmf(12, 0.5, 0.5 * scale / (0.5 * scale + 3.0)) for scale in scales])
    for bound in (lower, upper):
        assert mixture / stats.poisson.pmf(12, 3 * bound) == pytest.approx(20, rel=1e-4)


def test_looking_often_costs_some_width():
    for good, trials in ((5, 10), (50, 1_000), (9_990, 10_000)):
        once, often = clopper_pearson(good, trials, 0.95), beta_binomial(good, trials, 0.95)
        assert 1.1 < (often[1] - often[0]) / (once[1] - once[0]) < 2.2
    assert 1.1 < np.diff(gamma_poisson(400, 10.0, 0.95))[0] / np.diff([b / 10 for b in garwood(400, 0.95)])[0] < 2.2


def test_edges():
    assert beta_binomial(0, 0, 0.95) == (0.0, 1.0)
    assert beta_binomial(0, 5, 0.95)[0] == 0.0
    assert beta_binomial(5, 5, 0.95)[1] == 1.0
    assert gamma_poisson(0, 10.0, 0.95)[0] == 0.0
    assert 0 < gamma_poisson(0, 10.0, 0.95)[1] < 2
    assert count_ratio_interval("fixed", 3, 0, 1.0, 0.95)[1] == float("inf")


def test_the_kind_is_what_is_asked_for():
    assert ratio_interval("fixed", 3, 9, 0.95) == clopper_pearson(3, 9, 0.95)
    assert ratio_interval("time-uniform", 3, 9, 0.95) == beta_binomial(3, 9, 0.95)
    assert rate_interval("fixed", 3, 2.0, 0.95) == tuple(bound / 2 for bound in garwood(3, 0.95))
    assert rate_interval("time-uniform", 3, 2.0, 0.95) == gamma_poisson(3, 2.0, 0.95)
