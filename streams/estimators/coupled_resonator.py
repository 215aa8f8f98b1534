"""A spin in a resonator: coupling g and cooperativity C = 4g²/κγ from one sweep over the avoided crossing.

The resonator's response with a spin of linewidth γ at f_s is χ(f) = 1 / (1 + 2i(f - f_r)/κ + C/(1 + 2i(f - f_s)/γ)) (Walls and
Milburn, Quantum Optics, input-output theory); the sweep is e^{(β - 2πiτ)(f - f₀)} (A + B χ). At f_s = f_r and g well above the
widths the two resonances stand 2g apart (vacuum Rabi splitting). All widths are full widths and all couplings are /2π, in Hz.
"""

from collections.abc import Callable, Iterator, Sequence
from math import exp, isfinite, log, pi, sqrt

import numpy as np
from scipy import stats

from schemas.measurements import ResonatorSweep
from schemas.records import Estimate
from streams.estimators.curve_fit import CurveFit, Gaussian, fit
from streams.estimators.estimator import Estimator, EstimatorParameters, not_estimated
from streams.estimators.fit_report import goodness, misfit_warnings
from streams.estimators.outcome import Bounds, Fit, Fitted, Floats, Outcome
from streams.estimators.resonance import Complexes, Resonances, find_resonances, places, stacked
from streams.estimators.resonator import SPIN_TUNED_IN, one_sweep, plane_curves

METHOD = "coupled resonator and spin fitted to complex S by least squares; profile likelihood, v1"
_FALSE_ALARM = 1e-6
"""Probability that a single resonance looks like a coupled one by chance."""
_SPIN_PARAMETERS = 3
_LEAST_SHARE = 0.05
"""Of a single resonance's signal, root mean square: what the spin must explain of it."""
_RATIOS = (1.0, 4.0, 0.25)
_LOG_REACH = 30.0
"""Limits of the logarithm of C."""
_NEAR = 1.02
"""A deviance within this of that of two free resonances needs no further start."""
_AT, _WIDTH, _SPIN_AT, _SPIN_WIDTH, _COUPLING = range(5)
"""Places in the fit: frequencies in sweeps from the middle, logarithms of widths and coupling in sweeps."""


def coupling_strength(data: Sequence[ResonatorSweep], parameters: EstimatorParameters) -> Outcome:
    """g/2π in Hz.

    Raises:
        EstimatorError: more than one sweep.
    """
    return _outcome(data, parameters, "Hz", _coupling)


def cooperativity(data: Sequence[ResonatorSweep], parameters: EstimatorParameters) -> Outcome:
    """C = 4g²/κγ.

    Raises:
        EstimatorError: more than one sweep.
    """
    return _outcome(data, parameters, "1", _cooperativity)


def response(place: Floats, values: Floats) -> Complexes:
    """χ over ``place`` for the first five parameters of the fit."""
    at, width, spin_at, spin_width, coupling = values[:5]
    kappa, gamma = exp(width), exp(spin_width)
    spin = exp(2 * coupling) / (gamma / 2 + 1j * (place - spin_at))
    return np.asarray((kappa / 2) / (kappa / 2 + 1j * (place - at) + spin))


def _transmission(place: Floats, values: Floats) -> Complexes:
    real, imag, line_real, line_imag, delay, slope = values[5:]
    circle = complex(line_real, line_imag) + complex(real, imag) * response(place, values)
    return np.asarray(circle * np.exp((slope - 1j * delay) * place))


def _coupling(found: Resonances, fitted: CurveFit, confidence: float) -> tuple[float, Bounds]:
    lower, upper = fitted.interval(_COUPLING, confidence)
    span = found.span_hz
    return exp(fitted.values[_COUPLING]) * span, (
        None if lower is None else exp(lower) * span,
        None if upper is None else exp(upper) * span,
    )


def _cooperativity(found: Resonances, fitted: CurveFit, confidence: float) -> tuple[float, Bounds]:
    """With the logarithm of C among the parameters in place of that of g, so that its profile can be followed."""
    logarithm = _log_cooperativity(fitted.values)

    def turned(values: Floats) -> Floats:
        strengths = values.copy()
        strengths[_COUPLING] = (values[_COUPLING] - log(4) + values[_WIDTH] + values[_SPIN_WIDTH]) / 2
        return strengths

    start, model = fitted.values.copy(), _model(found)
    start[_COUPLING] = logarithm
    lower_limits, upper_limits = _limits(found)
    lower_limits[_COUPLING], upper_limits[_COUPLING] = -_LOG_REACH, _LOG_REACH
    again = fit(lambda values: model(turned(values)), Gaussian(stacked(found.measured)), start, lower_limits, upper_limits)
    lower, upper = (None, None) if again is None else again.interval(_COUPLING, confidence)
    return exp(logarithm), (None if lower is None else exp(lower), None if upper is None else exp(upper))


