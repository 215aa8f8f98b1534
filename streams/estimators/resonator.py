"""A resonator from its sweep: frequency, loaded, coupling and internal Q, and photon loss κ/2π = f_r/Q_l.

The circle's diameter tells the coupling: B/A = -(Q_l/|Q_c|) e^{iφ} beside a line (notch), twice that at its end (reflection).
With unequal impedances φ is not 0 and the internal loss is 1/Q_i = 1/Q_l - cos φ/|Q_c| (diameter correction: Khalil et al., J.
Appl. Phys. 111, 054510 (2012); Probst et al., Rev. Sci. Instrum. 86, 024706 (2015)). In transmission the height is not
calibrated, and only f_r and Q_l are known. f_r is the resonance itself: where |S| is least lies beside it when φ is not 0, and
is given apart. Where the model leaves something smooth over, intervals cover a line that curves, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, pi, tan
from types import MappingProxyType
from typing import Literal

import numpy as np

from schemas.measurements import ResonatorSweep
from schemas.records import Estimate, Parameter
from streams.estimators.curve_fit import CurveFit
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.fit_report import goodness, misfit_warnings
from streams.estimators.outcome import Bounds, Curve, Fit, Fitted, Floats, Outcome
from streams.estimators.resonance import Complexes, Line, Resonances, find_resonances, straightened

METHOD = "circle fit of complex S with cable delay, gain slope and mismatch, by least squares; profile likelihood, v2"
Geometry = Literal["notch", "reflection", "transmission"]
SPIN_TUNED_OUT: Mapping[str, Parameter] = MappingProxyType({"spin": "detuned"})
"""Conditions of a sweep that shows the resonator alone."""
SPIN_TUNED_IN: Mapping[str, Parameter] = MappingProxyType({"spin": "resonant"})
"""Conditions of a sweep over the avoided crossing: neither of its resonances is the resonator's own."""


class ResonatorParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``near_hz``: of several resonances the one nearest to it, else the one with the largest circle."""

    near_hz: float | None = None


class QualityParameters(ResonatorParameters, frozen=True, kw_only=True):
    quality: Literal["loaded", "internal", "coupling"] = "loaded"


@dataclass(frozen=True, slots=True)
class Resonator:
    """One resonance of a sweep as a resonator of a known geometry. Frequencies and widths in Hz; errors are standard errors."""

    found: Resonances
    line: Line
    geometry: Geometry
    curved: "Resonator | None" = None
    """The same, had the line curved; where the model leaves something smooth over."""

    @property
    def frequency_error_hz(self) -> float:
        return float(self.found.fitted.errors[self.line.index]) * self.found.span_hz

    @property
    def loss_minimum_hz(self) -> float | None:
        """Where |S| is least, the line's own slope taken off; None in transmission."""
        if self.geometry == "transmission":
            return None
        radius = self.line.diameter / 2
        centre = self.found.background + radius
        turn = -centre / abs(centre) * abs(radius) / radius  # e^{-iψ} of the point nearest to the origin
        return self.line.frequency_hz + self.line.width_hz / 2 * tan(-float(np.angle(turn)) / 2)

    def width_bounds_hz(self, confidence: float) -> Bounds:
        lower, upper = self.found.fitted.interval(self.line.index + 1, confidence)
        span = self.found.span_hz
        own = None if lower is None else exp(lower) * span, None if upper is None else exp(upper) * span
        return own if self.curved is None else _both(own, self.curved.width_bounds_hz(confidence))

    def loss_bounds(self, quality: Literal["internal", "coupling"], confidence: float) -> tuple[float, float]:
        """Of 1/Q."""
        loss, error = self.found.fitted.propagated(self.inverse_internal if quality == "internal" else self.inverse_coupling)
        reach = self.found.fitted.quantile(confidence) * error
        lower, upper = loss - reach, loss + reach
        if self.curved is not None:
            others = self.curved.loss_bounds(quality, confidence)
            lower, upper = min(lower, others[0]), max(upper, others[1])
        return lower, upper

    def coupling(self, values: Floats) -> complex:
        """Q_l/Q_c, complex; 0 in transmission."""
        if self.geometry == "transmission":
            return 0j
        ratio = -self.found.line_of(values, self.line.index).diameter / self.found.background_of(values)
        return ratio / 2 if self.geometry == "reflection" else ratio

    def inverse_loaded(self, values: Floats) -> float:
        line = self.found.line_of(values, self.line.index)
        return line.width_hz / line.frequency_hz

    def inverse_coupling(self, values: Floats) -> float:
        """1/|Q_c|."""
        return abs(self.coupling(values)) * self.inverse_loaded(values)

    def inverse_internal(self, values: Floats) -> float:
        return (1 - self.coupling(values).real) * self.inverse_loaded(values)

    def mismatch(self, values: Floats) -> float:
        """φ in rad."""
        return float(np.angle(self.coupling(values)))


