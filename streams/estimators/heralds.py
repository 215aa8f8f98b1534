"""Indicators of a link's heralds: entanglement rate, herald latency, window misses, effective throughput."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
from scipy import special, stats

from schemas.events import Checks, Event, Heralds
from schemas.measurements import Trials
from schemas.records import Estimate, Parameter
from streams.estimators.correlations import Part
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.latency_sketch import ACCURACY, LatencySketch
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import method_of, rate_interval, ratio_interval
from streams.estimators.success_ratio import ratio_outcome

RATE_METHOD = "heralds inside the window over time, interval by Garwood, v1"
THROUGHPUT_METHOD = "heralds inside the window over time, times the usable share, intervals by Garwood and Clopper-Pearson, v1"
LATENCY_METHOD = "quantile of herald latencies, interval by order statistics, clock offset's error added in quadrature, v1"
SKETCH_METHOD = "quantile of a sketch of herald latencies, interval by order statistics and the sketch's accuracy, v1"
_QUANTILES = (0.5, 0.95, 0.99)


class HeraldParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``interval``: for one look at the counts, or for any number of looks."""

    interval: IntervalKind = "fixed"


class LatencyParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``quantile`` that the indicator is of; the median and the 95th and 99th percentile stand beside it."""

    quantile: float = 0.95


def entanglement_rate(data: Sequence[Event], parameters: HeraldParameters) -> Outcome:
    """Usable pairs per second: heralds inside the window over all time, retries and resets included; raw counts all heralds."""
    heralds, time_s = _heralds(data), _time_s(data)
    counts = _counts(heralds)
    if not time_s:
        return not_estimated(parameters, "heralds without time", unit="pairs/s", method=RATE_METHOD, counts=counts)
    usable = counts["usable"]
    part = Part(usable / time_s, *rate_interval(parameters.interval, usable, time_s, parameters.confidence))
    told: dict[str, Parameter] = {
        "integration_s": time_s,
        "resets": sum(one.resets for one in heralds),
        "per_attempt": usable / counts["attempts"] if counts["attempts"] else None,
        "interval": parameters.interval,
    }
    raw = counts["heralds"] / time_s
    return Outcome(
        _estimate(part, parameters, counts, told, unit="pairs/s", method=method_of(RATE_METHOD, parameters.interval)),
        raw,
        part.value,
        integration_s=time_s,
    )


def effective_throughput(data: Sequence[Event | Trials], parameters: HeraldParameters) -> Outcome:
    """Usable pairs per second whose fidelity is above the application's threshold: rate times the share of checks that passed.

    Raises:
        EstimatorError: no heralds among the data.
    """
    events = [one for one in data if isinstance(one, Event)]
    trials = [(one.successes, one.trials) for one in data if isinstance(one, Trials)]
    trials += [(one.what.passed, one.what.checked) for one in events if isinstance(one.what, Checks)]
    heralds, time_s = _heralds(events), _time_s(events)
    passed, checked = (sum(column) for column in zip((0, 0), *trials, strict=True))
    counts = _counts(heralds) | {"checks": checked, "checks_passed": passed}
    if not checked or not time_s:
        why = "no check of the fidelity" if time_s else "heralds without time"
        return not_estimated(parameters, why, unit="usable pairs/s", method=THROUGHPUT_METHOD, counts=counts)
    each = 1 - (1 - parameters.confidence) / 2
    rate = Part(counts["usable"] / time_s, *rate_interval(parameters.interval, counts["usable"], time_s, parameters.confidence))
    share = Part(passed / checked, *ratio_interval(parameters.interval, passed, checked, parameters.confidence))
    part = _product(rate, share)
    if not part.value:  # one of them is a limit: both limits hold together at half the error each
        highest = rate_interval(parameters.interval, counts["usable"], time_s, each)[1]
        part = Part(0.0, 0.0, highest * ratio_interval(parameters.interval, passed, checked, each)[1])
    told: dict[str, Parameter] = {"integration_s": time_s, "usable_share": share.value, "interval": parameters.interval}
    method = method_of(THROUGHPUT_METHOD, parameters.interval)
    estimate = _estimate(part, parameters, counts, told, unit="usable pairs/s", method=method)
    return Outcome(estimate, counts["heralds"] / time_s, part.value, integration_s=time_s)


def window_misses(data: Sequence[Event | Trials], parameters: HeraldParameters) -> Outcome:
    """Share of the heralds that came outside the expected window. Trials count misses as successes."""
    trials = [one for one in data if isinstance(one, Trials)]
    heralds = _heralds([one for one in data if isinstance(one, Event)]) if len(trials) < len(data) else []
    missed = sum(one.outside_window for one in heralds) + sum(one.successes for one in trials)
    every = sum(len(one.latency_ns) for one in heralds) + sum(one.trials for one in trials)
    return ratio_outcome(missed, every, parameters, names=("outside_window", "heralds"), kind=parameters.interval)


def herald_latency(data: Sequence[Event | LatencySketch], parameters: LatencyParameters) -> Outcome:
    """A quantile of emission to herald arrival, in s.

    Raises:
        EstimatorError: a quantile outside (0, 1), or no heralds among the events.
    """
    if not 0 < parameters.quantile < 1:
        raise EstimatorError(f"quantile is {parameters.quantile}; give one between 0 and 1, such as 0.95")
    sketched = isinstance(data[0], LatencySketch)
    method = SKETCH_METHOD if sketched else LATENCY_METHOD
    if sketched:
        whole = LatencySketch()
        for one in data:
            if isinstance(one, LatencySketch):
                whole.merge(one)
        count, ordered, offset_ns = whole.count, whole.ordered, 0.0
    else:
        heralds = _heralds([one for one in data if isinstance(one, Event)])
        sorted_ns = np.sort(np.concatenate([np.asarray(one.latency_ns, np.int64) for one in heralds]))
        count, ordered = sorted_ns.size, lambda rank: float(sorted_ns[rank])
        offset_ns = max(one.offset_error_ns for one in heralds)
    counts = {"heralds": count}
    if not count:
        return not_estimated(parameters, "no heralds", unit="s", method=method, counts=counts)
    slack = ACCURACY if sketched else 0.0
    value, lower, upper = _quantile(ordered, count, parameters.quantile, parameters.confidence)
    shift = float(special.ndtri((1 + parameters.confidence) / 2)) * offset_ns
    low = None if lower is None else value - sqrt((value - lower * (1 - slack)) ** 2 + shift**2)
    high = None if upper is None else value + sqrt((upper * (1 + slack) - value) ** 2 + shift**2)
    told: dict[str, Parameter] = {
        f"p{quantile * 100:g}_s": _quantile(ordered, count, quantile, parameters.confidence)[0] / 1e9 for quantile in _QUANTILES
    }
    told |= {"quantile": parameters.quantile, "offset_error_s": offset_ns / 1e9, "interval": "fixed"}
    estimate = Estimate(
        value=value / 1e9,
        lower=None if low is None else low / 1e9,
        upper=None if high is None else high / 1e9,
        confidence=parameters.confidence,
        counts=counts,
        unit="s",
        method=method,
        parameters=told,
        warnings=() if high is not None else (f"{count} heralds set no upper bound to a quantile of {parameters.quantile:g}",),
    )
    events = [one for one in data if isinstance(one, Event)]
    return Outcome(
        estimate,
        estimate.value,
        estimate.value,
        interval_of=_more_latencies(ordered, count, parameters),
        integration_s=_time_s(events) if events else None,
    )


def _quantile(
    ordered: Callable[[int], float], count: int, quantile: float, confidence: float
) -> tuple[float, float | None, float | None]:
    """The value and the order statistics that bound it.

    How many latencies lie below the true quantile is binomial: fewer than ``fewest``, or more than ``most``, with less than the
    tail's chance. So the quantile is above the one that ranks ``fewest``, and below the one after ``most`` (ranks from 1).
    """
    tail = (1 - confidence) / 2
    fewest, most = (int(number) for number in stats.binom.ppf([tail, 1 - tail], count, quantile))
    lower, upper = fewest - 1, most
    value = ordered(min(count - 1, int(quantile * count)))
    return value, ordered(lower) if lower >= 0 else None, ordered(upper) if upper < count else None


def _more_latencies(ordered: Callable[[int], float], count: int, parameters: LatencyParameters) -> Callable[[float], Bounds]:
    """Bounds, in s, of the same latencies ``factor`` times over."""

    def interval_of(factor: float) -> Bounds:
        total = max(1, round(count * factor))
        _, lower, upper = _quantile(
            lambda rank: ordered(min(count - 1, rank * count // total)), total, parameters.quantile, parameters.confidence
        )
        return None if lower is None else lower / 1e9, None if upper is None else upper / 1e9

    return interval_of


def _heralds(data: Sequence[Event]) -> list[Heralds]:
    found = [one.what for one in data if isinstance(one.what, Heralds)]
    if not found:
        raise EstimatorError(f"none of the {len(data)} events tells of heralds; give events of that kind")
    return found


def _counts(heralds: Sequence[Heralds]) -> dict[str, int]:
    every, outside = sum(len(one.latency_ns) for one in heralds), sum(one.outside_window for one in heralds)
    return {"heralds": every, "usable": every - outside, "attempts": sum(one.attempts for one in heralds)}


def _time_s(data: Sequence[Event]) -> float:
    """
    Raises:
        EstimatorError: intervals that overlap: their heralds would be counted twice.
    """
    spans = sorted((one.start_unix_ns, one.end_unix_ns) for one in data if isinstance(one.what, Heralds))
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise EstimatorError(f"herald intervals overlap at {start} ns: the same heralds twice; give each interval once")
    return sum(end - start for start, end in spans) / 1e9


def _product(first: Part, second: Part) -> Part:
    """Of two independent positive numbers: their logarithms' distances squared and added."""
    value = first.value * second.value
    if not value:
        return Part(0.0, 0.0, 0.0)
    below = (
        sqrt(sum(log(part.value / part.lower) ** 2 for part in (first, second))) if first.lower * second.lower else float("inf")
    )
    above = sqrt(sum(log(part.upper / part.value) ** 2 for part in (first, second)))
    return Part(value, value * exp(-below), value * exp(above))


def _estimate(
    part: Part,
    parameters: EstimatorParameters,
    counts: dict[str, int],
    told: dict[str, Parameter],
    *,
    unit: str,
    method: str,
) -> Estimate:
    return Estimate(
        value=part.value,
        lower=part.lower,
        upper=part.upper,
        confidence=parameters.confidence,
        counts=counts,
        unit=unit,
        method=method,
        parameters=told,
    )


ESTIMATORS = (
    Estimator(
        "entanglement-rate",
        "heralds inside the window per second",
        (Event,),
        HeraldParameters,
        entanglement_rate,
        of_events=(Heralds,),
    ),
    Estimator(
        "herald-latency",
        "a quantile of emission to herald arrival",
        (Event, LatencySketch),
        LatencyParameters,
        herald_latency,
        of_events=(Heralds,),
    ),
    Estimator(
        "window-misses",
        "share of heralds outside the expected window",
        (Event, Trials),
        HeraldParameters,
        window_misses,
        of_events=(Heralds,),
    ),
    Estimator(
        "effective-throughput",
        "heralds per second times the share of checks with a usable fidelity",
        (Event, Trials),
        HeraldParameters,
        effective_throughput,
        of_events=(Heralds, Checks),
        mixed=True,
    ),
)
