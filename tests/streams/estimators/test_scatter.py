"""The scatter of values with errors: exact where errors are known."""

import numpy as np
import pytest
from scipy import stats

from streams.estimators.scatter import scatter_of


@pytest.mark.parametrize(
    ("number", "own", "errors"), [(5, 1.0, 0.3), (20, 0.3, 1.0), (10, 0.0, 1.0), (3, 1.0, 0.0), (8, 2.0, None)]
)
def test_coverage(number, own, errors):
    held = 0
    for seed in range(400):
        generator = np.random.default_rng(seed)
        error = generator.uniform(0.2, 3, number) if errors is None else np.full(number, errors)
        found = scatter_of(1e9 + generator.normal(size=number) * np.sqrt(own**2 + error**2), error, 0.95)
        held += found.lower - 1e-9 <= own <= found.upper
        assert found.lower <= found.own <= found.upper
    assert 0.92 <= held / 400 <= 0.99


def test_without_errors_it_is_the_usual_one():
    values = np.random.default_rng(1).normal(5, 2, 30)
    found = scatter_of(values, np.zeros(30), 0.9)
    assert found.own == pytest.approx(values.std(ddof=1))
    assert found.raw == pytest.approx(values.std(ddof=1))
    assert found.mean == pytest.approx(values.mean())
    expected = [values.std(ddof=1) * np.sqrt(29 / stats.chi2.ppf(q, 29)) for q in (0.95, 0.05)]
    assert (found.lower, found.upper) == pytest.approx(expected, rel=1e-6)


def test_values_that_are_alike_do_not_scatter():
    for error in (0.0, 1.0):
        found = scatter_of(np.full(5, 3.0), np.full(5, error), 0.95)
        assert (found.own, found.lower) == (0, 0)
