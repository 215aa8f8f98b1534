"""What a sample lacks until an objective can judge it."""

from schemas.records import IndicatorSample, Shortfall
from slo.objective import Objective


def shortfall(sample: IndicatorSample, objective: Objective) -> Shortfall | None:
    """As whoever sampled it worked it out for the objective's threshold; None where nobody did, or no counts would decide.

    A budget that is about the events of samples is judged by these, not by an interval: nothing is lacking there but events.
    """
    criterion = objective.criterion
    if criterion is None or criterion.events is not None:
        return None
    wanted = (criterion.operator.value, str(criterion.threshold))
    return next((one for one in sample.lacks if (one.operator, one.threshold) == wanted), None)
