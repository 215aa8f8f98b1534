"""Arrival times after the trigger: jitter, width and lifetime, by a Poisson-likelihood fit of decay and response over a floor.

A photon comes after an exponential decay (none, where the counts do not ask for one), blurred by the Gaussian jitter of trigger,
detector and tagger. The root mean square width of both together is that of jitter and lifetime in quadrature. What the
electronics contribute to the jitter is taken off in quadrature where it was measured.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log, pi, sqrt
from typing import Literal

import numpy as np
from scipy import optimize, special

from schemas.measurements import DelayHistogram as HistogramData
from schemas.records import Estimate
from streams.estimators.delays import DelayHistogram
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.misfit import judge_misfit
from streams.estimators.outcome import Bounds, Curve, Fit, Floats, Outcome
from streams.estimators.poisson_fit import GAIN, Descended, PoissonFit, Term, begun, fit_counts
from streams.estimators.snapshots import HistogramTotal, total_of
from streams.kernels.arrival_fit import VALUES, descend_arrivals, expected_arrivals, share_before

METHOD = "arrivals after the trigger, {shape} over a floor fitted by Poisson likelihood, interval by profile likelihood, v1"
_FLOOR, _AREA, _ARRIVAL, _WIDTH, _SECOND = range(5)
_FEWEST = 20
_FWHM_PER_SIGMA = 2 * sqrt(2 * log(2))
_SHOWN = 12
_ROUGHLY = 0.1
"""Of deviance: enough to see that a shape is not the better one."""
Width = Literal["jitter", "total"]


class ArrivalParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``width``: of the jitter alone (sigma), or of the whole peak (root mean square). ``shape``: with a decay or without, by
    information criterion unless given. ``response_rms_ps``: the electronics' own part, as measured, with its standard error.
    """

    width: Width = "jitter"
    shape: Literal["auto", "gaussian", "decay"] = "auto"
    response_rms_ps: float = 0.0
    response_error_ps: float = 0.0


def arrival_jitter(data: Sequence[HistogramData], parameters: ArrivalParameters) -> Outcome:
    """Width in ps of the sum of the histograms; raw contains the electronics' part.

    Raises:
        EstimatorError: histograms of different axes or of coincidences, or a response that cannot be one.
    """
    total = total_of(data)
    if total.of != "arrivals":
        raise EstimatorError("a histogram of coincidences; give one of arrivals after the trigger, or say of=arrivals")
    if not 0 <= parameters.response_rms_ps < np.inf or not 0 <= parameters.response_error_ps < np.inf:
        raise EstimatorError(f"response_rms_ps is {parameters.response_rms_ps} ± {parameters.response_error_ps}; give at least 0")
    histogram = total.histogram
    counts = {"arrivals": int(histogram.counts.sum())}
    method = METHOD.format(shape="a peak")
    if counts["arrivals"] < _FEWEST:
        return not_estimated(parameters, f"{counts['arrivals']} arrivals: too few", unit="ps", method=method, counts=counts)
    fit = _fitted(total, parameters)
    method = METHOD.format(shape="a Gaussian" if fit.terms[_SECOND].held else "a decay with Gaussian jitter")
    misfit = judge_misfit(fit, histogram.middles_ps)
    model = _described(fit, histogram, parameters.width)
    if misfit.refused:
        refused = not_estimated(parameters, misfit.refused, unit="ps", method=method, counts=counts)
        return replace(refused, refused=misfit.refused, model=model, integration_s=total.integration_s)
    error = fit.error("width")
    if fit.value("peak_area") < _FEWEST or error is None or not np.isfinite(error):
        is_peak = fit.value("peak_area") >= _FEWEST
        why = "the peak lies within a bin or two: measure with narrower ones" if is_peak else "no peak stands out of the floor"
        return replace(not_estimated(parameters, why, unit="ps", method=method, counts=counts), model=model)
    seen, bounds = fit.value("width"), fit.interval("width", parameters.confidence, misfit.inflation)
    value, (lower, upper) = _without_response(seen, bounds, parameters)
    sigma, decay = _parts(fit.values, parameters.width)
    warnings = [*total.warnings, *misfit.warnings]
    if value is None:
        warnings.append(
            f"{seen:.1f} ps is narrower than the electronics' own {parameters.response_rms_ps:g} ps: only an upper limit"
        )
    if histogram.bin_width_ps > seen:
        warnings.append(f"bins of {histogram.bin_width_ps:g} ps are wider than the jitter: measure with narrower ones")
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="ps",
        method=method,
        parameters={
            "width": parameters.width,
            "jitter_ps": sigma,
            "lifetime_ps": decay,
            "rms_ps": sqrt(sigma**2 + decay**2),
            "fwhm_ps": _fwhm(fit.values, parameters.width),
            "arrival_ps": fit.value("arrival"),
            "response_rms_ps": parameters.response_rms_ps,
            "background_ratio": 1 - fit.value("peak_area") / counts["arrivals"],
            "interval": "fixed",
        },
        warnings=tuple(warnings),
    )
    return Outcome(estimate, seen, value, model, integration_s=total.integration_s)


