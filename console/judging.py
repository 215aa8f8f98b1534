"""Which objective a g²(0) is held against, and the verdict that follows."""

from collections.abc import Callable
from dataclasses import dataclass

from console.refusal import ExitCode, Refusal
from schemas.ids import DeviceId, IndicatorId
from schemas.records import Estimate, Verdict
from slo.definitions import Definitions
from slo.evaluation import system_by_prefix
from slo.judge import judge
from slo.objective import Criterion, Objective
from streams.estimators.forecast import Forecast, forecast
from streams.estimators.outcome import Outcome

_G2_NAME = "g²(0)"
_OF_ANY_SOURCE = IndicatorId("sps.M1")
"""What is asked of light whose system is not known: that one emitter makes it."""


@dataclass(frozen=True, slots=True)
class Judge:
    """An objective's name, its criterion as people write it, its verdict on an estimate, and what an undecided one lacks."""

    objective: str
    criterion: str
    verdict: Callable[[Estimate], Verdict]
    lacks: Callable[[Outcome], Forecast | None]


def g2_judge(definitions: Definitions, device: DeviceId | None, objective: str | None) -> Judge:
    """The named objective; else the one about the device's system; else the one about single-photon sources.

    Raises:
        Refusal: no such objective.
    """
    about = [each for each in definitions.objectives if each.criterion and each.criterion.name == _G2_NAME]
    chosen: Objective | None
    if objective is not None:
        chosen = next((each for each in about if each.name == objective), None)
    else:
        system = "" if device is None else system_by_prefix(device)
        own = [each for each in about if each.criterion and system in each.criterion.systems]
        chosen = next(
            iter(own or [each for each in about if each.criterion and each.criterion.indicator == _OF_ANY_SOURCE]), None
        )
    criterion = None if chosen is None else chosen.criterion
    if chosen is None or criterion is None:
        raise Refusal(
            ExitCode.NOT_FOUND,
            f"no objective “{objective}” of g²(0)" if objective else "no objective of g²(0) is defined",
            where="definitions",
            do=f"name one of: {', '.join(each.name for each in about) or 'none is defined'}",
        )
    return _by(chosen.name, criterion)


def _by(objective: str, criterion: Criterion) -> Judge:
    held = criterion.operator, criterion.threshold
    return Judge(objective, str(criterion), lambda estimate: judge(estimate, *held), lambda outcome: forecast(outcome, *held))
