"""Pairs and their heralds: Klyshko's heralding efficiency, coincidences over accidentals, g² of heralded photons."""

from collections.abc import Sequence
from math import inf

from schemas.measurements import HeraldedCounts, PairCounts
from schemas.records import Estimate, Parameter
from streams.estimators.accidentals import accidentals_expected
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind, not_estimated
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import count_ratio_interval, method_of, rate_interval, ratio_interval

KLYSHKO_METHOD = "(coincidences - accidentals)/(heralds - dark heralds), binomial interval, v1"
CAR_METHOD = "(coincidences - accidentals)/accidentals, conditional binomial interval, v1"
HERALDED_METHOD = "heralded g2, N_h N_h12 / (N_h1 N_h2), interval by Garwood on N_h12, v1"
_MULTI_PAIR = 0.05
"""Accidentals over coincidences from which pairs of one pulse are no longer alone."""


class PairParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``interval``: for one look at the counts, or for any number of looks."""

    interval: IntervalKind = "fixed"


def heralding_efficiency(data: Sequence[PairCounts], parameters: PairParameters) -> Outcome:
    """Of the heralds that are no dark counts, the share whose partner clicked; raw is coincidences over heralds.

    Raises:
        EstimatorError: counts of different windows, or as many dark heralds as heralds.
    """
    pair = _total(data)
    counts = {"coincidences": pair.coincidences, "heralds": pair.heralds, "signals": pair.signals}
    if not pair.heralds:
        return not_estimated(parameters, "no heralds", unit="1", method=KLYSHKO_METHOD, counts=counts)
    dark = 0.0 if pair.dark_s is None else pair.dark_heralds / pair.dark_s * pair.integration_s
    if dark >= pair.heralds:
        raise EstimatorError(
            f"{pair.heralds} heralds, and {dark:.0f} expected of dark counts alone: none is left; check the dark measurement"
        )
    if pair.coincidences > pair.heralds:
        raise EstimatorError(
            f"{pair.coincidences} coincidences of {pair.heralds} heralds: each may count once; narrow the window"
        )
    accidentals = _accidentals(pair)
    true_heralds = pair.heralds - dark
    lower, upper = (
        (bound * pair.heralds - accidentals) / true_heralds
        for bound in ratio_interval(parameters.interval, pair.coincidences, pair.heralds, parameters.confidence)
    )
    value = (pair.coincidences - accidentals) / true_heralds
    warnings = []
    if accidentals and pair.coincidences < accidentals / _MULTI_PAIR:
        warnings.append(
            f"accidentals are {accidentals / max(pair.coincidences, 1):.0%} of the coincidences: pairs overlap, and the "
            "efficiency is biased upwards; dim the pump"
        )
    if value < 0:
        warnings.append("no more coincidences than accidentals: only an upper limit")
    told: dict[str, Parameter] = {
        "accidentals": accidentals,
        "accidentals_from": "side windows" if pair.accidental_windows else "singles",
        "dark_heralds": dark,
        "window_ps": pair.window_ps,
        "integration_s": pair.integration_s,
        "interval": parameters.interval,
    }
    below = value < 0
    estimate = Estimate(
        value=None if below else value,
        lower=None if below else max(0.0, lower),
        upper=max(0.0, upper),
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=method_of(KLYSHKO_METHOD, parameters.interval),
        parameters=told,
        warnings=tuple(warnings),
    )
    return Outcome(estimate, pair.coincidences / pair.heralds, estimate.value, integration_s=pair.integration_s)


def coincidences_over_accidentals(data: Sequence[PairCounts], parameters: PairParameters) -> Outcome:
    """CAR = (C - A)/A; some write C/A, which is one more. Without accidentals there is a lower bound alone.

    Raises:
        EstimatorError: counts of different windows.
    """
    pair = _total(data)
    accidentals = _accidentals(pair)
    counts = {"coincidences": pair.coincidences}
    told: dict[str, Parameter] = {
        "accidentals": accidentals,
        "window_ps": pair.window_ps,
        "integration_s": pair.integration_s,
        "interval": parameters.interval,
    }
    if not pair.coincidences and not accidentals:
        why = "no coincidences, and no accidentals expected"
        return not_estimated(parameters, why, unit="1", method=CAR_METHOD, counts=counts)
    if pair.accidental_windows:
        told["accidental_windows"] = pair.accidental_windows
        counts["accidentals"], share = pair.accidentals, pair.accidental_windows
        ends = count_ratio_interval(parameters.interval, pair.coincidences, pair.accidentals, share, parameters.confidence)
    else:
        rates = rate_interval(parameters.interval, pair.coincidences, 1.0, parameters.confidence)
        ends = rates[0] / accidentals, rates[1] / accidentals
    estimate = Estimate(
        value=pair.coincidences / accidentals - 1 if accidentals else None,
        lower=ends[0] - 1,
        upper=None if ends[1] == inf else ends[1] - 1,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=method_of(CAR_METHOD, parameters.interval),
        parameters=told,
        warnings=() if accidentals else ("no accidentals were counted: only a lower bound",),
    )
    return Outcome(estimate, estimate.value, estimate.value, integration_s=pair.integration_s)


def g2_heralded(data: Sequence[HeraldedCounts], parameters: PairParameters) -> Outcome:
    """N_h·N_h12/(N_h1·N_h2) of all heralds (P. Grangier, G. Roger, A. Aspect, Europhys. Lett. 1, 173, 1986).

    The interval takes the triples to be by far the rarest. None: an upper limit. Detectors' dead time does not bias it as long as
    a detector's clicks are in different gates.
    """
    heralds, first, second, both = (sum(getattr(one, name) for one in data) for name in ("heralds", "first", "second", "both"))
    counts = {"heralds": heralds, "first": first, "second": second, "both": both}
    if not first or not second:
        why = "a detector never clicked in a gate"
        return not_estimated(parameters, why, unit="1", method=HERALDED_METHOD, counts=counts)
    scale = heralds / (first * second)
    lower, upper = rate_interval(parameters.interval, both, 1.0, parameters.confidence)
    estimate = Estimate(
        value=both * scale,
        lower=lower * scale,
        upper=upper * scale,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=method_of(HERALDED_METHOD, parameters.interval),
        parameters={"expected_counts": 1 / scale, "normalisation": "heralds", "interval": parameters.interval},
    )

    def interval_of(factor: float) -> Bounds:
        lower, upper = rate_interval(parameters.interval, round(both * factor), 1.0, parameters.confidence)
        return lower * scale / factor, upper * scale / factor

    return Outcome(estimate, estimate.value, estimate.value, interval_of=interval_of)


def _total(data: Sequence[PairCounts]) -> PairCounts:
    """
    Raises:
        EstimatorError: different windows.
    """
    windows = {(one.window_ps, one.accidental_windows) for one in data}
    if len(windows) > 1:
        raise EstimatorError("pair counts of different windows do not add up; give those of one window")
    ((window_ps, accidental_windows),) = windows
    dark_s = sum(one.dark_s or 0.0 for one in data)
    return PairCounts(
        heralds=sum(one.heralds for one in data),
        signals=sum(one.signals for one in data),
        coincidences=sum(one.coincidences for one in data),
        window_ps=window_ps,
        integration_s=sum(one.integration_s for one in data),
        dark_heralds=sum(one.dark_heralds for one in data),
        dark_s=dark_s or None,
        accidentals=sum(one.accidentals for one in data),
        accidental_windows=accidental_windows,
    )


def _accidentals(pair: PairCounts) -> float:
    """Expected among the coincidences: the mean of the side windows, else R1·R2·window·time."""
    if pair.accidental_windows:
        return pair.accidentals / pair.accidental_windows
    return accidentals_expected((pair.heralds, pair.signals), pair.integration_s, pair.window_ps)


ESTIMATORS = (
    Estimator(
        "heralding-efficiency",
        "share of the heralds whose partner was detected (Klyshko)",
        (PairCounts,),
        PairParameters,
        heralding_efficiency,
    ),
    Estimator("car", "coincidences over accidentals", (PairCounts,), PairParameters, coincidences_over_accidentals),
    Estimator(
        "g2-heralded", "g²(0) of heralded photons from triple coincidences", (HeraldedCounts,), PairParameters, g2_heralded
    ),
)