def _log_cooperativity(values: Floats) -> float:
    return float(log(4) + 2 * values[_COUPLING] - values[_WIDTH] - values[_SPIN_WIDTH])


def _outcome(
    data: Sequence[ResonatorSweep],
    parameters: EstimatorParameters,
    unit: str,
    wanted: Callable[[Resonances, CurveFit, float], tuple[float, Bounds]],
) -> Outcome:
    sweep = one_sweep(data)
    frequency = np.array(sweep.frequency_hz)
    counts = {"points": frequency.size}
    found = find_resonances(frequency, np.array(sweep.s_real) + 1j * np.array(sweep.s_imag), most=2, apart=0.0)
    if isinstance(found, str):
        return not_estimated(parameters, found, unit=unit, method=METHOD, counts=counts)
    fitted = _coupled(found)
    why = _unresolved(found, fitted)
    if fitted is None or why:
        return not_estimated(parameters, why, unit=unit, method=METHOD, counts=counts)
    value, (lower, upper) = wanted(found, fitted, parameters.confidence)
    warnings = list(misfit_warnings(fitted))
    kappa, gamma, coupling = (exp(fitted.values[index]) for index in (_WIDTH, _SPIN_WIDTH, _COUPLING))
    if 2 * coupling <= (kappa + gamma) / 2:
        warnings.append("weak coupling: the two resonances overlap, and g rests on their shape")
    fit_of = _fit_of(found, fitted)
    return Outcome(
        Estimate(
            value=value,
            lower=lower,
            upper=upper,
            confidence=parameters.confidence,
            counts=counts,
            unit=unit,
            method=METHOD,
            parameters={
                "geometry": sweep.geometry,
                "splitting_hz": _splitting(fitted.values) * found.span_hz,
                "detuning_hz": float(fitted.values[_SPIN_AT] - fitted.values[_AT]) * found.span_hz,
                **{f"{name}_hz": fit_of.parameters[name].value for name in ("g", "kappa", "gamma")},
            },
            warnings=tuple(warnings),
        ),
        raw=value,
        corrected=value,
        model=fit_of,
    )


def _splitting(values: Floats) -> float:
    """Distance between the two resonances, in sweeps: real parts of the response's poles."""
    first = complex(values[_AT], exp(values[_WIDTH]) / 2)
    second = complex(values[_SPIN_AT], exp(values[_SPIN_WIDTH]) / 2)
    return abs(complex(np.sqrt((first - second) ** 2 + 4 * exp(2 * values[_COUPLING]))).real)


def _coupled(found: Resonances) -> CurveFit | None:
    """The best fit of all starts; two free resonances cannot be bettered by much."""
    best: CurveFit | None = None
    for start in _starts(found):
        fitted = fit(_model(found), Gaussian(stacked(found.measured)), start, *_limits(found))
        if fitted is not None and (best is None or fitted.deviance < best.deviance):
            best = fitted
        if best is not None and len(found.lines) > 1 and best.deviance < _NEAR * found.fitted.deviance:
            break
    return best


def _model(found: Resonances) -> Callable[[Floats], Floats]:
    place = places(found.frequency_hz)
    return lambda values: stacked(_transmission(place, values))


def _limits(found: Resonances) -> tuple[list[float], list[float]]:
    narrow, free = log(1 / found.frequency_hz.size), float("inf")
    return (
        [-0.6, narrow, -0.6, narrow - 3, narrow - 3, -free, -free, -free, -free, -free, -3.0],
        [0.6, 1.0, 0.6, 1.0, 0.0, free, free, free, free, free, 3.0],
    )


