"""Indistinguishability from Hong-Ou-Mandel counts: the raw visibility, and the corrections that papers name.

- raw: V = 1 - C∥/C⊥
- ``santori`` (Santori et al. 2002): (1 + 2g²)·V·(R² + T²)/(2RT)/(1 - ε)², for two pulses in an unbalanced interferometer
- ``ollivier`` (Ollivier et al. 2021): (V + g²)/(1 - g²), for an impurity of distinguishable photons
- ``interferometer``: V·(R² + T² + 2RT·g²)/(2RT)/(1 - ε)², counts of both photons in one arm included

They differ because they are models of different impurities: the model is part of the result, and the raw value is kept.
"""

from collections.abc import Sequence
from typing import Literal

from schemas.measurements import HomScan
from schemas.records import Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import count_ratio_interval, method_of

Correction = Literal["none", "santori", "ollivier", "interferometer"]
METHOD = "Hong-Ou-Mandel, 1 - parallel/perpendicular, {correction}, conditional binomial interval, v1"


class HomParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``correction``: which model; by default that of the interferometer with what the scan knows, and nothing where it knows
    nothing. ``g2``, ``reflectivity``, ``transmissivity`` and ``contrast`` (1 - ε) go before what the scan says.
    """

    correction: Correction | None = None
    g2: float | None = None
    reflectivity: float | None = None
    transmissivity: float | None = None
    contrast: float | None = None
    interval: IntervalKind = "fixed"


def hom_visibility(data: Sequence[HomScan], parameters: HomParameters) -> Outcome:
    """Of all scans together.

    Raises:
        EstimatorError: scans of different interferometers, or a correction that lacks or contradicts what it needs.
    """
    setups = {(one.reflectivity, one.transmissivity, one.contrast, one.g2) for one in data}
    if len(setups) > 1:
        raise EstimatorError("scans of different interferometers or sources; give those of one, or say g2, reflectivity, …")
    parallel, perpendicular = sum(one.parallel for one in data), sum(one.perpendicular for one in data)
    counts = {"parallel": parallel, "perpendicular": perpendicular}
    correction, known = _known(data[0], parameters)
    factor, offset = _line(correction, known)
    method = METHOD.format(correction="raw" if correction == "none" else f"corrected as {correction}")
    method = method_of(method, parameters.interval)
    if not perpendicular:
        return not_estimated(parameters, "no counts to compare with", unit="1", method=method, counts=counts)

    def interval_of(times: float) -> Bounds:
        low, high = count_ratio_interval(
            parameters.interval, round(parallel * times), round(perpendicular * times), 1.0, parameters.confidence
        )
        return factor * (1 - high) + offset, factor * (1 - low) + offset

    lower, upper = interval_of(1.0)
    raw = 1 - parallel / perpendicular
    value = factor * raw + offset
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=method,
        parameters={"correction": correction, "raw_value": raw, **known, "interval": parameters.interval},
        warnings=(f"a corrected visibility of {value:.3f}, above 1: the correction does not fit this set-up",)
        if lower is not None and lower > 1
        else (),
    )
    return Outcome(estimate, raw, value, interval_of=interval_of)


def _known(scan: HomScan, parameters: HomParameters) -> tuple[Correction, dict[str, float]]:
    """The correction that is made, and what it works with."""
    found = {
        "g2": parameters.g2 if parameters.g2 is not None else scan.g2,
        "reflectivity": parameters.reflectivity if parameters.reflectivity is not None else scan.reflectivity,
        "transmissivity": parameters.transmissivity if parameters.transmissivity is not None else scan.transmissivity,
        "contrast": parameters.contrast if parameters.contrast is not None else scan.contrast,
    }
    usual: Correction = "none" if all(value is None for value in found.values()) else "interferometer"
    correction = parameters.correction or usual
    if correction == "none":
        return correction, {}
    needed = ("g2",) if correction == "ollivier" else tuple(found)
    ideal = {"g2": 0.0, "reflectivity": 0.5, "transmissivity": 0.5, "contrast": 1.0}
    if correction == "ollivier" and found["g2"] is None:
        raise EstimatorError("the correction ollivier needs g2; give it, or use correction=none")
    known = {name: ideal[name] if (value := found[name]) is None else value for name in needed}
    if not all(0 <= value <= 1 for value in known.values()) or (
        correction != "ollivier" and known["reflectivity"] * known["transmissivity"] * known["contrast"] == 0
    ):
        raise EstimatorError(f"{known}: g2, R, T and 1 - ε lie in [0, 1], and only g2 may be 0; correct them")
    if known.get("reflectivity", 0.5) + known.get("transmissivity", 0.5) > 1 + 1e-9:
        raise EstimatorError(
            f"R + T = {known['reflectivity'] + known['transmissivity']:g}: more light than came in; correct them"
        )
    return correction, known


def _line(correction: Correction, known: dict[str, float]) -> tuple[float, float]:
    """Factor and offset: every correction is a line in the raw visibility."""
    if correction == "none":
        return 1.0, 0.0
    g2 = known["g2"]
    if correction == "ollivier":
        if g2 >= 1:
            raise EstimatorError(f"g2 is {g2}: nothing to correct by (V + g²)/(1 - g²); use correction=none")
        return 1 / (1 - g2), g2 / (1 - g2)
    both = 2 * known["reflectivity"] * known["transmissivity"]
    either = known["reflectivity"] ** 2 + known["transmissivity"] ** 2
    if correction == "santori":
        return (1 + 2 * g2) * either / both / known["contrast"] ** 2, 0.0
    return (either + both * g2) / both / known["contrast"] ** 2, 0.0


ESTIMATOR = Estimator(
    "hom-visibility",
    "Hong-Ou-Mandel visibility, raw and with a named correction",
    (HomScan,),
    HomParameters,
    hom_visibility,
)
