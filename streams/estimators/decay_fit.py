"""Fits of what a pulse sequence leaves of a population against its length: decays, and oscillations that decay.

y(t) = c + a e^{-(t/T)^n}, or c + e^{-(t/T)^n} (p cos 2πft + q sin 2πft). n is 1 (white noise), 2 (noise that is slow beside the
sequence: Gaussian) or free (stretched); T is where the envelope has fallen to 1/e for all of them. Which one is told by
Akaike's criterion, and an interval covers every shape that the data cannot tell from the best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, pi

import numpy as np
from scipy import stats

from streams.estimators.curve_fit import Binomial, CurveFit, Gaussian, fit
from streams.estimators.outcome import Bounds, Floats

_EXPONENTS: dict[str, float | None] = {"exponential": 1.0, "gaussian": 2.0, "stretched": None}
SHAPES = tuple(_EXPONENTS)
_STRETCHED = (0.5, 4.0)
_ALIKE = 2.0
"""Difference of criteria up to which shapes count as not told apart (Burnham and Anderson 2002)."""
FALSE_ALARM = 1e-4
"""Probability to see a decay where there is none."""
_SHORTEST, _LONGEST = 0.1, 100.0
"""Decay times lie between this much of the least spacing and of the longest sequence."""
_TIMES, _FREQUENCIES_A_LINE = 12, 4
_LOWEST = 0.25
"""Cycles within the longest sequence, below which an oscillation is a decay."""


@dataclass(frozen=True, slots=True)
class DecayData:
    """Populations or signals at ascending lengths of a sequence; ``observed`` knows their scatter."""

    delay_s: Floats
    values: Floats
    errors: Floats
    """One standard error of each, for the search of a start; equal where they are not known."""
    observed: Gaussian | Binomial

    @property
    def span_s(self) -> float:
        return float(self.delay_s[-1] - self.delay_s[0])

    @property
    def step_s(self) -> float:
        """The usual spacing."""
        return float(np.median(np.diff(self.delay_s)))


@dataclass(frozen=True, slots=True)
class DecayFit:
    """A fit of one shape. Times in s, frequencies in Hz; where one is unknown it is None."""

    shape: str
    oscillates: bool
    fitted: CurveFit
    span_s: float

    @property
    def exponent(self) -> float | None:
        """n; None where nothing decays."""
        if self.shape == "undamped":
            return None
        fixed = _EXPONENTS[self.shape]
        return float(self.fitted.values[-1]) if fixed is None else fixed

    @property
    def _time_index(self) -> int | None:
        return None if self.shape == "undamped" else 4 if self.oscillates else 2

    @property
    def time_s(self) -> float | None:
        index = self._time_index
        return None if index is None else exp(self.fitted.values[index]) * self.span_s

    @property
    def time_error_s(self) -> float | None:
        index = self._time_index
        return None if index is None else float(self.fitted.errors[index]) * (self.time_s or inf)

    @property
    def frequency_hz(self) -> float | None:
        return exp(self.fitted.values[3]) / self.span_s if self.oscillates else None

    @property
    def frequency_error_hz(self) -> float | None:
        return float(self.fitted.errors[3]) * (self.frequency_hz or inf) if self.oscillates else None

    def time_bounds_s(self, confidence: float) -> Bounds:
        index = self._time_index
        return (None, None) if index is None else self._scaled(index, confidence, self.span_s)

    def frequency_bounds_hz(self, confidence: float) -> Bounds:
        return self._scaled(3, confidence, 1 / self.span_s) if self.oscillates else (None, None)

    def model(self, delay_s: Floats) -> Floats:
        return _curve(self.shape, self.oscillates, delay_s / self.span_s, self.fitted.values)

    def _scaled(self, index: int, confidence: float, unit: float) -> Bounds:
        lower, upper = self.fitted.interval(index, confidence)
        return None if lower is None else exp(lower) * unit, None if upper is None else exp(upper) * unit


def fit_decays(data: DecayData, shapes: Sequence[str], oscillations: Sequence[str]) -> tuple[DecayFit, ...]:
    """The shapes that the data cannot tell apart, the likeliest first; empty where none can be fitted.

    ``shapes`` of a plain decay are of SHAPES; those of the decay of an oscillation may be ``undamped`` too.
    """
    found = [
        DecayFit(shape, oscillates, fitted, data.span_s)
        for shape, oscillates in (*((shape, False) for shape in shapes), *((shape, True) for shape in oscillations))
        if (fitted := _fit_shape(data, shape, oscillates=oscillates)) is not None
    ]
    found.sort(key=lambda each: each.fitted.criterion())
    return tuple(each for each in found if each.fitted.criterion() <= found[0].fitted.criterion() + _ALIKE)


def chance_of(data: DecayData, best: DecayFit) -> float:
    """How likely a level that does not change looks as much like this by chance, for all frequencies that were looked at."""
    level = fit(lambda values: np.full(data.values.size, values[0]), data.observed, [float(data.values.mean())], [-inf], [inf])
    if level is None:
        return 1.0
    free = best.fitted.values.size - 1
    fallen = level.deviance - best.fitted.deviance
    trials = data.values.size if best.oscillates else 1
    if best.fitted.deviance <= 0:
        return 0.0
    if best.fitted.scaled or best.fitted.scale > 1:
        chance = stats.f.sf(max(fallen, 0.0) / free / best.fitted.scale, free, best.fitted.freedom)
    else:
        chance = stats.chi2.sf(max(fallen, 0.0), free)
    return float(min(1.0, trials * chance))


def joined(bounds: Sequence[Bounds]) -> Bounds:
    """The interval that holds all of them; open where one is."""
    lowers, uppers = [each[0] for each in bounds], [each[1] for each in bounds]
    return (
        None if not lowers or None in lowers else min(each for each in lowers if each is not None),
        None if not uppers or None in uppers else max(each for each in uppers if each is not None),
    )


def _curve(shape: str, oscillates: bool, place: Floats, values: Floats) -> Floats:
    """Over times in spans."""
    if not oscillates:
        return np.asarray(values[0] + values[1] * _envelope(shape, place, values, 2))
    phase = 2 * pi * exp(values[3]) * place
    swing = values[1] * np.cos(phase) + values[2] * np.sin(phase)
    return np.asarray(values[0] + (swing if shape == "undamped" else swing * _envelope(shape, place, values, 4)))


def _envelope(shape: str, place: Floats, values: Floats, index: int) -> Floats:
    fixed = _EXPONENTS[shape]
    exponent = float(values[-1]) if fixed is None else fixed
    return np.asarray(np.exp(-((np.maximum(place, 0) / exp(values[index])) ** exponent)))


def _fit_shape(data: DecayData, shape: str, *, oscillates: bool) -> CurveFit | None:
    place = data.delay_s / data.span_s
    step = data.step_s / data.span_s
    shortest, longest = log(_SHORTEST * step), log(_LONGEST)
    start = _start(data, shape, oscillates=oscillates)
    lower, upper = [-inf, -inf], [inf, inf]
    if oscillates:
        lower += [-inf, log(_LOWEST)]
        upper += [inf, log(0.5 / step)]
    if shape != "undamped":
        lower.append(shortest)
        upper.append(longest)
    if shape == "stretched":
        lower.append(_STRETCHED[0])
        upper.append(_STRETCHED[1])
    return fit(lambda values: _curve(shape, oscillates, place, values), data.observed, start, lower, upper)


def _start(data: DecayData, shape: str, *, oscillates: bool) -> list[float]:
    """The best of a grid of times, exponents and frequencies; what is linear is solved for."""
    place, step = data.delay_s / data.span_s, data.step_s / data.span_s
    weights = 1 / data.errors
    times = np.geomspace(step, 3.0, _TIMES) if shape != "undamped" else np.array([inf])
    fixed = _EXPONENTS.get(shape, 1.0)
    exponents = np.array([fixed]) if fixed is not None else np.array([1.0, 2.0])
    envelopes = np.exp(-((place / times[:, None, None]) ** exponents[:, None])).reshape(-1, place.size)
    if oscillates:
        most = max(2, int(_FREQUENCIES_A_LINE * 0.5 / step))
        frequencies = np.arange(1, most + 1) / _FREQUENCIES_A_LINE
        turns = 2 * pi * frequencies[:, None] * place
        waves = np.stack((np.cos(turns), np.sin(turns)), axis=1)
        shapes = waves[:, None] * envelopes[None, :, None]
    else:
        frequencies = np.array([0.0])
        shapes = envelopes[None, :, None]
    design = np.concatenate((np.ones((*shapes.shape[:2], 1, place.size)), shapes), axis=2) * weights
    normal = design @ design.swapaxes(-1, -2)
    normal += 1e-9 * np.eye(design.shape[2]) * np.trace(normal, axis1=-2, axis2=-1)[..., None, None]
    target = (design @ (data.values * weights))[..., None]
    solved = np.linalg.solve(normal, target)
    gain = (solved * target).sum(axis=(-2, -1))
    which, envelope = np.unravel_index(int(np.argmax(gain)), gain.shape)
    time, exponent = divmod(int(envelope), exponents.size)
    start = solved[which, envelope, :, 0].tolist()
    if oscillates:
        start.append(log(frequencies[which]))
    if shape != "undamped":
        start.append(log(times[time]))
    if shape == "stretched":
        start.append(float(exponents[exponent]))
    return [float(value) for value in start]
