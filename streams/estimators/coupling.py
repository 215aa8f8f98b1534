"""Coupling and collection efficiency: what arrives of the photons of a calibrated reference."""

from collections.abc import Sequence

from schemas.measurements import DetectorCounts, PowerCheck
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.outcome import Outcome
from streams.estimators.photon_rate import divided, source_rate
from streams.estimators.sequences import method_of

METHOD = "photons behind the coupling over those of the reference, interval by Garwood and MOVER, v1"


class CouplingParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``interval``: for one look at the counts, or for any number of looks."""

    interval: IntervalKind = "fixed"


def coupling_efficiency(data: Sequence[PowerCheck], parameters: CouplingParameters) -> Outcome:
    """(detected - dark)/(efficiency * reference); raw is detected over reference. The reference's error is part of the interval.

    Raises:
        EstimatorError: checks with different efficiencies, or an efficiency or reference that is none.
    """
    if len({(one.efficiency, one.efficiency_error) for one in data}) > 1:
        raise EstimatorError("power checks with detectors of different efficiencies; give those of one detector")
    first = data[0]
    reference = sum(one.reference_photons for one in data)
    error = sum(one.reference_error for one in data)  # one calibration is behind all of them: errors add up
    counts = {"detected": sum(one.detected for one in data), "dark": sum(one.dark for one in data)}
    if reference <= 0:
        return not_estimated(parameters, "no reference photons", unit="1", method=METHOD, counts=counts)
    taken = DetectorCounts(detected=counts["detected"], integration_s=1.0, dark=counts["dark"], dark_s=1.0)
    arrived = source_rate(taken, 0.0, parameters.interval, parameters.confidence)
    seen = divided(arrived, first.efficiency, first.efficiency_error, parameters.confidence, "efficiency")
    share = divided(seen, reference, error, parameters.confidence, "reference_photons")
    told: dict[str, Parameter] = {
        "efficiency": first.efficiency,
        "efficiency_error": first.efficiency_error,
        "reference_photons": reference,
        "reference_error": error,
        "interval": parameters.interval,
    }
    if share.lower > 1:
        why = (
            f"{share.value:.3f} times as many photons as the reference gives, beyond doubt: the reference or the detector's "
            "efficiency is wrong; calibrate them anew"
        )
        refused = not_estimated(parameters, why, unit="1", method=METHOD, counts=counts)
        return Outcome(refused.estimate, raw=counts["detected"] / reference, refused=why)
    below = share.value < 0
    estimate = Estimate(
        value=None if below else share.value,
        lower=None if below else max(share.lower, 0.0),
        upper=max(share.upper, 0.0),
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=method_of(METHOD, parameters.interval),
        parameters=told,
        warnings=("fewer clicks than dark ones: only an upper limit",) if below else (),
    )
    return Outcome(estimate, counts["detected"] / reference, estimate.value)


ESTIMATOR = Estimator(
    "coupling-efficiency",
    "photons behind a coupling over those of a calibrated reference",
    (PowerCheck,),
    CouplingParameters,
    coupling_efficiency,
)
