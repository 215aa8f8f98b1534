"""Stability of what a sensor reads: how far it drifted, how it scatters, and its Allan deviation.

The drift is the straight line's change over the record, its size without the sign (that stands beside it). Slow drift hides in
a scatter over short windows, and a scatter in a drift: which one is held against a threshold is the parameter ``statistic``.
Where the set point is told beside the readings, the departure from it is: what has drifted and stays there has not come back.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import Literal

import numpy as np
from scipy import special

from schemas.records import Estimate, Parameter
from schemas.telemetry import Telemetry
from streams.estimators.allan_series import allan_points, even_step_s
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Bounds, Curve, Fit, Fitted, Floats, Outcome
from streams.estimators.trend import Trend, trend_of

DEPARTURE_METHOD = "root mean square of the departures from the set point; mean by t, scatter by chi², joined by MOVER, v1"
METHOD = "straight line with errors widened by the residuals' correlation; breaks by binary segmentation, v1"
_FEWEST = 8
_KELVIN = "K"
_SET_POINT = "set_point"


class StabilityParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``metric``: as the reading has it, capitals and blanks aside; may be left out where there is only one of this ``unit``.

    ``statistic``: the drift over the record, the RMS about the mean, the Allan deviation over ``averaging_s``, or the RMS about
    the set point. Without one it is the last where a set point is told (``cryostat.set_point`` for ``cryostat.temperature``), and
    the drift elsewhere.
    """

    metric: str | None = None
    unit: str = _KELVIN
    statistic: Literal["drift", "rms", "allan", "departure"] | None = None
    averaging_s: float | None = None


def stability(data: Sequence[Telemetry], parameters: StabilityParameters) -> Outcome:
    """
    Raises:
        EstimatorError: no such metric, another unit, two readings at one time, or an averaging time that the record has not.
    """
    metric = _metric(data, parameters)
    times_s, values = _series(data, metric, parameters.unit)
    missing = sum(reading.value is None for one in data for reading in one.readings if reading.metric == metric)
    counts = {"readings": values.size, "missing": missing}
    if values.size < _FEWEST:
        why = f"{values.size} readings of {metric}: a trend needs {_FEWEST}"
        return not_estimated(parameters, why, unit=parameters.unit, method=METHOD, counts=counts)
    departures = _departures(data, metric)
    statistic = parameters.statistic or ("departure" if departures.size == values.size else "drift")
    trend = trend_of(times_s, values)
    span = float(times_s[-1])
    drift, (low, high) = trend.slope * span, (bound * span for bound in trend.bounds(parameters.confidence))
    rms = float(values.std(ddof=1))
    step_s = even_step_s(times_s)
    allan = () if step_s is None else allan_points(values, step_s, parameters.confidence)
    stated: dict[str, Parameter] = {
        "metric": metric,
        "statistic": statistic,
        "drift": drift,
        "drift_per_hour": trend.slope * 3600,
        "duration_s": span,
        "first": float(values[0]),
        "last": float(values[-1]),
        "rms": rms,
        "peak_to_peak": float(np.ptp(values)),
        **{f"allan_{point.averaging_s:g}_s": point.deviation for point in allan},
    }
    warnings = [] if allan else ["the readings are not evenly spaced: no Allan deviation"]
    if trend.breaks_s:
        stated["breaks_s"] = ", ".join(f"{each:.6g}" for each in trend.breaks_s)
        warnings.append(f"the trend breaks {len(trend.breaks_s)} times, first after {trend.breaks_s[0]:.0f} s")
    if missing:
        warnings.append(f"{missing} readings of {metric} without a value")
    value: float
    bounds: Bounds
    if statistic == "drift":
        value, bounds = abs(drift), _sizes(low, high)
    elif statistic == "departure":
        if departures.size < _FEWEST:
            raise EstimatorError(f"{departures.size} readings of {metric} with a set point beside them; name another statistic")
        value, bounds = _departure(departures, parameters.confidence)
        stated["mean_departure"] = float(departures.mean())
    elif statistic == "rms":
        value, bounds = rms, _rms_bounds(rms, values, parameters.confidence)
    else:
        wanted = parameters.averaging_s
        point = next((each for each in allan if wanted is None or abs(each.averaging_s - wanted) <= 0.1 * wanted), None)
        if point is None:
            known = ", ".join(f"{each.averaging_s:g}" for each in allan) or "none: the spacing is not even"
            raise EstimatorError(f"averaging_s={wanted}; this record has {known}")
        value, bounds = point.deviation, (point.lower, point.upper)
    return Outcome(
        Estimate(
            value=value,
            lower=bounds[0],
            upper=bounds[1],
            confidence=parameters.confidence,
            counts=counts,
            unit=parameters.unit,
            method=DEPARTURE_METHOD if statistic == "departure" else METHOD,
            parameters=stated,
            warnings=tuple(warnings),
        ),
        raw=value,
        corrected=value,
        model=_fit_of(trend, times_s, values, metric, parameters.unit),
        integration_s=span,
    )


def plain(name: str) -> str:
    """A metric's name as it is compared: lower case, with underscores for blanks."""
    return "_".join(name.lower().split())


