"""g² at zero delay of a histogram, by whatever its light is: pulsed if a train is found, continuous otherwise."""

from dataclasses import dataclass

from schemas.records import Estimate
from streams.estimators.delays import DelayHistogram
from streams.estimators.estimator import IntervalKind
from streams.estimators.g2_cw import cw_estimate
from streams.estimators.g2_pulsed import far_estimate, near_estimate
from streams.estimators.peaks import PeakAreas
from streams.estimators.pulse_train import find_train
from streams.estimators.zero_delay import find_zero


@dataclass(frozen=True, slots=True)
class G2Parameters:
    """What is known of the light beforehand, and how it is judged. None: to be found in the data."""

    period_ps: float | None = None
    zero_delay_ps: float | None = None
    background_per_peak: float = 0.0
    confidence: float = 0.95
    cw_window_ps: int = 1_000
    interval: IntervalKind = "fixed"


@dataclass(frozen=True, slots=True)
class G2Estimates:
    """The same central counts, normalised by the nearest side peaks and by the accidentals that the singles predict.

    Continuous light has no side peaks; both are then the same.
    """

    near: Estimate
    far: Estimate


def estimate_g2(histogram: DelayHistogram, accidentals_per_ps: float, parameters: G2Parameters) -> G2Estimates:
    """Both estimates; ``accidentals_per_ps`` is what uncorrelated light of these singles rates would put into 1 ps of delay.

    Where a period is given the light is pulsed: too few counts to see its train make the estimate insufficient, not continuous.
    """
    train = find_train(histogram, parameters.period_ps)
    if train is None and parameters.period_ps is None:
        estimate = cw_estimate(
            histogram,
            accidentals_per_ps,
            parameters.confidence,
            window_ps=parameters.cw_window_ps,
            zero_delay_ps=parameters.zero_delay_ps,
            kind=parameters.interval,
        )
        return G2Estimates(estimate, estimate)
    peaks = None if train is None else PeakAreas.of(histogram, train)
    zero = None if peaks is None else find_zero(peaks, parameters.zero_delay_ps)
    if peaks is None or zero is None:
        why = (
            "too few counts to see the pulse train" if peaks is None else "no whole peak at zero delay: widen the range of delays"
        )
        estimate = _insufficient(histogram, parameters, why)
        return G2Estimates(estimate, estimate)
    return G2Estimates(
        near_estimate(peaks, zero, parameters.confidence, parameters.background_per_peak, parameters.interval),
        far_estimate(peaks, zero, parameters.confidence, accidentals_per_ps, parameters.interval),
    )


def _insufficient(histogram: DelayHistogram, parameters: G2Parameters, why: str) -> Estimate:
    return Estimate(
        value=None,
        lower=None,
        upper=None,
        confidence=parameters.confidence,
        counts={"central_counts": 0, "side_counts": 0, "pairs": int(histogram.counts.sum())},
        unit="1",
        method="pulsed, not estimated, v1",
        parameters={"period_ps": parameters.period_ps, "zero_delay_ps": parameters.zero_delay_ps},
        warnings=(why,),
    )
