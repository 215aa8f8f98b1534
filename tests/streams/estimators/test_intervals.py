"""Intervals against tables, against scipy's own tests, and against their coverage."""

from math import inf, log

import numpy as np
import pytest
from scipy import stats

from streams.estimators.intervals import clopper_pearson, garwood, poisson_ratio


@pytest.mark.parametrize(("count", "lower", "upper"), [(1, 0.0253, 5.5716), (2, 0.2422, 7.2247), (10, 4.7954, 18.3904)])
def test_garwood_equals_the_table(count, lower, upper):
    assert garwood(count, 0.95) == pytest.approx((lower, upper), abs=1e-4)


def test_no_counts_give_a_one_sided_limit():
    assert garwood(0, 0.95) == pytest.approx((0, -log(0.05)))
    assert clopper_pearson(0, 20, 0.95) == pytest.approx((0, 1 - 0.05 ** (1 / 20)))
    assert clopper_pearson(20, 20, 0.95) == pytest.approx((0.05 ** (1 / 20), 1))
    assert poisson_ratio(0, 894, 20, 0.95)[1] == pytest.approx(0.0671, abs=1e-4)


@pytest.mark.parametrize(("successes", "trials"), [(1, 9), (4, 8), (199, 200)])
def test_clopper_pearson_equals_scipys(successes, trials):
    expected = stats.binomtest(successes, trials).proportion_ci(0.9, "exact")
    assert clopper_pearson(successes, trials, 0.9) == pytest.approx((expected.low, expected.high))


def test_without_trials_or_reference_nothing_is_known():
    assert clopper_pearson(0, 0, 0.95) == (0, 1)
    assert poisson_ratio(3, 0, 10, 0.95)[1] == inf
    assert poisson_ratio(0, 0, 10, 0.95) == (0, inf)


def test_a_confidence_is_a_probability():
    with pytest.raises(ValueError, match="between 0 and 1"):
        garwood(3, 95)


@pytest.mark.parametrize("mean", [0.5, 2.0, 3.3, 10.0, 200.0])
def test_garwood_covers(mean):
    counts = np.arange(stats.poisson.ppf(1e-9, mean), stats.poisson.isf(1e-9, mean) + 1).astype(int)
    covered = [lower <= mean <= upper for lower, upper in (garwood(int(count), 0.95) for count in counts)]
    assert stats.poisson.pmf(counts[covered], mean).sum() >= 0.925