def resonator(sweep: ResonatorSweep, near_hz: float | None = None) -> Resonator | str:
    """The sweep's resonator, or why none can be told.

    Raises:
        EstimatorError: frequencies that are not above 0.
    """
    frequency = np.array(sweep.frequency_hz)
    if frequency.size and frequency[0] <= 0:
        raise EstimatorError(f"the sweep begins at {frequency[0]:g} Hz; frequencies are above 0")
    found = find_resonances(frequency, np.array(sweep.s_real) + 1j * np.array(sweep.s_imag))
    if isinstance(found, str):
        return found
    straight = straightened(found) if found.fitted.misfit else None
    nearest = found.strongest if near_hz is None else _nearest(found, near_hz)
    curved = None if straight is None else Resonator(straight, _nearest(straight, nearest.frequency_hz), sweep.geometry)
    return Resonator(found, nearest, sweep.geometry, curved)


def photon_loss(data: Sequence[ResonatorSweep], parameters: ResonatorParameters) -> Outcome:
    """κ/2π in Hz, the full width of the resonance.

    Raises:
        EstimatorError: more than one sweep, or frequencies that are none.
    """
    sweep = one_sweep(data)
    found = resonator(sweep, parameters.near_hz)
    if isinstance(found, str):
        return not_estimated(parameters, found, unit="Hz", method=METHOD, counts={"points": len(sweep.frequency_hz)})
    lower, upper = found.width_bounds_hz(parameters.confidence)
    return _outcome(found, parameters, found.line.width_hz, (lower, upper), unit="Hz")


def quality_factor(data: Sequence[ResonatorSweep], parameters: QualityParameters) -> Outcome:
    """Loaded, internal or coupling Q.

    Raises:
        EstimatorError: more than one sweep, frequencies that are none, or a Q that the geometry does not tell.
    """
    sweep = one_sweep(data)
    if sweep.geometry == "transmission" and parameters.quality != "loaded":
        raise EstimatorError(
            f"{parameters.quality} Q of a transmission sweep: its height is not calibrated; ask for quality=loaded, or give a "
            "notch or reflection sweep"
        )
    found = resonator(sweep, parameters.near_hz)
    if isinstance(found, str):
        return not_estimated(parameters, found, unit="1", method=METHOD, counts={"points": len(sweep.frequency_hz)})
    if parameters.quality == "loaded":
        bounds = found.width_bounds_hz(parameters.confidence)
        frequency = found.line.frequency_hz
        lower, upper = (None if width is None else frequency / width for width in (bounds[1], bounds[0]))
        return _outcome(found, parameters, frequency / found.line.width_hz, (lower, upper), unit="1")
    values = found.found.fitted.values
    loss = found.inverse_internal(values) if parameters.quality == "internal" else found.inverse_coupling(values)
    lower, upper = found.loss_bounds(parameters.quality, parameters.confidence)
    if upper <= 0:
        why = f"the internal loss is below 0: the sweep is no {sweep.geometry} sweep"
        return _outcome(found, parameters, None, (None, None), unit="1", warning=why)
    value = 1 / loss if lower > 0 else None
    warning = (
        "" if value is not None else f"{parameters.quality} loss is too small beside the other to be told: a lower limit only"
    )
    bounds = 1 / upper, None if value is None else 1 / lower
    return _outcome(found, parameters, value, bounds, unit="1", warning=warning)


def _nearest(found: Resonances, near_hz: float) -> Line:
    return min(found.lines, key=lambda line: abs(line.frequency_hz - near_hz))


def _both(one: Bounds, other: Bounds) -> Bounds:
    """What covers both; a bound that one of them does not set is none."""
    lower = None if one[0] is None or other[0] is None else min(one[0], other[0])
    return lower, None if one[1] is None or other[1] is None else max(one[1], other[1])


def one_sweep(data: Sequence[ResonatorSweep]) -> ResonatorSweep:
    """
    Raises:
        EstimatorError: several.
    """
    if len(data) > 1:
        raise EstimatorError(f"{len(data)} sweeps; give one, or ask for the frequency stability of all of them")
    return data[0]


