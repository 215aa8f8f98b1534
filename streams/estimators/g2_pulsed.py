"""g² at zero delay of pulsed light, from peak areas one whole period wide.

Two normalisations, both named in the result: by the nearest side peaks (the light's statistics on short times; a source that
blinks raises them), and by the far lag, the accidental coincidences that the singles rates predict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite

from schemas.records import Estimate, Parameter
from streams.estimators.estimator import IntervalKind
from streams.estimators.peaks import PeakAreas
from streams.estimators.pulse_train import PulseTrain
from streams.estimators.sequences import count_ratio_interval, method_of, rate_interval
from streams.estimators.zero_delay import ZeroDelay

NEAR_METHOD = "pulsed, central peak over mean side peak, interval by Clopper-Pearson given central + side counts, v1"
FAR_METHOD = "pulsed, central peak over accidentals of the singles rates, interval by Garwood on central counts, v1"
SIDES_EACH = 10
"""Side peaks on either side, at least: all that lie within ``SIDES_WITHIN_PS`` are taken where those are more."""
SIDES_WITHIN_PS = 100_000
_FEWEST_SIDES = 2
_LOPSIDED = 1e-6
"""Chance of side peaks as unequal before and behind zero delay, below which it is said."""

_Bounds = tuple[float, float, float]


def near_estimate(
    peaks: PeakAreas, zero: ZeroDelay, confidence: float, background_per_peak: float = 0.0, kind: IntervalKind = "fixed"
) -> Estimate:
    """Central peak over the mean of the nearest side peaks: ten on either side or those within 100 ns, whichever are more.

    Where the histogram holds fewer, as many as it holds.

    ``background_per_peak`` (counts in one period that are not the source's photons) is taken off every peak; the raw value is
    kept among the parameters, and the result may be negative.
    """
    each = _each(peaks.train)
    sides = peaks.sides(zero.number, each)
    side_counts = peaks.total(sides)
    parameters: dict[str, Parameter] = {"normalisation": f"nearest_{len(sides)}", "side_peaks": len(sides), "interval": kind}
    counts = {"central_counts": peaks.area(zero.number), "side_counts": side_counts}
    if sides:
        parameters["expected_counts"] = side_counts / len(sides)
    if background_per_peak:
        parameters["background_per_peak"] = background_per_peak
        parameters["raw_value"] = counts["central_counts"] * len(sides) / side_counts if side_counts else None

    def bounds(number: int) -> _Bounds | None:
        around = peaks.sides(number, each)
        reference = peaks.total(around)
        if len(around) < _FEWEST_SIDES or reference <= background_per_peak * len(around):
            return None
        central, level = peaks.area(number), reference / len(around)
        ratios = (central / level, *count_ratio_interval(kind, central, reference, len(around), confidence))
        value, lower, upper = ((ratio * level - background_per_peak) / (level - background_per_peak) for ratio in ratios)
        return value, lower, upper

    return _estimate(peaks, zero, bounds, _Blank(method_of(NEAR_METHOD, kind), confidence, counts, parameters))


def far_estimate(
    peaks: PeakAreas, zero: ZeroDelay, confidence: float, accidentals_per_ps: float, kind: IntervalKind = "fixed"
) -> Estimate:
    """Central peak over the accidentals of one period, ``accidentals_per_ps`` * period.

    The singles' own scatter is left out of the interval: they are some hundred times as many as the coincidences.
    """
    level = float(accidentals_per_ps * peaks.train.period_ps)
    counts = {"central_counts": peaks.area(zero.number)}
    parameters: dict[str, Parameter] = {"normalisation": "far_lag", "side_peaks": 0, "expected_counts": level, "interval": kind}

    def bounds(number: int) -> _Bounds | None:
        if level <= 0:
            return None
        return peaks.area(number) / level, *rate_interval(kind, peaks.area(number), level, confidence)

    return _estimate(peaks, zero, bounds, _Blank(method_of(FAR_METHOD, kind), confidence, counts, parameters))


def _each(train: PulseTrain) -> int:
    """Side peaks on either side, where the histogram holds as many."""
    return max(SIDES_EACH, int(SIDES_WITHIN_PS / train.period_ps))


@dataclass(frozen=True, slots=True)
class _Blank:
    """An estimate before its numbers."""

    method: str
    confidence: float
    counts: dict[str, int]
    parameters: dict[str, Parameter]


def _estimate(peaks: PeakAreas, zero: ZeroDelay, bounds: Callable[[int], _Bounds | None], blank: _Blank) -> Estimate:
    """The central peak's value, with an interval that covers every peak that may be the central one."""
    train = peaks.train
    chosen = bounds(zero.number)
    every = [found for number in zero.candidates if (found := bounds(number)) is not None]
    warnings = [zero.warning] if zero.warning else []
    if not zero.warning and peaks.asymmetry_chance(zero.number, _each(train)) < _LOPSIDED:
        warnings.append(
            "side peaks before zero delay differ from those behind it by more than chance: detector cross-talk, afterglow or "
            "reflections look so; look at the histogram"
        )
    if chosen is None:
        warnings.append("too few counts to normalise by")
    upper = max((found[2] for found in every), default=inf)
    return Estimate(
        value=None if chosen is None else chosen[0],
        lower=None if chosen is None else min(found[1] for found in every),
        upper=None if chosen is None or not isfinite(upper) else upper,
        confidence=blank.confidence,
        counts=blank.counts,
        unit="1",
        method=blank.method,
        parameters={
            **blank.parameters,
            "period_ps": train.period_ps,
            "period_error_ps": train.period_error_ps,
            "zero_delay_ps": train.delay_of(zero.number),
            "zero_delay_error_ps": train.offset_error_ps,
        },
        warnings=tuple(warnings),
    )
