"""g²(0) of coincidence histograms by areas: of peaks one period wide for pulsed light, of a window at the dip otherwise."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from schemas.measurements import DelayHistogram as HistogramData
from schemas.records import Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind
from streams.estimators.g2 import G2Parameters, estimate_g2
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import count_ratio_interval, rate_interval
from streams.estimators.snapshots import total_of


class AreaParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``period_ps`` and ``zero_delay_ps``: found in the data unless given; ``background_per_peak``: counts in one period that are
    not the source's light.

    ``normalisation``: by the nearest side peaks, or by the accidentals that the singles rates predict (for histograms that know
    them).
    """

    period_ps: float | None = None
    zero_delay_ps: float | None = None
    background_per_peak: float = 0.0
    cw_window_ps: int = 1_000
    normalisation: Literal["near", "far"] = "near"
    interval: IntervalKind = "fixed"


def g2_by_areas(data: Sequence[HistogramData], parameters: AreaParameters) -> Outcome:
    """g²(0) of the sum of the histograms.

    Raises:
        EstimatorError: histograms of different bins; far normalisation without singles.
    """
    total = total_of(data)
    if parameters.normalisation == "far" and total.accidentals_per_ps is None:
        raise EstimatorError("the histogram does not know its singles rates; use normalisation=near, or give tags")
    found = G2Parameters(
        period_ps=parameters.period_ps or total.period_ps,
        zero_delay_ps=parameters.zero_delay_ps,
        background_per_peak=parameters.background_per_peak,
        confidence=parameters.confidence,
        cw_window_ps=parameters.cw_window_ps,
        interval=parameters.interval,
    )
    estimates = estimate_g2(total.histogram, total.accidentals_per_ps or 0.0, found)
    estimate = estimates.near if parameters.normalisation == "near" else estimates.far
    estimate = msgspec.structs.replace(estimate, warnings=estimate.warnings + total.warnings)
    return area_outcome(
        estimate, total.integration_s, background_per_peak=parameters.background_per_peak, kind=parameters.interval
    )


def area_outcome(
    estimate: Estimate, integration_s: float | None, *, background_per_peak: float = 0.0, kind: IntervalKind = "fixed"
) -> Outcome:
    """The outcome that stands behind an estimate of ``estimate_g2``."""
    raw = estimate.parameters.get("raw_value", estimate.value)
    return Outcome(
        estimate,
        raw if isinstance(raw, float) else None,
        estimate.value,
        interval_of=None if background_per_peak else _scaled(estimate, kind),
        integration_s=integration_s,
    )


def _scaled(estimate: Estimate, kind: IntervalKind) -> Callable[[float], Bounds] | None:
    """Intervals of more counts alike; None where zero delay is in doubt."""
    central, level, peaks = (
        estimate.counts.get("central_counts"),
        *map(estimate.parameters.get, ("expected_counts", "side_peaks")),
    )
    if estimate.value is None or central is None or not isinstance(level, float) or estimate.warnings:
        return None
    if isinstance(peaks, int) and peaks:
        side = estimate.counts["side_counts"]
        return lambda factor: count_ratio_interval(
            kind, round(central * factor), round(side * factor), peaks, estimate.confidence
        )
    return lambda factor: rate_interval(kind, round(central * factor), level * factor, estimate.confidence)


ESTIMATOR = Estimator(
    "g2",
    "coincidences at zero delay over the side peaks, or over accidentals for continuous light",
    (HistogramData,),
    AreaParameters,
    g2_by_areas,
    uses=lambda one: one.of == "coincidences",
)
