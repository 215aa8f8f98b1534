"""g²(0) of pulsed light whose peaks overlap or stand on a floor: a fit of the whole histogram by its Poisson likelihood.

Expected counts of a bin are floor + envelope(τ)·(Σ peak(τ - kT) - (1 - g²)·peak(τ)), τ from zero delay, with peaks of two
exponential flanks (doi 10.1063/1.5143786, equation 2) blurred by a Gaussian response. The floor is background: it is taken off
the central peak and the side peaks alike. The envelope is 1, or 1 + b·exp(-|τ|/τ_b) where the light blinks and the Bayesian
information criterion asks for it; g² is relative to the envelope at zero delay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log, sqrt
from typing import Literal

import numpy as np

from schemas.measurements import DelayHistogram as HistogramData
from schemas.records import Estimate, Parameter
from streams.estimators.delays import DelayHistogram
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.misfit import judge_misfit
from streams.estimators.outcome import Curve, Fit, Floats, Outcome
from streams.estimators.peak_shape import comb_in_bins, peak_in_bins
from streams.estimators.peaks import PeakAreas
from streams.estimators.poisson_fit import PoissonFit, Term, fit_counts
from streams.estimators.pulse_train import PulseTrain, find_train
from streams.estimators.snapshots import HistogramTotal, total_of
from streams.estimators.zero_delay import find_zero

METHOD = "pulsed, overlapping peaks over a floor fitted by Poisson likelihood, interval by profile likelihood, v1"
_FLOOR, _AREA, _G2, _ZERO, _DECAY, _SIGMA, _PERIOD, _BUNCH, _BUNCH_TIME = range(9)
_FWHM_PER_SIGMA = 2 * sqrt(2 * log(2))
_SHOWN_PERIODS = 3.5
_FEWEST_PAIRS = 100
"""Below it a train that is known but not seen is only lack of counts."""


class OverlapParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``period_ps`` is fitted from what is found unless given; ``zero_delay_ps`` is fitted, from there where it is given.

    ``response_fwhm_ps``: of both detectors and the tagger together, measured; fitted unless given. ``envelope``: whether near
    peaks may be higher than far ones.
    """

    period_ps: float | None = None
    zero_delay_ps: float | None = None
    response_fwhm_ps: float | None = None
    envelope: Literal["auto", "flat", "blinking"] = "auto"


def g2_by_overlap_fit(data: Sequence[HistogramData], parameters: OverlapParameters) -> Outcome:
    """g²(0) of the sum of the histograms, with the floor taken off; ``raw`` leaves it in.

    Raises:
        EstimatorError: histograms of different axes, or a response or period that cannot be one.
    """
    for name, value in (("period_ps", parameters.period_ps), ("response_fwhm_ps", parameters.response_fwhm_ps)):
        if value is not None and not 0 < value < np.inf:
            raise EstimatorError(f"{name} is {value}; give one above 0, or leave it out to have it fitted")
    total = total_of(data)
    histogram = total.histogram
    counts = {"pairs": int(histogram.counts.sum())}
    known_ps = parameters.period_ps or total.period_ps
    train = find_train(histogram, known_ps)
    if train is None and known_ps is not None and counts["pairs"] >= _FEWEST_PAIRS:
        train = PulseTrain(known_ps, 0.0, parameters.zero_delay_ps or 0.0, known_ps)
    if train is None:
        return _without_train(total, parameters, counts)
    zero = find_zero(PeakAreas.of(histogram, train), parameters.zero_delay_ps)
    if zero is None:
        why = "no whole peak at zero delay: widen the range of delays"
        return not_estimated(parameters, why, unit="1", method=METHOD, counts=counts)
    fit = _fitted(histogram, replace(train, offset_ps=train.delay_of(zero.number)), parameters, period_known=known_ps is not None)
    misfit = judge_misfit(fit, histogram.middles_ps)
    warnings = total.warnings + misfit.warnings
    if misfit.refused:
        refused = not_estimated(parameters, misfit.refused, unit="1", method=METHOD, counts=counts)
        return replace(refused, refused=misfit.refused, model=_described(fit, histogram), integration_s=total.integration_s)
    if zero.warning:
        return not_estimated(parameters, zero.warning, unit="1", method=METHOD, counts=counts)
    lower, upper = fit.interval("g2", parameters.confidence, misfit.inflation)
    floor = fit.value("floor") * fit.values[_PERIOD]
    value, area = fit.value("g2"), fit.value("peak_area")
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts | _areas(histogram, fit),
        unit="1",
        method=METHOD,
        parameters={
            "normalisation": "side_peaks_at_zero_delay",
            "background_per_peak": floor,
            "period_ps": float(fit.values[_PERIOD]),
            "zero_delay_ps": fit.value("zero_delay"),
            "envelope": "blinking" if len(fit.terms) > _BUNCH else "flat",
            "response_fwhm_ps": parameters.response_fwhm_ps,
            "snapshots": total.snapshots,
            "snapshot_scatter": total.scatter,
            "interval": "fixed",
        },
        warnings=warnings,
    )
    return Outcome(
        estimate, (floor + value * area) / (floor + area), value, _described(fit, histogram), integration_s=total.integration_s
    )


