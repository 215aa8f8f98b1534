import numpy as np
import pytest

from schemas.budgets import BudgetCounts, BudgetError
from schemas.measurements import Trials
from streams.estimators.estimator import EstimatorError
from streams.estimators.intervals import clopper_pearson
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

BURN = estimators()["burn-rate"]


def test_the_burn_rate_is_held():
    def estimate(seed, bad, events):
        return BURN(
            [Trials(successes=events - int(np.random.default_rng(seed).binomial(events, bad)), trials=events)],
            {"objective": 0.99},
        ).estimate

    found = covered(
        [(bad / 0.01, lambda seed, told=(bad, n): estimate(seed, *told)) for bad, n in ((0.01, 500), (0.1, 200), (0.003, 4_000))],
        range(100),
    )
    assert 0.90 <= found.share <= 0.99


def test_bad_events_over_the_budget():
    found = BURN([Trials(successes=97, trials=100), Trials(successes=100, trials=100)], {"objective": 0.999})
    assert found.estimate.value == pytest.approx(0.015 / 0.001)
    assert found.estimate.counts == {"bad": 3, "events": 200}
    assert BURN([Trials(successes=0, trials=0)]).estimate.value is None
    with pytest.raises(EstimatorError, match="budget"):
        BURN([Trials(successes=1, trials=1)], {"objective": 1.0})


def test_of_several_budgets_the_fastest_counts_and_all_of_them_bound_it():
    slow = BudgetCounts(objective="a", target="0.9", good=9_000, bad=10, span_s=86_400)
    fast = BudgetCounts(objective="b", target="99/100", good=980, bad=20, span_s=3_600)
    unknown = BudgetCounts(objective="c", target="0.999", good=4, bad=0)
    found = BURN([slow, fast, unknown])
    assert found.estimate.value == 2.0
    assert found.estimate.counts == {"bad": 20, "events": 1_000}
    assert (found.estimate.parameters["objective"], found.estimate.parameters["budgets"]) == ("b", 3)
    assert found.integration_s == 3_600
    assert found.estimate.lower == pytest.approx(clopper_pearson(20, 1_000, 1 - 0.05 / 3)[0] / 0.01)
    assert found.estimate.upper == pytest.approx(clopper_pearson(0, 4, 0.95)[1] / 0.001)
    assert BURN([slow]).estimate.upper < 1
    with pytest.raises(EstimatorError, match="twice"):
        BURN([slow, slow])
    with pytest.raises(BudgetError, match="leaves no budget"):
        BudgetCounts(objective="a", target="1", good=1, bad=0)
