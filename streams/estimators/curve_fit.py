"""Maximum likelihood of a curve's parameters, with profile likelihood intervals.

Data are Gaussian or binomial. They are put as signed roots of deviances, whose sum of squares is twice the log-likelihood ratio
to the saturated model: least squares on them is maximum likelihood (McCullagh and Nelder 1989, 2.4). A bound is where the
deviance, minimised over the other parameters, has risen by the quantile of chi² (Wilks 1938), or of F where the scale of the
errors is taken from the scatter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import copysign, isfinite, sqrt
from typing import Protocol

import numpy as np
from scipy import optimize, stats

from streams.estimators.outcome import Bounds, Floats

Model = Callable[[Floats], Floats]
"""Expected data for parameters: probabilities of binomial data, means of the others."""

_MISFIT = 1e-3
"""Probability of residuals as large, below which errors are widened by their excess (Birge 1932)."""
_CORRELATED = 3.0
"""Standard errors of the correlation of neighbouring residuals, beyond which it counts."""
_TINY = 1e-12
_REACH = 60
"""Steps, each half as long again as the one before, that a search for a bound may take."""
_STEPS = 30
_STEP = 1e-4
_MOST_STEPS = 2_000
"""Evaluations that one search may take."""
_CLOSE = 1e-3


class Observed(Protocol):
    """Data with the law of their scatter. ``scaled``: the size of the errors is not known and taken from the scatter."""

    @property
    def scaled(self) -> bool: ...

    def residuals(self, expected: Floats) -> Floats:
        """Signed roots of deviances, positive where the data are above."""
        ...


@dataclass(frozen=True, slots=True)
class Gaussian:
    """``errors`` are standard errors; None where they are equal and unknown."""

    values: Floats
    errors: Floats | None = None

    @property
    def scaled(self) -> bool:
        return self.errors is None

    def residuals(self, expected: Floats) -> Floats:
        return (self.values - expected) / (1.0 if self.errors is None else self.errors)


@dataclass(frozen=True, slots=True)
class Binomial:
    """Expected are probabilities."""

    successes: Floats
    trials: Floats
    scaled: bool = False

    def residuals(self, expected: Floats) -> Floats:
        probability = np.clip(expected, _TINY, 1 - _TINY)
        good, poor = self.trials * probability, self.trials * (1 - probability)
        deviance = _deviance(self.successes, good) + _deviance(self.trials - self.successes, poor)
        return np.copysign(np.sqrt(deviance), self.successes - good)


def _deviance(counts: Floats, mean: Floats) -> Floats:
    """2 (c ln(c/m) - c + m), without cancellation where both are near each other."""
    some = counts > 0
    excess = np.where(some, mean / np.where(some, counts, 1) - 1, 0)
    return np.asarray(2 * np.where(some, counts * np.maximum(excess - np.log1p(excess), 0), mean))


@dataclass(frozen=True, slots=True)
class CurveFit:
    """The best parameters. ``residuals`` are in units of the errors that the data came with (or 1)."""

    values: Floats
    covariance: Floats
    """With ``scale`` in it; infinite where the data do not determine the parameters."""
    residuals: Floats
    deviance: float
    freedom: int
    scale: float
    """Variance of the residuals by which the covariance is widened: 1 where the errors were known and the model holds."""
    correlation: float
    """Of neighbouring residuals."""
    p_value: float
    """How likely residuals as large are by chance; where the errors are not known: as correlated between neighbours."""
    scaled: bool
    _again: Callable[[int, float, Floats], tuple[Floats, float]]
    _lower: Floats
    _upper: Floats

    @property
    def errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))

    @property
    def misfit(self) -> bool:
        """Whether the model does not hold to within the scatter."""
        return self.p_value < _MISFIT

    def criterion(self) -> float:
        """Akaike's information, corrected for small samples (Hurvich and Tsai 1989); smaller is better, data being the same."""
        number, free = self.residuals.size, self.values.size + self.scaled
        fit = number * np.log(max(self.deviance, _TINY) / number) if self.scaled else self.deviance
        return float(fit + 2 * free + 2 * free * (free + 1) / max(number - free - 1, 1e-3))

    def quantile(self, confidence: float) -> float:
        """Standard errors to either side of a central interval."""
        if self.scaled or self.scale > 1:
            return float(stats.t.ppf((1 + confidence) / 2, self.freedom))
        return float(stats.norm.ppf((1 + confidence) / 2))

    def interval(self, index: int, confidence: float) -> Bounds:
        """Profile likelihood; a bound is None where the deviance does not rise enough up to the parameter's own limit."""
        return self._bound(index, confidence, -1), self._bound(index, confidence, 1)

    def propagated(self, function: Callable[[Floats], float]) -> tuple[float, float]:
        """Value of a function of the parameters, and its standard error to first order."""
        value = float(function(self.values))
        slopes = np.zeros_like(self.values)
        for index, error in enumerate(self.errors):
            if not isfinite(error):
                return value, float("inf")
            moved = [self.values.copy(), self.values.copy()]
            step = max(error * 1e-3, abs(self.values[index]) * 1e-9, 1e-300)
            moved[0][index] += step
            moved[1][index] -= step
            slopes[index] = (function(moved[0]) - function(moved[1])) / (2 * step)
        return value, sqrt(max(float(slopes @ self.covariance @ slopes), 0.0))

    def _bound(self, index: int, confidence: float, side: int) -> float | None:
        """By secants on the signed root of the risen deviance, which is nearly straight."""
        wanted = self.quantile(confidence)
        limit = float(self._upper[index] if side > 0 else self._lower[index])
        best, start = float(self.values[index]), self.values
        error = float(self.errors[index])
        step = wanted * error if 0 < error < float("inf") else max(abs(best), 1.0) * 1e-3
        inside, at, root = best, best, 0.0
        outside = None
        for _ in range(_REACH):
            at = inside + side * step
            at = min(at, limit) if side > 0 else max(at, limit)
            found, deviance = self._again(index, at, start)
            root = sqrt(max(deviance - self.deviance, 0.0) / self.scale)
            if root >= wanted:
                outside = at
                break
            if at == limit:
                return None
            inside, start, step = at, found, step * 1.5
        if outside is None:
            return None
        low, high, high_root = inside, outside, root
        low_root = 0.0 if low == best else self._root(index, low, start)
        for _ in range(_STEPS):
            if abs(high_root - wanted) < _CLOSE * wanted:
                return high
            share = (wanted - low_root) / (high_root - low_root)
            at = low + (high - low) * min(max(share, 0.02), 0.98)
            root = self._root(index, at, start)
            if root >= wanted:
                high, high_root = at, root
            elif abs(root - wanted) < _CLOSE * wanted:
                return at
            else:
                low, low_root = at, root
        return high

    def _root(self, index: int, at: float, start: Floats) -> float:
        return sqrt(max(self._again(index, at, start)[1] - self.deviance, 0.0) / self.scale)


