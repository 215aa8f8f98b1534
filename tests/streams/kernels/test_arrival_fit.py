"""The share of arrivals against scipy's own laws, its slopes against differences, and the descent against a general solver."""

from math import hypot

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from streams.kernels.arrival_fit import VALUES, descend_arrivals, expected_arrivals, share_before
from streams.kernels.scoring import deviance_of

EDGES = np.arange(0.0, 12_501.0, 50.0)
shapes = st.tuples(st.floats(20, 2_000), st.one_of(st.just(0.0), st.floats(20, 3_000)))


def expected(values, *, period=0.0, whole=False, edges=EDGES):
    means, slopes = np.empty(edges.size - 1), np.empty((VALUES, edges.size - 1))
    expected_arrivals(edges, period, np.asarray(values, float), whole, means, slopes)
    return means, slopes


@given(shapes, st.floats(-5, 30))
@settings(max_examples=200)
def test_the_share_is_that_of_the_modified_gaussian(shape, at):
    sigma, decay = shape
    law = stats.exponnorm(decay / sigma, scale=sigma) if decay else stats.norm(scale=sigma)
    share, density, _, _ = share_before(at * sigma, sigma, decay)
    assert share == pytest.approx(law.cdf(at * sigma), rel=1e-9, abs=1e-12)
    assert density == pytest.approx(law.pdf(at * sigma), rel=1e-7, abs=1e-12 / sigma)


@pytest.mark.parametrize("ratio", [1e-5, 1e-3, 0.05, 20.0, 1e3])
def test_extreme_shapes_are_whole_laws(ratio):
    decay = 100.0 * ratio
    at = np.linspace(-850, 850 + 38 * decay, 4_000)
    shares = np.array([share_before(one, 100.0, decay)[0] for one in at])
    assert np.isfinite(shares).all()
    assert (np.diff(shares) > -1e-12).all()
    assert (shares[0], shares[-1]) == pytest.approx((0, 1), abs=1e-12)
    if ratio < 1e-2:  # the decay only delays, by its mean
        assert shares == pytest.approx(stats.norm(decay, hypot(100, decay)).cdf(at), abs=1e-4)


@given(shapes, st.floats(500, 12_000), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_slopes_are_how_the_means_change(shape, arrival, folded, whole):
    sigma, decay = shape[0], max(shape[1], 30.0)
    width = hypot(sigma, decay)
    values = np.array([0.01, 5_000.0, arrival, *((width, decay / width) if whole else (sigma, decay))])
    period = 12_500.0 if folded else 0.0
    slopes = expected(values, period=period, whole=whole)[1]
    for row, step in enumerate((1e-6, 1.0, 1e-3 * sigma, 1e-4 * values[3], 1e-6 * values[4])):
        ends = []
        for sign in (1, -1):
            aside = values.copy()
            aside[row] += sign * step
            ends.append(expected(aside, period=period, whole=whole)[0])
        told = (ends[0] - ends[1]) / (2 * step)
        assert slopes[row] == pytest.approx(told, rel=2e-3, abs=1e-3 * np.abs(told).max() + 1e-9)


def test_what_comes_late_appears_at_the_beginning():
    folded = expected([0.0, 1_000.0, 12_400.0, 60.0, 700.0], period=12_500.0)[0]
    assert folded.sum() == pytest.approx(1_000, rel=1e-6)
    assert folded[:40].sum() > 700
    assert expected([0.0, 1_000.0, 12_400.0, 60.0, 700.0])[0].sum() < 300


@pytest.mark.parametrize("seed", range(3))
def test_finds_what_a_general_solver_finds(seed):
    truth = np.array([0.02, 6_000.0, 3_000.0, 80.0, 600.0])
    counts = np.random.default_rng(seed).poisson(expected(truth, period=12_500.0)[0]).astype(float)
    scale, lower, upper = truth * 0.1, np.array([0.0, 0.0, 0.0, 1.0, 1.0]), np.array([np.inf, np.inf, 1e5, 1e4, 1e4])
    begin = truth * [1.5, 0.8, 1.01, 1.5, 0.6]
    free = np.arange(VALUES)
    values, deviance, information = descend_arrivals(counts, EDGES, 12_500.0, False, begin, free, lower, upper, 1e-6)
    oracle = optimize.minimize(
        lambda parts: deviance_of(counts, expected(truth + np.asarray(parts) * scale, period=12_500.0)[0]),
        np.zeros(VALUES),
        method="Nelder-Mead",
        options={"maxiter": 8_000, "maxfev": 8_000, "xatol": 1e-5, "fatol": 1e-8},
    )
    assert deviance == pytest.approx(oracle.fun, abs=1e-4)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert np.abs(values - truth - oracle.x * scale).max() < 0.02 * errors.max()
    assert (np.abs(values - truth) < 4.5 * errors).all()


def test_what_is_held_stays():
    counts = np.full(EDGES.size - 1, 3.0)
    begin, far = np.array([0.1, 50.0, 6_000.0, 90.0, 0.0]), np.full(VALUES, 1e9)
    values, _, information = descend_arrivals(counts, EDGES, 0.0, False, begin, np.array([0, 1]), -far, far, 1e-6)
    assert values[2:].tolist() == begin[2:].tolist()
    assert information.shape == (2, 2)
    assert values[0] == pytest.approx(3 / 50, rel=1e-3)
