"""Burn rate of error budgets: the share of bad events over the share that is allowed. Of several budgets the fastest.

The true fastest rate lies above the largest of the lower bounds, of which any may err, so each has its part of the error
(Bonferroni); and below the largest of the upper bounds, since that is at least the fastest's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from schemas.budgets import BudgetCounts
from schemas.measurements import Trials
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import method_of, ratio_interval

METHOD = "bad over all events, over the budget, interval by Clopper-Pearson, v2"
_OWN = "given"


class BurnParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``objective``: of trials the ratio of good events that is asked for; the budget is the rest.

    ``interval``: for one look at the counts, or for any number of looks.
    """

    objective: float = 0.999
    interval: IntervalKind = "fixed"


@dataclass(frozen=True, slots=True)
class _Budget:
    """Events of one objective; what they came to is known only where there are any."""

    name: str
    bad: int
    events: int
    budget: Fraction
    span_s: float | None

    @property
    def rate(self) -> float:
        return float(Fraction(self.bad, self.events) / self.budget)

    def bounds(self, kind: IntervalKind, factor: float, confidence: float) -> tuple[float, float]:
        low, high = ratio_interval(kind, round(self.bad * factor), round(self.events * factor), confidence)
        return low / float(self.budget), high / float(self.budget)


def burn_rate(data: Sequence[Trials | BudgetCounts], parameters: BurnParameters) -> Outcome:
    """Of trials, whose successes are good events, all together; of budgets the fastest.

    Raises:
        EstimatorError: an objective that leaves no budget, or one twice.
    """
    budgets = _budgets(data, parameters)
    known = [each for each in budgets if each.events]
    told: dict[str, Parameter] = {"objective": parameters.objective, "interval": parameters.interval}
    method = method_of(METHOD, parameters.interval)
    if not known:
        return not_estimated(parameters, "no events", unit="1", method=method, counts={"bad": 0, "events": 0})

    def interval_of(factor: float) -> Bounds:
        part = 1 - (1 - parameters.confidence) / len(known)
        lower = max(each.bounds(parameters.interval, factor, part)[0] for each in known)
        return lower, max(each.bounds(parameters.interval, factor, parameters.confidence)[1] for each in known)

    fastest = max(known, key=lambda each: (each.rate, each.bounds(parameters.interval, 1, parameters.confidence)[1]))
    lower, upper = interval_of(1)
    estimate = Estimate(
        value=fastest.rate,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts={"bad": fastest.bad, "events": fastest.events},
        unit="1",
        method=method,
        parameters=told if fastest.name == _OWN else {**told, "objective": fastest.name, "budgets": len(known)},
    )
    return Outcome(estimate, fastest.rate, fastest.rate, interval_of=interval_of, integration_s=fastest.span_s)


def _budgets(data: Sequence[Trials | BudgetCounts], parameters: BurnParameters) -> list[_Budget]:
    trials = [one for one in data if isinstance(one, Trials)]
    if trials:
        budget = 1 - Fraction(repr(parameters.objective))
        if not 0 < budget < 1:
            raise EstimatorError(f"objective is {parameters.objective}; a budget needs one between 0 and 1, such as 0.999")
        good, every = sum(one.successes for one in trials), sum(one.trials for one in trials)
        return [_Budget(_OWN, every - good, every, budget, None)]
    found = [one for one in data if isinstance(one, BudgetCounts)]
    names = [one.objective for one in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise EstimatorError(f"counts of objective {twice} stand there twice; give each once, over one window")
    return [_Budget(one.objective, one.bad, one.good + one.bad, one.budget, one.span_s) for one in found]


ESTIMATOR = Estimator(
    "burn-rate",
    "bad events over those that the objective allows; of several objectives the fastest",
    (Trials, BudgetCounts),
    BurnParameters,
    burn_rate,
)
