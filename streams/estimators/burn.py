"""Burn rate of an error budget over a window: the share of bad events over the share that is allowed."""

from collections.abc import Sequence

import msgspec

from schemas.measurements import Trials
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters
from streams.estimators.outcome import Outcome
from streams.estimators.success_ratio import ratio_outcome

METHOD = "bad over all events, over the budget, interval by Clopper-Pearson, v1"


class BurnParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``objective``: the ratio of good events that is asked for; the budget is the rest."""

    objective: float = 0.999


def burn_rate(data: Sequence[Trials], parameters: BurnParameters) -> Outcome:
    """Good events are the successes of the trials.

    Raises:
        EstimatorError: an objective that leaves no budget.
    """
    budget = 1 - parameters.objective
    if not 0 < budget < 1:
        raise EstimatorError(f"objective is {parameters.objective}; a budget needs one between 0 and 1, such as 0.999")
    good, every = sum(one.successes for one in data), sum(one.trials for one in data)
    bad = ratio_outcome(every - good, every, parameters, names=("bad", "events"))
    known = bad.estimate

    def scaled(share: float | None) -> float | None:
        return None if share is None else share / budget

    estimate = msgspec.structs.replace(
        known,
        value=scaled(known.value),
        lower=scaled(known.lower),
        upper=scaled(known.upper),
        method=METHOD,
        parameters={"objective": parameters.objective, "interval": "fixed"},
    )
    return Outcome(estimate, estimate.value, estimate.value)


ESTIMATOR = Estimator("burn-rate", "bad events over those that the objective allows", (Trials,), BurnParameters, burn_rate)
