"""g²(0) of continuous light by a fit of the dip: a two- or three-level emitter, blurred by the detectors' measured response.

g²(τ) = 1 - (1 - g²(0))·[(1 + b)·exp(-|τ|/τ₁) - b·exp(-|τ|/τ₂)] times the level of accidental coincidences; b = 0 for two levels.
What background leaves of the source's own g² is 1 + s²(g² - 1), with the source's share s = S/(S + B) of each detector's counts:
it is put right where s is given. Nothing is clamped.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log, sqrt
from typing import Literal

import numpy as np
from scipy import special

from schemas.measurements import DelayHistogram as HistogramData
from schemas.records import Estimate
from streams.estimators.delays import DelayHistogram
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.g2_cw import find_dip
from streams.estimators.misfit import judge_misfit
from streams.estimators.outcome import Bounds, Curve, Fit, Floats, Outcome
from streams.estimators.peak_shape import peak_in_bins
from streams.estimators.poisson_fit import PoissonFit, Term, fit_counts
from streams.estimators.snapshots import HistogramTotal, total_of

METHOD = "continuous, dip of a {levels}-level emitter fitted by Poisson likelihood, interval by profile likelihood, v1"
_LEVEL, _G2, _ZERO, _DIP, _SIGMA, _BUNCHING, _SHELVING = range(7)
_FWHM_PER_SIGMA = 2 * sqrt(2 * log(2))
_FEWEST_PAIRS = 50
_BLURRED = 0.02
"""Depth of the dip, relative, that a response of one bin would hide: less than that is no matter where none was measured."""


class CwFitParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``response_fwhm_ps``: of both detectors and the tagger together, as measured; without it the dip is taken as it is.

    ``signal_share``, S/(S + B), with its standard error: how much of each detector's counts is the source's. ``levels``: of
    the emitter, by information criterion unless given. ``dip_time_ps`` (τ₁) and ``zero_delay_ps`` are found unless given.
    """

    zero_delay_ps: float | None = None
    dip_time_ps: float | None = None
    response_fwhm_ps: float | None = None
    signal_share: float = 1.0
    signal_share_error: float = 0.0
    levels: Literal["auto", "two", "three"] = "auto"
    normalisation: Literal["auto", "singles", "far"] = "auto"


def g2_by_dip_fit(data: Sequence[HistogramData], parameters: CwFitParameters) -> Outcome:
    """g²(0) of the sum of the histograms, with response and background put right; ``raw`` is the bottom of the dip as it is seen.

    Raises:
        EstimatorError: histograms of different axes, or parameters that no set-up has.
    """
    _check(parameters)
    total = total_of(data)
    histogram = total.histogram
    counts = {"pairs": int(histogram.counts.sum())}
    if parameters.normalisation == "singles" and not total.accidentals_per_ps:
        raise EstimatorError("the histogram does not know its singles rates; use normalisation=far, or give tags")
    dip_ps = find_dip(histogram)
    zero_ps = parameters.zero_delay_ps if parameters.zero_delay_ps is not None else dip_ps
    if counts["pairs"] < _FEWEST_PAIRS:
        return not_estimated(
            parameters, "too few counts to fit a dip", unit="1", method=METHOD.format(levels="two"), counts=counts
        )
    fit = _fitted(total, parameters, zero_ps, dip_seen=dip_ps is not None)
    misfit = judge_misfit(fit, histogram.middles_ps)
    method = METHOD.format(levels="three" if len(fit.terms) > _BUNCHING else "two")
    if misfit.refused:
        refused = not_estimated(parameters, misfit.refused, unit="1", method=method, counts=counts)
        return replace(refused, refused=misfit.refused, model=_described(fit, histogram), integration_s=total.integration_s)
    if zero_ps is None or (dip_ps is None and parameters.dip_time_ps is None):
        why = "no dip is deeper than chance: count longer, or give zero_delay_ps and dip_time_ps to hold an upper limit against"
        return not_estimated(parameters, why, unit="1", method=method, counts=counts)
    return _outcome(total, fit, misfit.inflation, misfit.warnings, parameters)


def _check(parameters: CwFitParameters) -> None:
    for name in ("dip_time_ps", "response_fwhm_ps"):
        value = getattr(parameters, name)
        if value is not None and not 0 < value < np.inf:
            raise EstimatorError(f"{name} is {value}; give one above 0, or leave it out")
    if not 0 < parameters.signal_share <= 1 or parameters.signal_share_error < 0:
        raise EstimatorError(
            f"signal_share is {parameters.signal_share} ± {parameters.signal_share_error}; it is S/(S + B), above 0 and at most 1"
        )


