"""Every estimator by its name; the names stand in slo/indicators.yaml."""

from collections.abc import Mapping

from streams.estimators import (
    bell_fidelity,
    coherence,
    coupled_resonator,
    g2_areas,
    g2_cw_fit,
    g2_overlap,
    resonator,
    success_ratio,
    tomography,
)
from streams.estimators.estimator import Estimator


def estimators() -> Mapping[str, Estimator]:
    """All of them. A new estimator is entered here and nowhere else."""
    every = (
        bell_fidelity.ESTIMATOR,
        *coherence.ESTIMATORS,
        *coupled_resonator.ESTIMATORS,
        g2_areas.ESTIMATOR,
        g2_cw_fit.ESTIMATOR,
        g2_overlap.ESTIMATOR,
        *resonator.ESTIMATORS,
        *success_ratio.ESTIMATORS,
        tomography.ESTIMATOR,
    )
    return {each.name: each for each in every}
