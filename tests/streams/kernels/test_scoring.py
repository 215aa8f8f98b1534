"""Information, score and steps against their definitions in whole arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from streams.kernels.scoring import deviance_of, informed, stepped

seeds = st.integers(0, 2**32 - 1)


def drawn(seed, values=3, bins=40):
    generator = np.random.default_rng(seed)
    means = generator.uniform(0.05, 30, bins)
    return generator.poisson(means).astype(float), means, generator.normal(0, 5, (values, bins))


@given(seeds)
@settings(max_examples=30)
def test_the_deviance_is_twice_the_likelihood_that_is_missing(seed):
    counts, means, _ = drawn(seed)
    missing = stats.poisson.logpmf(counts, np.maximum(counts, 1e-300)) - stats.poisson.logpmf(counts, means)
    assert deviance_of(counts, means) == pytest.approx(2 * missing.sum(), rel=1e-9)


@given(seeds)
@settings(max_examples=30)
def test_information_and_score_are_those_of_poisson(seed):
    counts, means, slopes = drawn(seed)
    information, score = informed(counts, means, slopes)
    np.testing.assert_allclose(information, (slopes / means) @ slopes.T, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(score, slopes @ (counts / means - 1), rtol=1e-9, atol=1e-9)


@given(seeds, st.sampled_from([1e-3, 1.0, 1e6]))
@settings(max_examples=30)
def test_a_step_solves_the_damped_equations(seed, damping):
    information, score = informed(*drawn(seed))
    here, far = np.zeros(3), np.full(3, 1e9)
    damped = information + damping * np.diag(np.diag(information))
    np.testing.assert_allclose(stepped(here, -far, far, information, score, damping), np.linalg.solve(damped, score), rtol=1e-6)


def test_a_value_at_a_limit_moves_only_inwards():
    information = np.eye(3)
    here, lower, upper = np.array([0.0, 0.0, 1.0]), np.zeros(3), np.ones(3)
    assert stepped(here, lower, upper, information, np.array([-0.5, 0.5, 0.5]), 0.0).tolist() == [0.0, 0.5, 1.0]
    assert stepped(here, lower, upper, information, np.array([-0.5, 7.0, 0.5]), 0.0).tolist() == [0.0, 1.0, 1.0]
    assert stepped(here, lower, upper, information, np.array([-0.5, -0.5, 0.5]), 0.0).tolist() == here.tolist()


def test_a_value_that_nothing_speaks_of_stays():
    information, score = np.diag([4.0, 0.0]), np.array([2.0, 0.0])
    far = np.full(2, 9.0)
    assert stepped(np.array([1.0, 1.0]), -far, far, information, score, 0.0).tolist() == [1.5, 1.0]
