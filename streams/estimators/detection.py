"""Indicators of a detector's clicks: dark counts, detection rate, brightness, emission probability."""

from collections.abc import Sequence

import msgspec

from schemas.measurements import DetectorCounts
from schemas.records import Estimate, Parameter
from streams.estimators.correlations import Part
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.outcome import Outcome
from streams.estimators.photon_rate import divided, source_rate, total_of
from streams.estimators.sequences import method_of, rate_interval

DARK_METHOD = "clicks with the source off over time, interval by Garwood, v1"
RATE_METHOD = "clicks over the time awake, dark counts taken off, interval by Garwood, v1"
PER_TRIGGER_METHOD = "photons per trigger, dead time, dark counts and efficiency put right, interval by Garwood and MOVER, v1"


class ClickParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``dead_time_ps`` of the detector after each click. ``interval``: for one look at the counts, or for any number of looks."""

    dead_time_ps: float = 0.0
    interval: IntervalKind = "fixed"


class TriggerParameters(ClickParameters, frozen=True, kw_only=True):
    """``efficiency`` of all that stands between the source and the clicks, with its standard error.

    ``repetition_rate_hz`` where the counts do not know their triggers. ``calibration`` names where the efficiency comes from.
    """

    efficiency: float = 1.0
    efficiency_error: float = 0.0
    repetition_rate_hz: float | None = None
    calibration: str = ""


def dark_rate(data: Sequence[DetectorCounts], parameters: ClickParameters) -> Outcome:
    """Clicks of counts that were taken with the source off: ``dark`` where they are told apart, else ``detected``."""
    total = total_of(list(data))
    clicks, time_s = (total.dark, total.dark_s) if total.dark_s is not None else (total.detected, total.integration_s)
    lower, upper = rate_interval(parameters.interval, clicks, time_s, parameters.confidence)
    return _outcome(
        Part(clicks / time_s, lower, upper), clicks / time_s, total, parameters, unit="Hz", method=DARK_METHOD, dark=clicks
    )


def detection_rate(data: Sequence[DetectorCounts], parameters: ClickParameters) -> Outcome:
    """Clicks per second; raw counts everything."""
    total = total_of(list(data))
    rate = source_rate(total, _dead_s(parameters), parameters.interval, parameters.confidence)
    return _outcome(rate, total.detected / total.integration_s, total, parameters, unit="Hz", method=RATE_METHOD, dark=total.dark)


def per_trigger(data: Sequence[DetectorCounts], parameters: TriggerParameters) -> Outcome:
    """Photons per trigger; raw is clicks per trigger."""
    total = total_of(list(data))
    triggers_hz = parameters.repetition_rate_hz
    if triggers_hz is None and total.triggers is not None:
        triggers_hz = total.triggers / total.integration_s
    if triggers_hz is None:
        raise EstimatorError("the counts know no triggers; give repetition_rate_hz, or counts with triggers")
    if not 0 < triggers_hz < float("inf"):
        return not_estimated(
            parameters, "no triggers", unit="photons/trigger", method=method_of(PER_TRIGGER_METHOD, parameters.interval)
        )
    if not 0 < parameters.efficiency <= 1:
        raise EstimatorError(f"efficiency is {parameters.efficiency}; it lies above 0 and at most at 1")
    rate = source_rate(total, _dead_s(parameters), parameters.interval, parameters.confidence)
    photons = divided(
        rate.times(1 / triggers_hz), parameters.efficiency, parameters.efficiency_error, parameters.confidence, "efficiency"
    )
    raw = total.detected / total.integration_s / triggers_hz
    return _outcome(photons, raw, total, parameters, unit="photons/trigger", method=PER_TRIGGER_METHOD, dark=total.dark)


def _dead_s(parameters: ClickParameters) -> float:
    if not 0 <= parameters.dead_time_ps < float("inf"):
        raise EstimatorError(f"dead_time_ps is {parameters.dead_time_ps}; give one of at least 0")
    return parameters.dead_time_ps * 1e-12


def _outcome(
    part: Part, raw: float, total: DetectorCounts, parameters: ClickParameters, *, unit: str, method: str, dark: int
) -> Outcome:
    told: dict[str, Parameter] = msgspec.structs.asdict(parameters) | {
        "integration_s": total.integration_s,
        "dark_s": total.dark_s,
        "saturation": total.detected / total.integration_s * parameters.dead_time_ps * 1e-12,
    }
    told.pop("confidence")
    counts = {"detected": total.detected, "dark": dark}
    if total.triggers is not None:
        told["triggers"] = total.triggers
    below = part.value < 0
    estimate = Estimate(
        value=None if below else part.value,
        lower=None if below else max(part.lower, 0.0),
        upper=max(part.upper, 0.0),
        confidence=parameters.confidence,
        counts=counts,
        unit=unit,
        method=method_of(method, parameters.interval),
        parameters=told,
        warnings=("fewer clicks than dark ones: only an upper limit",) if below else (),
    )
    return Outcome(estimate, raw, estimate.value, integration_s=total.integration_s)


_KIND = (DetectorCounts,)
ESTIMATORS = (
    Estimator("dark-rate", "clicks per second with the source off", _KIND, ClickParameters, dark_rate),
    Estimator("detection-rate", "clicks per second, dead time and dark counts put right", _KIND, ClickParameters, detection_rate),
    Estimator(
        "brightness",
        "photons per trigger, dead time, dark counts and efficiency put right",
        _KIND,
        TriggerParameters,
        per_trigger,
    ),
    Estimator(
        "emission-probability",
        "the same, with the efficiency of the whole way from the emitter",
        _KIND,
        TriggerParameters,
        per_trigger,
    ),
)