def _without_train(total: HistogramTotal, parameters: OverlapParameters, counts: dict[str, int]) -> Outcome:
    """No pulses are seen: there is structure that no pulses make, or there is nothing to see."""
    histogram = total.histogram
    level = float(histogram.counts.mean())
    flat = fit_counts(
        lambda values: np.full(histogram.counts.size, values[0]), [Term("level", level, 0.0, scale=level + 1)], _floats(histogram)
    )
    misfit = judge_misfit(flat, histogram.middles_ps)
    why = misfit.refused or "no pulse train is seen: too few counts, or continuous light"
    outcome = not_estimated(parameters, why, unit="1", method=METHOD, counts=counts)
    return replace(outcome, refused=misfit.refused, integration_s=total.integration_s)


def _fitted(histogram: DelayHistogram, train: PulseTrain, parameters: OverlapParameters, *, period_known: bool) -> PoissonFit:
    """The better of a flat envelope and a blinking one, where both are allowed."""
    counts, model, period = _floats(histogram), _model(histogram), train.period_ps
    flat = fit_counts(model, _starts(histogram, train, parameters, period_known=period_known), counts)
    if parameters.envelope == "flat":
        return flat
    envelope = (
        Term("blinking", 0.2, 0.0, scale=0.1),
        Term("blinking_time", 5 * period, period / 2, counts.size * histogram.bin_width_ps, period, "ps"),
    )
    blinking = fit_counts(model, (*flat.refined, *envelope), counts)
    return blinking if parameters.envelope == "blinking" or blinking.criterion < flat.criterion else flat


def _model(histogram: DelayHistogram) -> Callable[[Floats], Floats]:
    edges, middles, width = histogram.edges_ps, histogram.middles_ps, histogram.bin_width_ps

    def expected(values: Floats) -> Floats:
        from_zero = edges - values[_ZERO]
        shape = values[_DECAY], values[_SIGMA]
        peaks = comb_in_bins(from_zero, values[_PERIOD], *shape) - (1 - values[_G2]) * peak_in_bins(from_zero, *shape)
        if len(values) > _BUNCH:
            peaks = peaks * (1 + values[_BUNCH] * np.exp(-np.abs(middles - values[_ZERO]) / values[_BUNCH_TIME]))
        return np.asarray(values[_FLOOR] * width + values[_AREA] * peaks)

    return expected


