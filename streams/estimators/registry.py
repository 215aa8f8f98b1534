"""Every estimator by its name; the names stand in slo/indicators.yaml."""

from collections.abc import Mapping

from streams.estimators import g2_areas, g2_cw_fit, g2_overlap, success_ratio
from streams.estimators.estimator import Estimator


def estimators() -> Mapping[str, Estimator]:
    """All of them. A new estimator is entered here and nowhere else."""
    return {
        each.name: each for each in (g2_areas.ESTIMATOR, g2_overlap.ESTIMATOR, g2_cw_fit.ESTIMATOR, *success_ratio.ESTIMATORS)
    }