def _metric(data: Sequence[Telemetry], parameters: StabilityParameters) -> str:
    known = dict.fromkeys((reading.metric, reading.unit) for one in data for reading in one.readings)
    if parameters.metric is not None:
        found = [metric for metric, _ in known if plain(metric) == plain(parameters.metric)]
    else:
        found = [metric for metric, unit in known if unit == parameters.unit and not plain(metric).endswith(_SET_POINT)]
    if len(set(found)) == 1:
        return found[0]
    names = ", ".join(f"{metric} in {unit}" for metric, unit in known) or "nothing"
    wanted = f"no metric “{parameters.metric}”" if parameters.metric else f"{len(found)} metrics in {parameters.unit}"
    raise EstimatorError(f"{wanted} among the readings; name one with metric=…: there are {names}")


def _series(data: Sequence[Telemetry], metric: str, unit: str) -> tuple[Floats, Floats]:
    """Times from the first reading in s, ascending, and values."""
    rows = sorted(
        (one.unix_ns, reading.value, reading.unit)
        for one in data
        for reading in one.readings
        if reading.metric == metric and reading.value is not None
    )
    if strange := next((each for _, _, each in rows if each != unit), None):
        raise EstimatorError(f"{metric} is in {strange}, not {unit}; say unit={strange}, or name another metric")
    for (before, _, _), (after, _, _) in pairwise(rows):
        if before == after:
            raise EstimatorError(f"two readings of {metric} at {after} ns; give each once")
    first = rows[0][0] if rows else 0
    return np.array([(at - first) / 1e9 for at, _, _ in rows]), np.array([value for _, value, _ in rows], np.float64)


def _departures(data: Sequence[Telemetry], metric: str) -> Floats:
    """Of the readings that have their set point beside them."""
    part, dot, _ = plain(metric).rpartition(".")
    wanted = f"{part}{dot}{_SET_POINT}"
    found = []
    for one in data:
        value = next((each.value for each in one.readings if each.metric == metric), None)
        aimed = next((each.value for each in one.readings if plain(each.metric) == wanted), None)
        if value is not None and aimed is not None:
            found.append(value - aimed)
    return np.array(found, np.float64)


def _departure(departures: Floats, confidence: float) -> tuple[float, Bounds]:
    """Squares of mean and scatter add, and so, by the recovery of variances, do their intervals'."""
    mean, rms = float(departures.mean()), float(departures.std(ddof=1))
    reach = float(special.stdtrit(_freedom(departures), (1 + confidence) / 2)) * rms / sqrt(_freedom(departures) + 1)
    parts = [(mean, _sizes(mean - reach, mean + reach)), (rms, _rms_bounds(rms, departures, confidence))]
    square = sum(value**2 for value, _ in parts)
    below = sqrt(sum((value**2 - (low or 0.0) ** 2) ** 2 for value, (low, _) in parts))
    above = sqrt(sum(((high or 0.0) ** 2 - value**2) ** 2 for value, (_, high) in parts))
    return sqrt(square), (sqrt(max(square - below, 0.0)), sqrt(square + above))


def _freedom(values: Floats) -> float:
    """Degrees of freedom that the correlation of neighbours leaves."""
    centred = values - values.mean()
    total = float(centred @ centred)
    correlation = min(max(float(centred[1:] @ centred[:-1]) / total, 0.0), 0.99) if total else 0.0
    return max((values.size - 1) * (1 - correlation) / (1 + correlation), 1.0)


def _sizes(low: float, high: float) -> Bounds:
    """Of what lies between, without its sign."""
    return (0.0, max(-low, high)) if low <= 0 <= high else (min(abs(low), abs(high)), max(abs(low), abs(high)))


def _rms_bounds(rms: float, values: Floats, confidence: float) -> Bounds:
    """By chi²."""
    if rms == 0:
        return 0.0, 0.0
    freedom = _freedom(values)
    tail = (1 - confidence) / 2
    lower, upper = (rms * sqrt(freedom / float(special.chdtri(freedom, each))) for each in (tail, 1 - tail))
    return lower, upper


def _fit_of(trend: Trend, times_s: Floats, values: Floats, metric: str, unit: str) -> Fit:
    model = trend.level + trend.slope * times_s
    size = float(trend.residuals.std()) or 1.0
    white = trend.correlation * sqrt(values.size)
    return Fit(
        "level + slope · time",
        {
            "level": Fitted(trend.level, None, unit),
            "slope": Fitted(trend.slope, trend.error, f"{unit}/s"),
        },
        {"p_value": float(special.ndtr(-white)), "residual_correlation": trend.correlation, "breaks": float(len(trend.breaks_s))},
        (Curve(metric, "time in s", f"{metric} in {unit}", times_s, values, model, trend.residuals / size),),
    )


def _reads_kelvin(one: Telemetry) -> bool:
    return any(reading.unit == _KELVIN for reading in one.readings)


ESTIMATOR = Estimator(
    "telemetry-stability",
    "drift, scatter or Allan deviation of a sensor's readings",
    (Telemetry,),
    StabilityParameters,
    stability,
    uses=_reads_kelvin,
)