def fit(
    model: Model, observed: Observed, start: Sequence[float] | Floats, lower: Sequence[float], upper: Sequence[float]
) -> CurveFit | None:
    """The likeliest parameters within [lower, upper], sought from ``start``; None where the search fails or data are too few.

    Gaussian errors that are not known, and any that prove too small, are scaled to the scatter; correlation of neighbouring
    residuals (what the model leaves over is smooth) widens that scale by (1 + r)/(1 - r).
    """
    low, high = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    first = np.clip(np.asarray(start, np.float64), low, high)

    def residuals(parameters: Floats) -> Floats:
        return observed.residuals(model(parameters))

    found = _least(residuals, first, low, high)
    if found is None:
        return None
    values, left = found
    number, free = left.size, first.size
    freedom = number - free
    if freedom < 1:
        return None
    deviance = float(left @ left)
    correlation = _neighbours(left)
    excess = deviance / freedom
    p_value = float(stats.norm.sf(correlation * sqrt(number)) if observed.scaled else stats.chi2.sf(deviance, freedom))
    scale = excess if observed.scaled or p_value < _MISFIT else 1.0
    if scale != 1.0 and correlation * sqrt(number) > _CORRELATED:
        scale *= (1 + correlation) / (1 - correlation)

    def again(index: int, value: float, from_: Floats) -> tuple[Floats, float]:
        """The others' best values with one held, and the deviance."""
        free_ones = np.arange(first.size) != index

        def held(others: Floats) -> Floats:
            parameters = np.empty_like(first)
            parameters[free_ones], parameters[index] = others, value
            return residuals(parameters)

        whole = from_.copy()
        whole[index] = value
        if not free_ones.any():
            left = residuals(whole)
            return whole, float(left @ left)
        result = _least(held, from_[free_ones], low[free_ones], high[free_ones])
        if result is None:
            return whole, float("inf")
        whole[free_ones] = result[0]
        return whole, float(result[1] @ result[1])

    return CurveFit(
        values=values,
        covariance=_covariance(_jacobian(residuals, values, low, high)) * scale,
        residuals=left,
        deviance=deviance,
        freedom=freedom,
        scale=max(scale, _TINY),
        correlation=correlation,
        p_value=p_value,
        scaled=observed.scaled,
        _again=again,
        _lower=low,
        _upper=high,
    )


