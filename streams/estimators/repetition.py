"""The highest trigger rate at which a source still keeps what is asked of it: brightness and purity, from a scan over rates.

At each rate the brightness (detected over triggers) and g²(0) (central over mean side peak) are held against their limits. The
value is the highest rate up to which both values keep them. It is bounded below by the highest rate up to which both whole
intervals do, and above by the lowest rate at which one whole interval does not; the error is shared among all intervals.
"""

from collections.abc import Sequence
from math import inf

from schemas.measurements import RepetitionScan
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.intervals import clopper_pearson, garwood, poisson_ratio
from streams.estimators.outcome import Outcome

METHOD = "highest rate that keeps brightness and g²(0), intervals by Clopper-Pearson at every rate (Bonferroni), v1"


class RepetitionParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``most_g2``, ``least_brightness``: what must be kept at a rate."""

    most_g2: float = 0.1
    least_brightness: float = 0.05


def repetition_rate(data: Sequence[RepetitionScan], parameters: RepetitionParameters) -> Outcome:
    """In Hz; scans of the same rates add up.

    Raises:
        EstimatorError: scans over different rates or side peaks.
    """
    if len({(one.rate_hz, one.side_peaks) for one in data}) > 1:
        raise EstimatorError("scans over different rates do not add up; give scans of the same rates")
    scan = data[0]
    columns = {name: [sum(values) for values in zip(*(getattr(one, name) for one in data), strict=True)] for name in _COUNTED}
    counts = {name: sum(values) for name, values in columns.items()}
    if not scan.rate_hz or scan.side_peaks < 1:
        return not_estimated(parameters, "a scan without rates or side peaks", unit="Hz", method=METHOD, counts=counts)
    confidence = 1 - (1 - parameters.confidence) / (2 * len(scan.rate_hz))
    told: dict[str, Parameter] = {"most_g2": parameters.most_g2, "least_brightness": parameters.least_brightness}
    surely_good, surely_bad, seems_good = True, None, True
    value = lower = None
    for place, rate_hz in enumerate(scan.rate_hz):
        triggers, detected, central, side = (columns[name][place] for name in _COUNTED)
        bright = (detected / triggers, *_per_trigger(detected, triggers, confidence)) if triggers else (0.0, 0.0, inf)
        ratio = poisson_ratio(central, side, scan.side_peaks, confidence) if side + central else (0.0, inf)
        pure = (central * scan.side_peaks / side if side else inf, *ratio)
        told[f"brightness_at_{rate_hz:g}_hz"], told[f"g2_at_{rate_hz:g}_hz"] = bright[0], pure[0] if side else None
        seems_good = seems_good and bright[0] >= parameters.least_brightness and pure[0] <= parameters.most_g2
        surely_good = surely_good and bright[1] >= parameters.least_brightness and pure[2] <= parameters.most_g2
        value = rate_hz if seems_good else value
        lower = rate_hz if surely_good else lower
        if surely_bad is None and (bright[2] < parameters.least_brightness or pure[1] > parameters.most_g2):
            surely_bad = rate_hz
    warnings = []
    if value is None:
        warnings.append("no rate of the scan keeps what is asked")
    if seems_good:
        warnings.append("the highest rate of the scan still keeps what is asked: scan on")
    if not any(counts.values()):
        return not_estimated(parameters, "no counts", unit="Hz", method=METHOD, counts=counts)
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=surely_bad,
        confidence=parameters.confidence,
        counts=counts,
        unit="Hz",
        method=METHOD,
        parameters=told | {"interval": "fixed"},
        warnings=tuple(warnings),
    )
    return Outcome(estimate, value, value)


_COUNTED = ("triggers", "detected", "central", "side")


def _per_trigger(detected: int, triggers: int, confidence: float) -> tuple[float, float]:
    """At most one click a trigger is binomial; more than that can only be counted."""
    if detected <= triggers:
        return clopper_pearson(detected, triggers, confidence)
    lower, upper = garwood(detected, confidence)
    return lower / triggers, upper / triggers


ESTIMATOR = Estimator(
    "repetition-rate",
    "highest trigger rate of a scan that keeps brightness and purity",
    (RepetitionScan,),
    RepetitionParameters,
    repetition_rate,
)