def _without_response(seen: float, bounds: Bounds, parameters: ArrivalParameters) -> tuple[float | None, Bounds]:
    """The electronics' part taken off in quadrature, its error added to the bounds' distances."""
    response = parameters.response_rms_ps
    square = seen**2 - response**2
    spread = float(special.ndtri((1 + parameters.confidence) / 2)) * 2 * response * parameters.response_error_ps
    lower = None if bounds[0] is None else square - sqrt((seen**2 - bounds[0] ** 2) ** 2 + spread**2)
    upper = None if bounds[1] is None else square + sqrt((bounds[1] ** 2 - seen**2) ** 2 + spread**2)
    ends = (
        None if lower is None else sqrt(max(lower, 0.0)),
        None if upper is None else sqrt(max(upper, 0.0)),
    )
    return (sqrt(square), ends) if square >= 0 else (None, (None, ends[1]))


def _fitted(total: HistogramTotal, parameters: ArrivalParameters) -> PoissonFit:
    histogram = total.histogram
    counts, width = histogram.counts.astype(np.float64), histogram.bin_width_ps
    span = counts.size * width
    floor = float(np.partition(counts, counts.size // 4)[counts.size // 4])
    above = np.maximum(counts - floor, 0.0)
    peak = int(np.argmax(np.convolve(above, np.ones(3), "same")))
    middles = histogram.middles_ps
    # Counts far from the peak are floor: the width is that of the counts that are higher than half of it.
    high = above > above.max() / 2
    half = max(width, float(np.count_nonzero(high)) * width / _FWHM_PER_SIGMA)
    start = float(middles[peak])
    common = (
        Term("floor", floor / width, 0.0, scale=max(floor, 1.0) / width, unit="counts/ps"),
        Term("peak_area", max(float(above.sum()), 1.0), 0.0, scale=max(float(above.sum()), 1.0), unit="counts"),
        Term("arrival", start, start - span / 4, start + span / 4, half, "ps"),
    )
    model = _Arrivals(total, "jitter")
    normal = (*common, Term("width", half, width / 50, span, half, "ps"), Term("decay", 0.0, held=True, unit="ps"))
    if parameters.shape == "gaussian":
        return model.fit(normal, counts)
    second = (Term("width", half / 2, width / 50, span, half, "ps"), Term("decay", half, width / 20, span, half, "ps"))
    earlier = replace(common[_ARRIVAL], start=start - half)
    decaying = model.fit((*common[:_ARRIVAL], earlier, *second), counts)
    if parameters.shape == "auto":
        gaussian = model.fit(normal, counts, _ROUGHLY)  # where a decay is needed it would creep to its end
        if gaussian.criterion <= decaying.criterion + _ROUGHLY:
            gaussian = model.fit(gaussian.refined, counts)
            if gaussian.criterion <= decaying.criterion:
                return gaussian
    if parameters.width == "jitter":
        return decaying
    sigma, decay = decaying.value("width"), decaying.value("decay")
    whole = sqrt(sigma**2 + decay**2)
    terms = (  # the same fit in terms of the whole width, and of which part of it is the decay
        *decaying.refined[:_WIDTH],
        Term("width", whole, width / 50, span, whole, "ps"),
        Term("decay", min(decay / whole, 0.999), 1e-3, 0.99999, 0.2),
    )
    return _Arrivals(total, "total").fit(terms, counts)


def _parts(values: Floats, width: Width) -> tuple[float, float]:
    """Jitter and decay time."""
    first, second = float(values[_WIDTH]), float(values[_SECOND])
    return (first, second) if width == "jitter" else (first * sqrt(1 - second**2), first * second)


class _Arrivals:
    """The model of a histogram and its way down. Where it spans the whole period, what comes late appears at its beginning."""

    def __init__(self, total: HistogramTotal, width: Width) -> None:
        self._edges, period = total.histogram.edges_ps, total.period_ps
        spans = period is not None and self._edges[-1] - self._edges[0] >= period * (1 - 1e-6)
        self._period = period if period is not None and spans else 0.0
        self._whole = width == "total"

    def expected(self, values: Floats) -> Floats:
        means = np.empty(self._edges.size - 1)
        expected_arrivals(self._edges, self._period, values, self._whole, means, np.empty((VALUES, means.size)))
        return means

    def descend(self, terms: Sequence[Term], counts: Floats, gain: float) -> Descended:
        free, lower, upper, values = begun(terms)
        return Descended(*descend_arrivals(counts, self._edges, self._period, self._whole, values, free, lower, upper, gain))

    def fit(self, terms: Sequence[Term], counts: Floats, gain: float = GAIN) -> PoissonFit:
        return fit_counts(self.expected, terms, counts, gain=gain, descent=self.descend)


def _fwhm(values: Floats, width: Width) -> float:
    """Full width at half maximum of the fitted peak.

    The density is highest where it equals the normal law's own, as its slope is their difference over the decay's time.
    """
    sigma, decay = _parts(values, width)
    if decay == 0:
        return sigma * _FWHM_PER_SIGMA

    def density(at: float) -> float:
        return float(share_before(at, sigma, decay)[1])

    def normal(at: float) -> float:
        return exp(-((at / sigma) ** 2) / 2) / (sigma * sqrt(2 * pi))

    before, after = -8 * sigma, 8 * sigma + 30 * decay
    top = float(optimize.brentq(lambda at: density(at) - normal(at), before, 8 * sigma))
    half = density(top) / 2
    rises, falls = (optimize.brentq(lambda at: density(at) - half, *sorted((top, end))) for end in (before, after))
    return float(falls - rises)


def _described(fit: PoissonFit, histogram: DelayHistogram, width: Width) -> Fit:
    sigma, decay = _parts(fit.values, width)
    near = np.abs(histogram.middles_ps - fit.value("arrival")) <= _SHOWN * (sigma + decay)
    curves = tuple(
        Curve(
            title,
            "delay in ns",
            f"arrivals per {histogram.bin_width_ps:g} ps",
            histogram.middles_ps[part] / 1e3,
            fit.counts[part],
            fit.expected[part],
            fit.residuals[part],
        )
        for title, part in (("whole histogram", np.ones_like(near)), ("the peak", near))
        if part.any()
    )
    return Fit("floor + area·(decay ⊗ Gaussian jitter)", fit.parameters, fit.goodness, curves)


ESTIMATOR = Estimator(
    "arrival-jitter",
    "width of the arrivals after the trigger: jitter, or the whole peak with its lifetime",
    (HistogramData,),
    ArrivalParameters,
    arrival_jitter,
    reading={"of": "arrivals"},
    uses=lambda one: one.of == "arrivals",
)
