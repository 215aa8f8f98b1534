"""Every estimator by its name; the names stand in slo/indicators.yaml."""

from collections.abc import Mapping

from streams.estimators import (
    arrivals,
    bell_fidelity,
    bell_test,
    burn,
    coherence,
    convergence,
    coupled_resonator,
    coupling,
    detection,
    frequency_stability,
    g2_areas,
    g2_cw_fit,
    g2_overlap,
    heralding,
    heralds,
    hom,
    key,
    linewidth,
    randomized_benchmarking,
    readout,
    recovery,
    repetition,
    resonator,
    success_ratio,
    telemetry_stability,
    tomography,
    uptime,
)
from streams.estimators.estimator import Estimator


def estimators() -> Mapping[str, Estimator]:
    """All of them. A new estimator is entered here and nowhere else."""
    every = (
        arrivals.ESTIMATOR,
        bell_fidelity.ESTIMATOR,
        *bell_test.ESTIMATORS,
        burn.ESTIMATOR,
        *coherence.ESTIMATORS,
        convergence.ESTIMATOR,
        *coupled_resonator.ESTIMATORS,
        coupling.ESTIMATOR,
        *detection.ESTIMATORS,
        *frequency_stability.ESTIMATORS,
        g2_areas.ESTIMATOR,
        g2_cw_fit.ESTIMATOR,
        g2_overlap.ESTIMATOR,
        *heralding.ESTIMATORS,
        *heralds.ESTIMATORS,
        hom.ESTIMATOR,
        *key.ESTIMATORS,
        linewidth.ESTIMATOR,
        randomized_benchmarking.ESTIMATOR,
        *readout.ESTIMATORS,
        recovery.ESTIMATOR,
        repetition.ESTIMATOR,
        *resonator.ESTIMATORS,
        *success_ratio.ESTIMATORS,
        telemetry_stability.ESTIMATOR,
        tomography.ESTIMATOR,
        uptime.ESTIMATOR,
    )
    return {each.name: each for each in every}
