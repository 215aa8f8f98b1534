"""Resonances in a sweep of complex transmission: circles in the plane, fitted whole.

S(f) = e^{(β - 2πiτ)(f - f₀)} (A + Σ Bₖ / (1 + 2i(f - fₖ)/κₖ)), with f₀ the middle of the sweep: τ is the cable's delay, β the
slope of its gain, A the line without resonance (amplitude and phase), and every Bₖ the diameter of a circle through A, turned
by the mismatch of impedances. It holds for a resonator beside the line, at its end and in it; what A and B mean is told by the
geometry (resonator.py). The circle of Probst et al., Rev. Sci. Instrum. 86, 024706 (2015), with delay, circle and phase fitted
at once instead of one after another, so that the errors of all are those of one likelihood. The start is sought over all
delays, widths and places.
"""

from dataclasses import dataclass
from math import exp, log, pi
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from streams.estimators.curve_fit import CurveFit, Gaussian, fit
from streams.estimators.outcome import Floats

Complexes = npt.NDArray[np.complex128]
_Number = TypeVar("_Number", np.float64, np.complex128)

FEWEST_POINTS = 12
_FALSE_ALARM = 1e-6
"""Probability to see a resonance in noise alone."""
_SEARCH_POINTS = 1024
"""Points that a search looks at; longer sweeps are averaged in blocks for it, and fitted whole."""
_DELAY_STEP = 0.8
_DELAY_REACH = 16
"""Delays are sought in steps of this phase over the sweep, so many on either side of the likeliest one without resonance."""
_WIDEST = 0.5
_NARROWEST = 1.0
"""Linewidths lie between so many sweeps and so many of its steps."""
_STEEPEST = 3.0
"""Change of the line's gain over the sweep, nepers."""
_MOST_CURVED = 3.0
"""Change of the line's gain (nepers) and phase that its curve may make from the middle of the sweep to twice its ends."""
_LEAST_SHARE = 0.05
"""Of the largest circle's diameter: what a further resonance needs to be counted; ripples of the line stay below."""
_APART = 0.5
"""Mean widths between two resonances that are counted as two; nearer ones mend the shape of one."""
_MOST = 8
_COARSE = 2.0
"""How much more of the deviance a fit may take off than the best of the widths and places that were tried."""
_PER_RESONANCE = 4
_WIDER = (
    "what stands out of the noise is no resonance inside the sweep that half of it and its points resolve: sweep wider, or finer"
)
_LINE = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One resonance: frequency and full width in Hz, circle diameter (complex), and where its parameters stand in the fit."""

    frequency_hz: float
    width_hz: float
    diameter: complex
    index: int


@dataclass(frozen=True, slots=True)
class Resonances:
    """Resonances by frequency.

    ``fitted`` has place, log width and diameter (two) for each, then the line (two), the delay's phase and the gain's slope.
    """

    lines: tuple[Line, ...]
    background: complex
    delay_s: float
    fitted: CurveFit
    frequency_hz: Floats
    measured: Complexes
    model: Complexes
    significance: float
    """Probability that noise alone looks like the last resonance that was found."""

    @property
    def middle_hz(self) -> float:
        return _middle(self.frequency_hz)

    @property
    def span_hz(self) -> float:
        return float(np.ptp(self.frequency_hz))

    @property
    def strongest(self) -> Line:
        return max(self.lines, key=lambda line: abs(line.diameter))

    def line_of(self, values: Floats, index: int) -> Line:
        """A line as other values of the fit would have it."""
        place, width, real, imag = values[index : index + _PER_RESONANCE]
        return Line(self.middle_hz + float(place) * self.span_hz, exp(float(width)) * self.span_hz, complex(real, imag), index)

    def background_of(self, values: Floats) -> complex:
        return complex(*values[-_LINE:][:2])


def find_resonances(frequency_hz: Floats, measured: Complexes, *, most: int = _MOST, apart: float = _APART) -> Resonances | str:
    """Up to ``most`` resonances that stand out of the noise, ``apart`` mean widths between them, or why there is none to fit.

    ``frequency_hz`` ascends; ``measured`` is finite, as long.
    """
    if frequency_hz.size < FEWEST_POINTS:
        return f"a sweep of {frequency_hz.size} points: a resonance needs {FEWEST_POINTS}"
    place, size = places(frequency_hz), float(np.sqrt(np.mean(np.abs(measured) ** 2)))
    if size == 0 or float(np.abs(measured - measured.mean()).max()) <= 1e-12 * size:
        return "every point of the sweep is the same: no resonance, or no signal"
    scaled = measured / size
    bare = _fit(place, scaled, [*_bare_start(place, scaled)], 0)
    found = base = None
    chance = gained = 1.0
    deviance, lines = float("inf") if bare is None else bare.deviance, 0
    for number in range(1, most + 1):
        start = _start(place, scaled, base)
        base = None if start is None else _fit(place, scaled, start, number)
        if base is None:
            break
        gained = _chance(deviance, base, place.size, number - lines)
        if gained < _FALSE_ALARM and _plausible(base, number, place.size, apart):
            found, deviance, chance, lines = base, base.deviance, gained, number
        elif found is not None or number > 1:
            break
        # else: two alike may look like no single one
    if found is None:
        return _WIDER if gained < _FALSE_ALARM else "no resonance stands out of the noise: average longer, or sweep where it is"
    return _resonances(frequency_hz, measured, size, found, chance)


def delayed_lines(place: Floats, values: Floats) -> Complexes:
    """The model over ``place`` (frequency from the middle in sweeps)."""
    real, imag, delay, slope = values[-_LINE:]
    total = np.full(place.shape, complex(real, imag))
    for index in range(0, values.size - _LINE, _PER_RESONANCE):
        total += complex(values[index + 2], values[index + 3]) * lorentzian(place, values[index], exp(values[index + 1]))
    return np.asarray(total * np.exp((slope - 1j * delay) * place))


def lorentzian(place: Floats, at: float, width: float) -> Complexes:
    """1 / (1 + 2i(x - x₀)/w)."""
    return np.asarray(1 / (1 + 2j * (place - at) / width))


def stacked(values: Complexes) -> Floats:
    """Real parts, then imaginary ones."""
    return np.concatenate((values.real, values.imag))


def straightened(found: Resonances) -> Resonances | None:
    """The same resonances in a line whose gain and phase may curve, too, that curve taken off; None where no fit finds one.

    What else a line does is told by this difference, not by the scatter around either.
    """
    place, number = places(found.frequency_hz), len(found.lines)
    values, reach = found.fitted.values, [_MOST_CURVED] * 2

    def curve(parameters: Floats) -> Complexes:
        return np.asarray(np.exp(complex(*parameters[values.size :]) * place**2))

    lower, upper = _limits(place, number)
    curved = fit(
        lambda given: stacked(delayed_lines(place, given[: values.size]) * curve(given)),
        Gaussian(stacked(found.measured)),
        [*values, 0.0, 0.0],
        [*lower, *(-each for each in reach)],
        [*upper, *reach],
    )
    if curved is None:
        return None
    straight = np.asarray(found.measured / curve(curved.values))
    fitted = _fit(place, straight, curved.values[: values.size].tolist(), number)
    return None if fitted is None else _resonances(found.frequency_hz, straight, 1.0, fitted, found.significance)


def _middle(frequency_hz: Floats) -> float:
    return float(frequency_hz[0] + frequency_hz[-1]) / 2


def places(frequency_hz: Floats) -> Floats:
    """Frequencies from the middle of the sweep, in sweeps."""
    return np.asarray((frequency_hz - _middle(frequency_hz)) / np.ptp(frequency_hz))


def _fit(place: Floats, scaled: Complexes, start: list[float], number: int) -> CurveFit | None:
    return fit(lambda values: stacked(delayed_lines(place, values)), Gaussian(stacked(scaled)), start, *_limits(place, number))


def _limits(place: Floats, number: int) -> tuple[list[float], list[float]]:
    narrow = log(_NARROWEST / place.size)
    reach = 2 * pi * place.size
    lower = [-0.6, narrow, -np.inf, -np.inf] * number + [-np.inf, -np.inf, -reach, -_STEEPEST]
    upper = [0.6, log(4 * _WIDEST), np.inf, np.inf] * number + [np.inf, np.inf, reach, _STEEPEST]
    return lower, upper


def _plausible(found: CurveFit, number: int, points: int, apart: float) -> bool:
    """Whether every line is within the sweep, resolved by its points, narrower than it, and no ripple beside the others."""
    lines = found.values[: number * _PER_RESONANCE].reshape(number, _PER_RESONANCE)
    diameters = np.hypot(lines[:, 2], lines[:, 3])
    widths = np.exp(lines[:, 1])
    distances = np.abs(lines[:, None, 0] - lines[None, :, 0]) + np.eye(number)
    return bool(
        (np.abs(lines[:, 0]) < 0.5).all()
        and (widths > 1.01 * _NARROWEST / points).all()
        and (widths < _WIDEST).all()
        and (diameters >= _LEAST_SHARE * diameters.max()).all()
        and (distances >= apart * (widths[:, None] + widths) / 2).all()
        and np.isfinite(found.errors).all()
    )


def _chance(before: float, found: CurveFit, points: int, more: int) -> float:
    """That a search of noise finds ``more`` lines by which the deviance falls as much; what is smooth counts as fewer points."""
    if found.deviance <= 0:
        return 0.0
    widened = max(found.scale / (found.deviance / found.freedom), 1.0)
    free = more * _PER_RESONANCE
    statistic = (before - found.deviance) / free / (found.deviance / found.freedom) / widened
    return float(min(1.0, float(points) ** more * stats.f.sf(max(statistic, 0.0), free, found.freedom)))


def _start(place: Floats, scaled: Complexes, found: CurveFit | None) -> list[float] | None:
    """Where to begin with one line more."""
    coarse_place, coarse = _blocks(place), _blocks(scaled)
    templates = _templates(coarse_place)
    if found is None:
        delays = _delays(coarse_place, coarse)
    else:
        coarse = _blocks(np.asarray(scaled - delayed_lines(place, found.values)))
        delays = np.array([found.values[-2]])
    turned = coarse[:, None] * np.exp(1j * coarse_place[:, None] * delays)
    matched = templates.shapes.conj() @ turned
    total, count = turned.sum(axis=0), coarse.size
    norm = templates.squares - np.abs(templates.sums) ** 2 / count
    gain = np.abs(matched - templates.sums.conj()[:, None] * total / count) ** 2 / norm[:, None]
    gain += np.abs(total) ** 2 / count
    which, delay = np.unravel_index(int(np.argmax(gain)), gain.shape)
    if found is not None and _hopeless(float(gain[which, delay]) * place.size / count, found, place.size):
        return None
    shape = templates.shapes[which]
    design = np.stack((shape, np.ones_like(shape)), axis=1)
    diameter, background = np.linalg.lstsq(design, turned[:, delay], rcond=None)[0]
    line = [float(templates.at[which]), log(templates.width[which]), float(diameter.real), float(diameter.imag)]
    if found is None:
        return [*line, float(background.real), float(background.imag), float(delays[delay]), 0.0]
    return [*found.values[:-_LINE].tolist(), *line, *found.values[-_LINE:].tolist()]


def _hopeless(gained: float, found: CurveFit, points: int) -> bool:
    """Whether a line that takes about this much off the deviance is within what noise has."""
    noise = max(found.deviance - gained, 0.0) / found.freedom
    return _COARSE * gained < float(stats.chi2.isf(_FALSE_ALARM / points, _PER_RESONANCE)) * noise


@dataclass(frozen=True, slots=True)
class _Templates:
    shapes: Complexes
    at: Floats
    width: Floats
    sums: Complexes
    squares: Floats


def _templates(place: Floats) -> _Templates:
    """Lines of all widths, each octave, half a width apart."""
    at, width = [], []
    wide = 2 * _NARROWEST / place.size
    while wide < _WIDEST:
        centres = np.arange(-0.5 + wide / 4, 0.5, wide / 2)
        at.append(centres)
        width.append(np.full(centres.size, wide))
        wide *= 2
    places, widths = np.concatenate(at), np.concatenate(width)
    shapes = 1 / (1 + 2j * (place - places[:, None]) / widths[:, None])
    return _Templates(shapes, places, widths, shapes.sum(axis=1), np.sum(np.abs(shapes) ** 2, axis=1))


def _delays(place: Floats, values: Complexes) -> Floats:
    """Phases of delay over the sweep to try: around the one that alone leaves least."""
    even = np.linspace(place[0], place[-1], place.size)
    spectrum = np.fft.fft(np.interp(even, place, values.real) + 1j * np.interp(even, place, values.imag), 8 * place.size)
    best = float(np.fft.fftfreq(spectrum.size)[int(np.argmax(np.abs(spectrum)))])
    likeliest = -2 * pi * best * (place.size - 1)
    return np.asarray(likeliest + _DELAY_STEP * np.arange(-_DELAY_REACH, _DELAY_REACH + 1))


def _bare_start(place: Floats, scaled: Complexes) -> tuple[float, float, float, float]:
    delay = float(_delays(_blocks(place), _blocks(scaled))[_DELAY_REACH])
    line = complex(np.mean(scaled * np.exp(1j * delay * place)))
    return line.real, line.imag, delay, 0.0


def _blocks(values: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Means of equal blocks, at most as many as a search looks at; the last points that fill no block are left out."""
    size = -(-values.size // _SEARCH_POINTS)
    return np.asarray(values[: values.size // size * size].reshape(-1, size).mean(axis=1))


def _resonances(frequency_hz: Floats, measured: Complexes, size: float, found: CurveFit, chance: float) -> Resonances:
    span, middle = float(np.ptp(frequency_hz)), _middle(frequency_hz)
    lines = [
        Line(
            middle + float(found.values[index]) * span,
            exp(found.values[index + 1]) * span,
            complex(found.values[index + 2], found.values[index + 3]),
            index,
        )
        for index in range(0, found.values.size - _LINE, _PER_RESONANCE)
    ]
    return Resonances(
        lines=tuple(sorted(lines, key=lambda line: line.frequency_hz)),
        background=complex(*found.values[-_LINE:][:2]),
        delay_s=float(found.values[-2]) / (2 * pi * span),
        fitted=found,
        frequency_hz=frequency_hz,
        measured=np.asarray(measured / size),
        model=delayed_lines(places(frequency_hz), found.values),
        significance=chance,
    )