def resonator_fit(found: Resonator) -> Fit:
    """The parameters as people know them, and the sweep's size and phase."""
    fitted, line = found.found.fitted, found.line
    parameters = {
        "f_r": Fitted(line.frequency_hz, found.frequency_error_hz, "Hz"),
        "kappa": Fitted(line.width_hz, float(fitted.errors[line.index + 1]) * line.width_hz, "Hz"),
        "Q_loaded": _inverted(fitted, found.inverse_loaded),
    }
    if found.geometry != "transmission":
        parameters |= {
            "Q_coupling": _inverted(fitted, found.inverse_coupling),
            "Q_internal": _inverted(fitted, found.inverse_internal),
            "mismatch": Fitted(*fitted.propagated(found.mismatch), "rad"),
        }
    parameters |= {
        "delay": Fitted(found.found.delay_s, float(fitted.errors[-2]) / (2 * pi * found.found.span_hz), "s"),
        "gain_slope": Fitted(float(fitted.values[-1]), float(fitted.errors[-1]), "Np/sweep"),
    }
    for number, each in enumerate(other for other in found.found.lines if other is not line):
        error = float(fitted.errors[each.index]) * found.found.span_hz
        parameters[f"f_other_{number + 1}"] = Fitted(each.frequency_hz, error, "Hz")
    return Fit(
        "e^{(β - 2πiτ)(f - f₀)} (A + Σ B/(1 + 2i(f - f_r)/κ))",
        parameters,
        goodness(fitted),
        plane_curves(found.found.frequency_hz, found.found.measured, found.found.model, fitted, line.frequency_hz),
    )


def plane_curves(
    frequency_hz: Floats, measured: Complexes, model: Complexes, fitted: CurveFit, reference_hz: float
) -> tuple[Curve, ...]:
    """Size and phase of a sweep against frequency; residuals along and across the signal."""
    error = max((fitted.deviance / fitted.freedom) ** 0.5, 1e-15)
    turned = measured * np.exp(-1j * np.angle(model))
    offset = (frequency_hz - reference_hz) / 1e3
    label = f"frequency - {reference_hz / 1e9:.9f} GHz, kHz"
    size, phase = np.abs(model), np.unwrap(np.angle(model))
    return (
        Curve("size", label, "|S| / rms", offset, np.abs(measured), size, (turned.real - size) / error),
        Curve("phase", label, "arg S in rad", offset, phase + np.angle(turned), phase, turned.imag / error),
    )


def _inverted(fitted: CurveFit, inverse: Callable[[Floats], float]) -> Fitted:
    """A Q from its loss; without an error where none is finite."""
    loss, error = fitted.propagated(inverse)
    return Fitted(1 / loss if loss else inf, error / loss**2 if loss else None)


def _outcome(
    found: Resonator, parameters: ResonatorParameters, value: float | None, bounds: Bounds, *, unit: str, warning: str = ""
) -> Outcome:
    fitted, line = found.found.fitted, found.line
    quality = {"quality": parameters.quality} if isinstance(parameters, QualityParameters) else {}
    minimum = found.loss_minimum_hz
    stated: dict[str, Parameter] = {
        **quality,
        "geometry": found.geometry,
        "frequency_hz": line.frequency_hz,
        "frequency_error_hz": found.frequency_error_hz,
        "frequency_is": "resonance f_r, not the loss minimum",
        "loss_minimum_hz": minimum,
        "resonances": len(found.found.lines),
    }
    warnings = [warning] if warning else []
    if found.curved is not None:
        width = found.curved.line.width_hz
        stated["width_curved_hz"] = width
        warnings.append(f"were the line to curve, κ would be {width / 1e3:.6g} kHz: intervals cover that, too")
    if len(found.found.lines) > 1:
        others = ", ".join(f"{each.frequency_hz / 1e9:.6f} GHz" for each in found.found.lines if each is not line)
        warnings.append(f"{len(found.found.lines)} resonances in the sweep (others at {others}): modes crowd")
    return Outcome(
        Estimate(
            value=value,
            lower=bounds[0],
            upper=bounds[1],
            confidence=parameters.confidence,
            counts={"points": found.found.frequency_hz.size},
            unit=unit,
            method=METHOD,
            parameters=stated,
            warnings=(*warnings, *misfit_warnings(fitted)),
        ),
        raw=value,
        corrected=value,
        model=resonator_fit(found),
    )


LOSS = Estimator(
    "photon-loss",
    "κ/2π = f_r/Q_l from a circle fit of a sweep",
    (ResonatorSweep,),
    ResonatorParameters,
    photon_loss,
    under=SPIN_TUNED_OUT,
)
QUALITY = Estimator(
    "quality-factor",
    "loaded, internal or coupling Q from a circle fit of a sweep",
    (ResonatorSweep,),
    QualityParameters,
    quality_factor,
    under=SPIN_TUNED_OUT,
)
ESTIMATORS = (LOSS, QUALITY)
