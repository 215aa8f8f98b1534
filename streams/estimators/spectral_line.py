"""An emission line in a spectrum: centre and width, with the instrument's response taken off.

The line is a Voigt profile of full width W and shape m, from Gaussian (m = 0) to Lorentzian (m = 1): its Lorentzian part is
m·W, its Gaussian part ((1 - 0.5346 m)² - 0.2166 m²)^½·W, so that W is the full width at half maximum of what the emitter sends
(Olivero and Longbothum, J. Quant. Spectrosc. Radiat. Transfer 17, 233 (1977), to 0.02 %). The instrument adds a Gaussian of its
own resolution in quadrature to the Gaussian part. Counts of a bin are the profile's mean over the bin, fitted by their Poisson
likelihood.
"""

from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np
from scipy import optimize, special

from schemas.measurements import EmissionSpectrum
from streams.estimators.outcome import Curve, Fit, Fitted, Floats
from streams.estimators.poisson_fit import PoissonFit, Term, fit_counts

_GAUSS = 2 * sqrt(2 * log(2))
"""FWHM over sigma."""
_FEWEST = 8
_FALSE_ALARM = 1e-6
"""Probability to see a line in counts that hold none."""
_DOUBTFUL, _STRUCTURE = 1e-3, 0.1
"""Chance of a deviance as large, below which errors grow; share of the line's size left over, beyond which it is another."""
_EXACT = 1e-3
_FIRST = 0.1
"""Bins, from which a search for an upper limit begins."""
_WIDEST = 1.0
"""Of the spectrum, that a line may be wide."""
_INSIDE = np.array([-1.0, 0.0, 1.0]) * sqrt(0.6) / 2
_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18
"""Places in a bin and their weights (Gauss and Legendre, three points)."""


@dataclass(frozen=True, slots=True)
class SpectralLine:
    """A fitted line; frequencies in Hz from the spectrum's reference. ``inflation`` of the errors where the shape holds badly."""

    fit: PoissonFit
    unit_hz: float
    resolution_hz: float
    inflation: float
    warnings: tuple[str, ...]
    axis_hz: Floats

    @property
    def centre_hz(self) -> float:
        return self.fit.value("centre") * self.unit_hz

    @property
    def centre_error_hz(self) -> float:
        return (self.fit.error("centre") or 0.0) * self.unit_hz * self.inflation

    @property
    def width_hz(self) -> float:
        """What the emitter sends, the instrument taken off."""
        return self.fit.value("width") * self.unit_hz

    @property
    def measured_width_hz(self) -> float:
        """With the instrument's part in it."""
        lorentzian, gaussian = _parts(self.fit.value("width"), self.fit.value("shape"))
        whole = sqrt((gaussian * self.unit_hz) ** 2 + self.resolution_hz**2)
        return 0.5346 * lorentzian * self.unit_hz + sqrt(0.2166 * (lorentzian * self.unit_hz) ** 2 + whole**2)

    def width_bounds_hz(self, confidence: float) -> tuple[float, float | None]:
        """The lower one is 0 where the instrument alone would explain the line."""
        rise = float(special.chdtri(1, 1 - confidence)) * self.inflation**2
        best, widest = self.fit.value("width"), next(term.upper for term in self.fit.terms if term.name == "width")

        def above(width: float) -> float:
            return self._risen(width) - rise

        lower = 0.0 if above(0.0) < 0 else optimize.brentq(above, 0.0, best, rtol=_EXACT)
        low, high = best, max(best * 1.2, _FIRST)
        while above(high) < 0:
            if high >= widest:
                return float(lower) * self.unit_hz, None
            low, high = high, min(high * 2, widest)
        return float(lower) * self.unit_hz, float(optimize.brentq(above, low, high, rtol=_EXACT)) * self.unit_hz

    def _risen(self, width: float) -> float:
        """How much the deviance is above its least with the width held, in bins."""
        terms = [replace(term, start=width, held=True) if term.name == "width" else term for term in self.fit.refined]
        return fit_counts(self.fit.model, terms, self.fit.counts).deviance - self.fit.deviance

    def shown(self, reference_hz: float) -> Fit:
        parameters = dict(self.fit.parameters)
        for name in ("centre", "width"):
            each = parameters[name]
            error = None if each.error is None else each.error * self.unit_hz
            parameters[name] = Fitted(each.value * self.unit_hz, error, "Hz")
        return Fit(
            "background + Voigt profile of the emitter, convolved with the instrument's Gaussian",
            parameters,
            self.fit.goodness,
            (
                Curve(
                    "spectrum",
                    f"frequency - {reference_hz / 1e12:.6f} THz, GHz",
                    "counts",
                    self.axis_hz / 1e9,
                    self.fit.counts,
                    self.fit.expected,
                    self.fit.residuals,
                ),
            ),
        )


