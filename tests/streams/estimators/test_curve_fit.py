"""Maximum likelihood: against closed forms, and intervals that hold the truth as often as they say."""

import numpy as np
import pytest
from scipy import stats

from streams.estimators.curve_fit import Binomial, Gaussian, fit
from streams.estimators.intervals import clopper_pearson

X = np.linspace(0, 1, 30)


def line(values):
    return values[0] + values[1] * X


def test_a_line_is_fitted_as_the_textbook_does():
    y = 2 + 3 * X + np.random.default_rng(1).normal(0, 0.1, X.size)
    found = fit(line, Gaussian(y), [0, 0], [-10, -10], [10, 10])
    expected = stats.linregress(X, y)
    assert found.values == pytest.approx([expected.intercept, expected.slope], rel=1e-6)
    assert found.errors == pytest.approx([expected.intercept_stderr, expected.stderr], rel=1e-4)
    half = stats.t.ppf(0.975, 28) * expected.stderr
    assert found.interval(1, 0.95) == pytest.approx((expected.slope - half, expected.slope + half), rel=1e-3)


def test_known_errors_are_used_as_they_are_unless_residuals_are_too_large():
    y = 2 + 3 * X + np.random.default_rng(1).normal(0, 0.1, X.size)
    known, doubted = (fit(line, Gaussian(y, np.full(X.size, error)), [0, 0], [-10, -10], [10, 10]) for error in (0.1, 0.01))
    assert known.scale == 1
    assert 0.01 < known.p_value < 1
    assert doubted.misfit
    assert doubted.errors == pytest.approx(known.errors * (known.deviance / known.freedom) ** 0.5, rel=1e-3)


def test_a_probability_has_its_likelihood_interval():
    """Where 2 ln of the likelihood ratio has fallen by the quantile of chi²."""
    successes, trials = np.array([12.0]), np.array([40.0])
    found = fit(lambda p: p, Binomial(np.repeat(successes, 2) / 2, np.repeat(trials, 2) / 2), [0.5], [0], [1])
    assert found.values[0] == pytest.approx(0.3)
    lower, upper = found.interval(0, 0.95)
    for bound in (lower, upper):
        fallen = 2 * (stats.binom.logpmf(12, 40, 0.3) - stats.binom.logpmf(12, 40, bound))
        assert fallen == pytest.approx(stats.chi2.ppf(0.95, 1), rel=5e-3)
    assert (lower, upper) == pytest.approx(clopper_pearson(12, 40, 0.95), abs=0.03)


def test_what_the_data_do_not_bound_has_no_bound():
    y = np.exp(-X / 50) + np.random.default_rng(2).normal(0, 0.3, X.size)
    found = fit(lambda v: v[0] * np.exp(-X / v[1]), Gaussian(y), [1, 1], [0, 1e-3], [10, 1e3])
    lower, upper = found.interval(1, 0.95)
    assert lower > 0.2
    assert upper is None


def test_too_few_points_and_points_that_are_none_are_no_fit():
    assert fit(lambda v: v[:2], Gaussian(np.zeros(2)), [0, 0], [-1, -1], [1, 1]) is None
    assert fit(lambda v: v[0] * np.full(5, np.nan), Gaussian(np.zeros(5)), [0], [-1], [1]) is None


def test_smooth_leftovers_widen_the_errors():
    generator = np.random.default_rng(3)
    x = np.linspace(0, 1, 400)
    y = 1 + x + 0.05 * np.sin(9 * x) + generator.normal(0, 0.01, x.size)
    found = fit(lambda v: v[0] + v[1] * x, Gaussian(y), [0, 0], [-10, -10], [10, 10])
    assert found.misfit
    assert found.correlation > 0.8
    lower, upper = found.interval(1, 0.95)
    assert lower < 1 < upper  # the plain error, 0.006, would exclude it by five


def test_model_choice_prefers_the_simpler_of_two_that_fit():
    generator = np.random.default_rng(4)
    simple_won = 0
    for _ in range(40):
        y = 1 + 2 * X + generator.normal(0, 0.1, X.size)
        simple = fit(line, Gaussian(y), [0, 0], [-10, -10], [10, 10])
        more = fit(lambda v: line(v) + v[2] * X**2 + v[3] * X**3, Gaussian(y), [0, 0, 0, 0], [-99] * 4, [99] * 4)
        simple_won += simple.criterion() < more.criterion()
    assert simple_won > 32


def test_coverage_of_decays_by_gaussian_and_binomial_data():
    held = dict.fromkeys(("gaussian", "binomial"), 0)
    times = np.linspace(0.05, 4, 20)
    for seed in range(150):
        generator = np.random.default_rng(seed)
        truth = 0.5 + 0.4 * np.exp(-times)
        trials = np.full(20, 60.0)
        observed = {
            "gaussian": Gaussian(truth + generator.normal(0, 0.04, 20)),
            "binomial": Binomial(generator.binomial(60, truth).astype(float), trials),
        }
        for name, data in observed.items():
            found = fit(lambda v: v[0] + v[1] * np.exp(-times / v[2]), data, [0.5, 0.4, 1], [-1, -2, 1e-2], [2, 2, 100])
            lower, upper = found.interval(2, 0.95)
            held[name] += (lower or 0) <= 1 <= (upper or np.inf)
    assert all(0.90 <= number / 150 <= 0.99 for number in held.values()), held
