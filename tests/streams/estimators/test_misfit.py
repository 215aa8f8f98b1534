import numpy as np

from streams.estimators.misfit import judge_misfit
from streams.estimators.poisson_fit import Term, fit_counts

DELAYS = np.arange(400) * 250.0


def flat_fit(counts):
    return fit_counts(lambda v: np.full(counts.size, v[0]), [Term("level", float(counts.mean()), 0.0)], counts)


def counts(mean=50.0, seed=1):
    return np.random.default_rng(seed).poisson(mean, DELAYS.size).astype(float)


def test_counts_that_follow_the_model_pass():
    assert sum(judge_misfit(flat_fit(counts(seed=seed)), DELAYS).inflation > 1 for seed in range(100)) <= 1


def test_a_small_misfit_widens_errors_and_is_said():
    wavy = np.random.default_rng(1).poisson(20_000 * (1 + 0.02 * np.sin(DELAYS / 5_000))).astype(float)
    found = judge_misfit(flat_fit(wavy), DELAYS)
    assert found.refused == ""
    assert 1.3 < found.inflation < 4
    assert "unexplained" in found.warnings[0]


def test_structure_is_refused_with_its_place():
    bumpy = counts() + np.random.default_rng(2).poisson(60 * np.exp(-(((DELAYS - 60_000) / 3_000) ** 2)))
    found = judge_misfit(flat_fit(bumpy), DELAYS)
    assert "cross-talk" in found.refused
    first, last = found.refused.split("model from ")[1].split(" ns")[0].split(" to ")
    assert 54 < float(first) < 60 < float(last) < 66