def _outcome(
    total: HistogramTotal, fit: PoissonFit, inflation: float, notes: tuple[str, ...], parameters: CwFitParameters
) -> Outcome:
    seen, bounds = fit.value("g2"), fit.interval("g2", parameters.confidence, inflation)
    value, (lower, upper) = _source(seen, bounds, parameters)
    histogram = total.histogram
    at_zero = int(np.argmin(np.abs(histogram.middles_ps - fit.value("zero_delay"))))
    level = fit.value("level") * histogram.bin_width_ps
    warnings = [*total.warnings, *notes]
    if parameters.response_fwhm_ps is None and histogram.bin_width_ps > _BLURRED * fit.value("dip_time"):
        warnings.append(
            "no response was given: what the detectors fill into the dip is not put right; measure it, or give response_fwhm_ps"
        )
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts={"pairs": int(histogram.counts.sum()), "central_counts": int(histogram.counts[at_zero])},
        unit="1",
        method=METHOD.format(levels="three" if len(fit.terms) > _BUNCHING else "two"),
        parameters={
            "normalisation": "singles" if fit.terms[_LEVEL].held else "far_level",
            "expected_counts": level,
            "zero_delay_ps": fit.value("zero_delay"),
            "dip_time_ps": fit.value("dip_time"),
            "response_fwhm_ps": parameters.response_fwhm_ps,
            "signal_share": parameters.signal_share,
            "with_background": seen,
            "snapshots": total.snapshots,
            "snapshot_scatter": total.scatter,
            "interval": "fixed",
        },
        warnings=tuple(warnings),
    )
    raw = float(fit.expected[at_zero]) / level
    return Outcome(estimate, raw, value, _described(fit, histogram), integration_s=total.integration_s)


def _source(seen: float, bounds: Bounds, parameters: CwFitParameters) -> tuple[float, Bounds]:
    """g² of the source alone: (g² - (1 - s²))/s²; the error of s goes in as one more, independent one."""
    square = parameters.signal_share**2
    value = (seen - (1 - square)) / square
    of_share = 2 * (1 - value) * parameters.signal_share_error / parameters.signal_share
    widths = [None if bound is None else (bound - seen) / square for bound in bounds]
    scale = _normal_width(parameters.confidence)
    lower, upper = (
        None if width is None else value + np.sign(width) * sqrt(width**2 + (scale * of_share) ** 2) for width in widths
    )
    return value, (None if lower is None else float(lower), None if upper is None else float(upper))


def _fitted(total: HistogramTotal, parameters: CwFitParameters, zero_ps: float | None, *, dip_seen: bool) -> PoissonFit:
    """The better of two levels and three, where both are allowed."""
    histogram, counts = total.histogram, total.histogram.counts.astype(np.float64)
    width, reach = histogram.bin_width_ps, histogram.counts.size * histogram.bin_width_ps
    level = float(np.median(counts[counts > 0])) / width if counts.any() else 0.0
    singles = total.accidentals_per_ps if parameters.normalisation != "far" else None
    dip = parameters.dip_time_ps or max(3 * width, reach / 100)
    response = parameters.response_fwhm_ps
    middle = histogram.first_edge_ps + reach / 2 if zero_ps is None else zero_ps
    fixed_zero = parameters.zero_delay_ps is not None and not dip_seen
    two = (
        Term("level", singles or level, 0.0, scale=level, unit="counts/ps", held=bool(singles)),
        Term("g2", 0.3, scale=0.3),
        Term("zero_delay", middle, middle - reach / 20, middle + reach / 20, dip / 10, "ps", held=fixed_zero),
        Term("dip_time", dip, width / 20, reach, dip, "ps", held=parameters.dip_time_ps is not None),
        Term("response_sigma", width / 100 if response is None else response / _FWHM_PER_SIGMA, 0.0, unit="ps", held=True),
    )
    model = _model(histogram)
    fits = [fit_counts(model, two, counts)]
    if parameters.levels != "two":
        shelving = (
            Term("bunching", 0.3, 0.0, scale=0.3),
            Term("shelving_time", min(10 * fits[0].value("dip_time"), reach / 4), width / 5, 4 * reach, 10 * dip, "ps"),
        )
        fits.append(fit_counts(model, (*fits[0].refined, *shelving), counts))
    return fits[-1] if parameters.levels == "three" else min(fits, key=lambda fit: fit.criterion)


def _model(histogram: DelayHistogram) -> Callable[[Floats], Floats]:
    edges, width = histogram.edges_ps, histogram.bin_width_ps

    def expected(values: Floats) -> Floats:
        from_zero = edges - values[_ZERO]

        def decay(time: float) -> Floats:
            return 2 * time * peak_in_bins(from_zero, time, values[_SIGMA])

        dip = decay(values[_DIP])
        if len(values) > _BUNCHING:
            dip = (1 + values[_BUNCHING]) * dip - values[_BUNCHING] * decay(values[_SHELVING])
        return np.asarray(values[_LEVEL] * (width - (1 - values[_G2]) * dip))

    return expected


def _described(fit: PoissonFit, histogram: DelayHistogram) -> Fit:
    """The fit as it is told and drawn: the whole, and the dip."""
    near = np.abs(histogram.middles_ps - fit.value("zero_delay")) <= 8 * fit.value("dip_time")
    curves = tuple(
        Curve(
            title,
            "delay in ns",
            f"pairs per {histogram.bin_width_ps:g} ps",
            histogram.middles_ps[part] / 1e3,
            fit.counts[part],
            fit.expected[part],
            fit.residuals[part],
        )
        for title, part in (("whole histogram", np.ones_like(near)), ("the dip", near))
    )
    return Fit("level·(1 - (1 - g²)·[(1 + b)·e^(-|τ|/τ₁) - b·e^(-|τ|/τ₂)]) ⊗ response", fit.parameters, fit.goodness, curves)


def _normal_width(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))


ESTIMATOR = Estimator(
    "g2-cw-fit",
    "continuous g²(0) by a fit of the dip, with the detectors' response and background put right",
    (HistogramData,),
    CwFitParameters,
    g2_by_dip_fit,
    suits=lambda data, _given: all(one.accidentals_per_ps is None and one.period_ps is None for one in data),
    uses=lambda one: one.of == "coincidences",
)