def find_line(spectrum: EmissionSpectrum, shape: float | None = None) -> SpectralLine | str:
    """The line of a spectrum, or why there is none; ``shape`` holds m where it is known."""
    axis, counts = np.array(spectrum.offset_hz, np.float64), np.array(spectrum.counts, np.float64)
    if axis.size < _FEWEST:
        return f"a spectrum of {axis.size} bins: a line needs {_FEWEST}"
    if not counts.any():
        return "no counts"
    widths = np.gradient(axis)
    unit = float(np.median(widths))
    start = _start(axis / unit, counts / (widths / unit))
    terms = (
        Term("centre", start[0], float(axis[0] / unit), float(axis[-1] / unit), 1.0, "bins"),
        Term("width", start[1], 0.0, _WIDEST * float(np.ptp(axis)) / unit, 1.0, "bins"),
        Term("counts", start[2], 0.0, np.inf, max(sqrt(start[2]), 1.0)),
        Term("background", start[3], 0.0, np.inf, max(sqrt(start[3]), 0.1), "1/bin"),
        Term("shape", 0.5 if shape is None else shape, 0.0, 1.0, 0.1, held=shape is not None),
    )
    resolution = spectrum.resolution_hz / unit
    places, shares = axis / unit, widths / unit

    def model(values: Floats) -> Floats:
        return _expected(values, places, shares, resolution)

    fit = fit_counts(model, terms, counts)
    flat = fit_counts(lambda values: values[0] * shares, (Term("background", counts.mean(), 0.0, np.inf, 1.0),), counts)
    if special.chdtrc(fit.free - 1, max(flat.deviance - fit.deviance, 0.0)) * counts.size > _FALSE_ALARM:
        return "no line stands out of the background: count longer"
    inflation: float = 1.0
    warnings: tuple[str, ...] = ()
    if fit.p_value < _DOUBTFUL:
        if fit.unexplained > _STRUCTURE:
            left = f"the spectrum is no single line: {fit.unexplained:.0%} of its size are left unexplained"
            return f"{left}; choose the part that holds one line"
        inflation = max(1.0, sqrt(fit.goodness["deviance"] / fit.goodness["degrees_of_freedom"]))
        warnings = (f"the line's shape leaves {fit.unexplained:.1%} unexplained: errors are widened {inflation:.2f} times",)
    return SpectralLine(fit, unit, spectrum.resolution_hz, inflation, warnings, axis)


def _expected(values: Floats, places: Floats, shares: Floats, resolution: float) -> Floats:
    """Counts of every bin; frequencies in bins."""
    centre, width, counts, background, shape = values
    lorentzian, gaussian = _parts(float(width), float(shape))
    sigma = sqrt(gaussian**2 + resolution**2) / _GAUSS
    if sigma < 1e-6 and lorentzian < 1e-6:
        sigma = 1e-6
    inside = places[:, None] + _INSIDE * shares[:, None]
    profile = special.voigt_profile(inside - centre, sigma, lorentzian / 2) @ _WEIGHTS
    return np.asarray((counts * profile + background) * shares)


def _parts(width: float, shape: float) -> tuple[float, float]:
    """Lorentzian and Gaussian full widths."""
    return shape * width, sqrt(max((1 - 0.5346 * shape) ** 2 - 0.2166 * shape**2, 0.0)) * width


def _start(places: Floats, density: Floats) -> tuple[float, float, float, float]:
    """Centre, width, counts and background by the heights of a little smoothed counts."""
    smooth = np.convolve(density, np.ones(3) / 3, "same")
    background = float(np.quantile(density, 0.2))
    peak = int(np.argmax(smooth))
    half = background + (smooth[peak] - background) / 2
    wide = np.flatnonzero(smooth < half)
    left, right = wide[wide < peak].max(initial=0), wide[wide > peak].min(initial=places.size - 1)
    width = max(float(places[right] - places[left]), 1.0)
    return float(places[peak]), width, max(float((density - background).sum()), 1.0), max(background, 0.01)
