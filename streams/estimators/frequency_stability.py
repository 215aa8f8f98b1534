"""Stability of a frequency over a run: that of an emission line, or of a resonator.

Every spectrum or sweep gives a frequency with its error; the value is their standard deviation over the run, these errors taken
off. It is held against the line's own width: what wanders less than that still overlaps with itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np
from scipy import stats

from schemas.measurements import EmissionSpectrum, Measurement, ResonatorSweep
from schemas.records import Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorParameters, not_estimated
from streams.estimators.linewidth import SHAPES, LineParameters, resolved
from streams.estimators.outcome import Curve, Fit, Fitted, Floats, Outcome
from streams.estimators.resonator import SPIN_TUNED_OUT, ResonatorParameters, resonator
from streams.estimators.scatter import Scatter, scatter_of
from streams.estimators.spectral_line import find_line

METHOD = "standard deviation of the fitted frequencies, their errors taken off (Paule and Mandel); interval by Q profile, v1"
_FEWEST = 3
_DRIFTING = 1e-3
"""Chance of a slope as steep, below which a drift is told."""
_LIGHT_M_S = 299_792_458.0


@dataclass(frozen=True, slots=True)
class _Found:
    """A frequency as reference + offset, so that no digit is lost; its error and the width of what has it."""

    reference_hz: float
    offset_hz: float
    error_hz: float
    width_hz: float


def _of_spectrum(spectrum: EmissionSpectrum, parameters: LineParameters) -> _Found | str:
    line = find_line(resolved(spectrum, parameters), SHAPES[parameters.shape])
    if isinstance(line, str):
        return line
    return _Found(spectrum.reference_hz, line.centre_hz, line.centre_error_hz, line.width_hz)


def _of_sweep(sweep: ResonatorSweep, parameters: ResonatorParameters) -> _Found | str:
    found = resonator(sweep, parameters.near_hz)
    if isinstance(found, str):
        return found
    middle = found.found.middle_hz
    return _Found(middle, found.line.frequency_hz - middle, found.frequency_error_hz, found.line.width_hz)


def _stability(data: Sequence[object], parameters: EstimatorParameters, *, find: Callable[..., _Found | str]) -> Outcome:
    """Of all data in their order; measurements bring their times."""
    times_s, found, whys = [], [], []
    for number, one in enumerate(data):
        each = find(one.data if isinstance(one, Measurement) else one, parameters)
        if isinstance(each, str):
            whys.append(each)
        elif not isfinite(each.error_hz):
            whys.append("the fit found no error of its frequency")
        else:
            found.append(each)
            times_s.append((one.start_unix_ns + one.end_unix_ns) / 2e9 if isinstance(one, Measurement) else float(number))
    counts = {"frequencies": len(found)}
    if len(found) < _FEWEST:
        lost = f"; {len(whys)} could not be used: {whys[0]}" if whys else ""
        why = f"{len(found)} frequencies: how they scatter is told by {_FEWEST} or more{lost}"
        return not_estimated(parameters, why, unit="Hz", method=METHOD, counts=counts)
    reference = found[0].reference_hz
    offsets = np.array([each.reference_hz - reference + each.offset_hz for each in found])
    errors = np.array([each.error_hz for each in found])
    width = float(np.median([each.width_hz for each in found]))
    scatter = scatter_of(offsets, errors, parameters.confidence)
    timed = isinstance(data[0], Measurement)
    times = np.array(times_s) - times_s[0]
    slope, chance = _slope(times, offsets)
    mean_hz = reference + scatter.mean
    stated: dict[str, Parameter] = {
        "mean_hz": mean_hz,
        "linewidth_hz": width,
        "of_linewidth": scatter.own / width if width else None,
        "wavelength_pm": scatter.own * _LIGHT_M_S / mean_hz**2 * 1e12 if mean_hz > 0 else None,
        "peak_to_peak_hz": float(np.ptp(offsets)),
        "drift_hz_per_s" if timed else "drift_hz_per_step": slope,
    }
    warnings = [f"{len(whys)} of {len(data)} could not be used: {whys[0]}"] if whys else []
    if chance < _DRIFTING:
        warnings.append(
            f"the frequency drifts ({slope:.3g} Hz {'a second' if timed else 'a step'}): scatter depends on the run's length"
        )
    return Outcome(
        Estimate(
            value=scatter.own,
            lower=scatter.lower,
            upper=scatter.upper,
            confidence=parameters.confidence,
            counts=counts,
            unit="Hz",
            method=METHOD,
            parameters=stated,
            warnings=tuple(warnings),
        ),
        raw=scatter.raw,
        corrected=scatter.own,
        model=_fit_of(times, offsets, errors, scatter, "s" if timed else "step"),
    )


def _slope(times: Floats, values: Floats) -> tuple[float, float]:
    """Of a straight line, and the chance of one as steep without drift."""
    if np.ptp(times) == 0 or np.ptp(values) == 0:
        return 0.0, 1.0
    line = stats.linregress(times, values)
    return float(line.slope), float(line.pvalue)


def _fit_of(times: Floats, offsets: Floats, errors: Floats, scatter: Scatter, unit: str) -> Fit:
    centred = offsets - scatter.mean
    total = np.sqrt(scatter.own**2 + errors**2)
    residuals = np.divide(centred, total, out=np.zeros_like(centred), where=total > 0)
    squares = float(residuals @ residuals)
    return Fit(
        "a frequency that scatters around its mean",
        {"scatter": Fitted(scatter.own, None, "Hz")},
        {"p_value": float(stats.chi2.sf(squares, offsets.size - 1)), "chi2": squares, "freedom": float(offsets.size - 1)},
        (
            Curve(
                "frequency over the run",
                f"time in {unit}",
                "frequency - mean, Hz",
                times,
                centred,
                np.zeros_like(centred),
                residuals,
            ),
        ),
    )


SPECTRAL = Estimator(
    "spectral-stability",
    "standard deviation of an emission line's frequency over a run",
    (Measurement, EmissionSpectrum),
    LineParameters,
    partial(_stability, find=_of_spectrum),
    series=True,
)
RESONATOR = Estimator(
    "frequency-stability",
    "standard deviation of a resonator's frequency over a run",
    (Measurement, ResonatorSweep),
    ResonatorParameters,
    partial(_stability, find=_of_sweep),
    under=SPIN_TUNED_OUT,
    series=True,
)
ESTIMATORS = (SPECTRAL, RESONATOR)