def _starts(
    histogram: DelayHistogram, train: PulseTrain, parameters: OverlapParameters, *, period_known: bool
) -> tuple[Term, ...]:
    """Where the fit begins: floor, area and width of the mean side peak, folded by the period."""
    period, width = train.period_ps, histogram.bin_width_ps
    cells = max(4, min(50, int(period / width)))
    delays = histogram.middles_ps - train.offset_ps
    phase = delays - np.rint(delays / period) * period
    side = np.abs(delays) > period / 2
    cell = np.minimum(((phase / period + 0.5) * cells).astype(np.intp), cells - 1)
    bins = np.maximum(np.bincount(cell[side], minlength=cells), 1)
    profile = np.bincount(cell[side], histogram.counts[side].astype(np.float64), cells) / bins / width
    middles = np.abs((np.arange(cells) + 0.5) / cells - 0.5) * period
    floor = float(np.quantile(profile, 0.1))
    above = np.maximum(profile - floor, 0)
    area = max(float(above.mean()) * period, floor * period * 1e-3, 1e-6)
    decay = float(np.clip((above * middles).sum() / max(above.sum(), 1e-12), width / 4, period / 4))
    response = parameters.response_fwhm_ps
    sigma = decay / 2 if response is None else response / _FWHM_PER_SIGMA
    slack = max(train.period_error_ps * 20, 1e-3 * period)
    return (
        Term("floor", floor, 0.0, scale=max(floor, area / period), unit="counts/ps"),
        Term("peak_area", area, 0.0, scale=area, unit="counts"),
        Term("g2", 0.5, scale=0.3),
        Term("zero_delay", train.offset_ps, train.offset_ps - period / 2, train.offset_ps + period / 2, decay, "ps"),
        Term("decay", decay, width / 50, period / 2, decay, "ps"),
        Term("response_sigma", sigma, width / 50, period / 2, decay, "ps", held=response is not None),
        Term("period", period, period - slack, period + slack, 1e-4 * period, "ps", held=period_known),
    )


def _floats(histogram: DelayHistogram) -> Floats:
    return histogram.counts.astype(np.float64)


def _areas(histogram: DelayHistogram, fit: PoissonFit) -> dict[str, int]:
    """Counts within half a period of zero delay, and all others."""
    central = np.abs(histogram.middles_ps - fit.value("zero_delay")) <= fit.value("period") / 2
    return {
        "central_counts": int(histogram.counts[central].sum()),
        "other_counts": int(histogram.counts[~central].sum()),
    }


def _described(fit: PoissonFit, histogram: DelayHistogram) -> Fit:
    """The fit as it is told and drawn: the whole, and around zero delay."""
    delays_ns = histogram.middles_ps / 1e3
    near = np.abs(histogram.middles_ps - fit.value("zero_delay")) <= _SHOWN_PERIODS * fit.value("period")
    curves = tuple(
        Curve(
            title, "delay in ns", f"pairs per {histogram.bin_width_ps:g} ps", delays_ns[part], fit.counts[part], model, residuals
        )
        for title, part in (("whole histogram", np.ones_like(near)), ("around zero delay", near))
        for model, residuals in [(fit.expected[part], fit.residuals[part])]
    )
    return Fit("floor + envelope·(Σ peak(τ - kT) - (1 - g²)·peak(τ))", fit.parameters, fit.goodness, curves)


def _suits(data: Sequence[HistogramData], given: Mapping[str, Parameter]) -> bool:
    """Pulsed light whose background stands in the floor alone: the histogram knows nothing of its singles."""
    if any(one.accidentals_per_ps is not None for one in data):
        return False
    known = given.get("period_ps") or data[0].period_ps
    return bool(known) or find_train(total_of(data).histogram) is not None


ESTIMATOR = Estimator(
    "g2-overlap",
    "pulsed g²(0) by a fit of overlapping peaks over a floor, which is taken off",
    (HistogramData,),
    OverlapParameters,
    g2_by_overlap_fit,
    suits=_suits,
    uses=lambda one: one.of == "coincidences",
)