def _least(residuals: Model, start: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats] | None:
    """Parameters of the least squares and the residuals there; None where the search fails or leaves the finite numbers.

    Levenberg and Marquardt's way as MINPACK has it, which knows no limits but is the fastest; by trust regions where that ends
    outside of them.
    """
    inside = np.clip(start, low, high)

    def limited(values: Floats) -> Floats:
        return residuals(np.clip(values, low, high))

    if not np.isfinite(limited(inside)).all() or limited(inside).size < inside.size:
        return None
    values, *_ = optimize.leastsq(limited, inside, full_output=True, maxfev=_MOST_STEPS)
    if not ((values > low).all() and (values < high).all()):
        result = optimize.least_squares(residuals, inside, jac="3-point", bounds=(low, high), x_scale="jac", max_nfev=_MOST_STEPS)
        values = result.x
    left = residuals(values)
    return (np.asarray(values), left) if np.isfinite(left).all() else None


def _jacobian(residuals: Model, values: Floats, low: Floats, high: Floats) -> Floats:
    """Central differences, each over a step that changes the residuals well above rounding; one-sided at a limit."""
    columns = []
    for index, value in enumerate(values):
        step = _STEP * max(abs(float(value)), _STEP)
        for _ in range(2):
            ends = [values.copy(), values.copy()]
            ends[0][index] = max(value - step, low[index])
            ends[1][index] = min(value + step, high[index])
            change = residuals(ends[1]) - residuals(ends[0])
            slope = change / (ends[1][index] - ends[0][index])
            size = float(np.linalg.norm(slope))
            step = _STEP / size if size > 0 else step  # the second time, a fixed share of a standard error
        columns.append(slope)
    return np.stack(columns, axis=1)


def _covariance(jacobian: Floats) -> Floats:
    """Of parameters at the minimum, for residuals of variance 1."""
    sizes = np.linalg.norm(jacobian, axis=0)
    if not (sizes > 0).all():
        return np.full((sizes.size, sizes.size), np.inf)
    _, singular, vectors = np.linalg.svd(jacobian / sizes, full_matrices=False)
    if singular[-1] < 1e-10 * singular[0]:
        return np.full((sizes.size, sizes.size), np.inf)
    scaled = vectors.T / singular
    return np.asarray((scaled @ scaled.T) / np.outer(sizes, sizes))


def _neighbours(residuals: Floats) -> float:
    """Correlation of neighbouring residuals, 0 where there is none to speak of; below 1."""
    total = float(residuals @ residuals)
    if residuals.size < 4 or total <= 0:
        return 0.0
    found = float(residuals[1:] @ residuals[:-1]) / total
    return copysign(min(abs(found), 0.99), found)
