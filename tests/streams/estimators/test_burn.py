import numpy as np
import pytest

from schemas.measurements import Trials
from streams.estimators.estimator import EstimatorError
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
