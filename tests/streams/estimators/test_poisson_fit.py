"""The fit against a general solver, its intervals against the truth, its goodness against counts that follow the model."""

import numpy as np
import pytest
from scipy import optimize, stats

from streams.estimators.poisson_fit import Term, deviance_residuals, fit_counts

X = np.linspace(0, 10, 60)
TERMS = (Term("level", 3.0, 0.0), Term("height", 10.0, scale=10.0), Term("middle", 4.5), Term("width", 1.0, 0.05, 5.0))
TRUTH = np.array([2.0, 25.0, 5.0, 0.8])


def bump(values):
    level, height, middle, width = values
    return level + height * np.exp(-(((X - middle) / width) ** 2))


def drawn(seed, scale=1.0):
    return np.random.default_rng(seed).poisson(scale * bump(TRUTH)).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_finds_what_a_general_solver_finds(seed):
    counts = drawn(seed)
    found = fit_counts(bump, TERMS, counts)
    oracle = optimize.minimize(
        lambda values: stats.poisson.logpmf(counts, np.maximum(bump(values), 1e-12)).sum() * -1,
        [term.start for term in TERMS],
        method="Nelder-Mead",
        options={"maxiter": 5000, "xatol": 1e-6, "fatol": 1e-9},
    )
    assert found.values == pytest.approx(oracle.x, rel=2e-3, abs=2e-3)
    saturated = stats.poisson.logpmf(counts, np.maximum(counts, 1e-300)).sum()
    assert found.deviance == pytest.approx(2 * (saturated + oracle.fun), abs=1e-4)


def test_intervals_hold_the_truth_and_match_the_likelihood():
    held = 0
    for seed in range(100):
        found = fit_counts(bump, TERMS, drawn(seed))
        lower, upper = found.interval("height", 0.95)
        held += lower <= TRUTH[1] <= upper
        if seed < 3:
            for bound in (lower, upper):
                at = [
                    Term(t.name, bound if t.name == "height" else t.start, t.lower, t.upper, t.scale, held=t.name == "height")
                    for t in TERMS
                ]
                rise = fit_counts(bump, at, found.counts).deviance - found.deviance
                assert rise == pytest.approx(stats.chi2.ppf(0.95, 1), rel=0.01)
    assert 90 <= held <= 99


def chances(scale):
    """How likely the fit calls the deviance of counts that follow it."""
    terms = [Term("scale", scale, 0.0)]
    return np.array([fit_counts(lambda v: v[0] * bump(TRUTH), terms, drawn(seed, scale)).p_value for seed in range(200)])


@pytest.mark.parametrize("scale", [0.3, 10])
def test_the_goodness_is_a_chance(scale):
    assert stats.kstest(chances(scale), "uniform").pvalue > 1e-3


def test_a_few_counts_are_not_called_unlikely():
    assert (chances(0.02) < 0.01).sum() <= 4


def test_structure_that_the_model_lacks_shows():
    counts = drawn(1, 10.0)
    counts[5:9] += 60
    found = fit_counts(bump, TERMS, counts)
    assert found.p_value < 1e-9
    assert found.unexplained > 0.1


def test_a_term_at_its_limit_has_no_bound_beyond():
    counts = np.random.default_rng(0).poisson(4.0, X.size).astype(float)
    found = fit_counts(lambda v: v[0] + v[1] * X, (Term("level", 4.0, 0.0), Term("slope", 0.1, 0.0)), counts)
    lower, upper = found.interval("slope", 0.95)
    assert found.value("slope") >= 0
    assert lower is None or lower >= 0
    assert upper > 0


def test_a_held_term_has_no_error():
    found = fit_counts(bump, (*TERMS[:3], Term("width", 0.8, held=True)), drawn(0))
    assert found.error("width") is None
    assert found.parameters["width"].error is None
    assert found.free == 3


def test_counts_of_nothing_fit_nothing():
    found = fit_counts(lambda v: np.full(X.size, v[0]), [Term("level", 1.0, 0.0)], np.zeros(X.size))
    assert found.value("level") == pytest.approx(0, abs=1e-6)
    assert found.interval("level", 0.95)[1] == pytest.approx(stats.chi2.ppf(0.95, 1) / 2 / X.size, rel=0.02)


def test_residuals_are_signed_roots_of_the_deviance():
    counts, means = np.array([0.0, 3.0, 9.0]), np.array([1.0, 3.0, 4.0])
    assert deviance_residuals(counts, means) == pytest.approx([-np.sqrt(2), 0, np.sqrt(2 * (9 * np.log(9 / 4) - 5))])