def _starts(found: Resonances) -> Iterator[list[float]]:
    """From the two poles: exactly, where their residues have a zero between them that a spin can have; else by their distance."""
    values = found.fitted.values
    line = values[-4:].tolist()
    if len(found.lines) == 1:
        at, width, real, imag = values[:4]
        for ratio in (0.1, 0.3, 1.0):
            yield [at, width, at, width + log(ratio), width + log(ratio), real, imag, *line]
        return
    poles = [complex(at, exp(width) / 2) for at, width in (values[0:2], values[4:6])]
    residues = [-1j * pole.imag * complex(*pair) for pole, pair in zip(poles, (values[2:4], values[6:8]), strict=True)]
    total = sum(residues)
    if abs(total) > 0:
        zero = (residues[0] * poles[1] + residues[1] * poles[0]) / total
        cavity = poles[0] + poles[1] - zero
        strength = -(zero - poles[0]) * (zero - poles[1])
        if zero.imag > 0 and cavity.imag > 0 and abs(strength) > 0:
            drive = total / (-1j * cavity.imag)
            places_of = [cavity.real, log(2 * cavity.imag), zero.real, log(2 * zero.imag)]
            yield [*places_of, log(sqrt(abs(strength))), drive.real, drive.imag, *line]
    middle, apart = (poles[0].real + poles[1].real) / 2, abs(poles[0].real - poles[1].real)
    both = poles[0].imag + poles[1].imag
    drive = complex(values[2] + values[6], values[3] + values[7])
    for ratio in _RATIOS:
        kappa = 2 * both * ratio / (1 + ratio)
        gamma = 2 * both / (1 + ratio)
        yield [middle, log(kappa), middle, log(gamma), log(max(apart, both) / 2), drive.real, drive.imag, *line]


def _unresolved(found: Resonances, fitted: CurveFit | None) -> str:
    """Why no coupling can be told, empty where it can: one resonance must explain the sweep worse, by more than chance."""
    alone = find_resonances(found.frequency_hz, found.measured, most=1)
    if fitted is None or not isfinite(fitted.errors[_COUPLING]):
        return "no coupled resonator and spin fit the sweep"
    if isinstance(alone, str):
        return ""
    gained = alone.fitted.deviance - fitted.deviance
    # By the resonance's own size: real resonators leave some per cent of it over, and a spin must be more than that.
    line = alone.strongest
    size = abs(line.diameter) ** 2 * float(np.sum(1 / (1 + (2 * (found.frequency_hz - line.frequency_hz) / line.width_hz) ** 2)))
    if gained < _LEAST_SHARE**2 * size:
        return "one resonance explains the sweep, but for imperfections of its line: no splitting"
    if fitted.deviance <= 0:
        return ""
    noise = fitted.deviance / fitted.freedom
    widened = max(fitted.scale / noise, 1.0)
    statistic = max(gained, 0.0) / _SPIN_PARAMETERS / noise / widened
    chance = found.frequency_hz.size * float(stats.f.sf(statistic, _SPIN_PARAMETERS, fitted.freedom))
    return "" if chance < _FALSE_ALARM else "one resonance explains the sweep: no splitting stands out of the noise"


def _fit_of(found: Resonances, fitted: CurveFit) -> Fit:
    span, middle, errors = found.span_hz, found.middle_hz, fitted.errors

    def width(index: int) -> Fitted:
        value = exp(fitted.values[index]) * span
        return Fitted(value, float(errors[index]) * value, "Hz")

    def at(index: int) -> Fitted:
        return Fitted(middle + float(fitted.values[index]) * span, float(errors[index]) * span, "Hz")

    logarithm, error = fitted.propagated(_log_cooperativity)
    model = _transmission(places(found.frequency_hz), fitted.values)
    return Fit(
        "e^{(β - 2πiτ)(f - f₀)} (A + B/(1 + 2i(f - f_r)/κ + C/(1 + 2i(f - f_s)/γ)))",
        {
            "g": width(_COUPLING),
            "kappa": width(_WIDTH),
            "gamma": width(_SPIN_WIDTH),
            "f_r": at(_AT),
            "f_s": at(_SPIN_AT),
            "cooperativity": Fitted(exp(logarithm), exp(logarithm) * error),
            "delay": Fitted(float(fitted.values[-2]) / (2 * pi * span), float(errors[-2]) / (2 * pi * span), "s"),
        },
        goodness(fitted),
        plane_curves(found.frequency_hz, found.measured, model, fitted, middle + float(fitted.values[_AT]) * span),
    )


COUPLING = Estimator(
    "vacuum-rabi-splitting",
    "g from a sweep over an avoided crossing",
    (ResonatorSweep,),
    EstimatorParameters,
    coupling_strength,
    under=SPIN_TUNED_IN,
)
COOPERATIVITY = Estimator(
    "cooperativity",
    "C = 4g²/κγ from a sweep over an avoided crossing",
    (ResonatorSweep,),
    EstimatorParameters,
    cooperativity,
    under=SPIN_TUNED_IN,
)
ESTIMATORS = (COUPLING, COOPERATIVITY)
