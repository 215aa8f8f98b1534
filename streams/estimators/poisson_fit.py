"""Fits of counts by their Poisson likelihood, with intervals by the profile likelihood and a goodness that holds at low counts.

Least squares on deviance residuals minimise the deviance, which is twice the log likelihood against the saturated model (Baker
and Cousins 1984): the fit is the maximum likelihood one, without the bias of least squares with root-N errors.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from math import inf, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from streams.estimators.outcome import Bounds, Fitted, Floats
from streams.kernels.scoring import DAMPING, MOST_STEPS, SMALLEST, deviance_of, informed, stepped

_ROUNDS = 40
_CLOSE = 2e-3
"""Relative to the distance from the value: how exactly bounds are found."""
_LEAST_RISE = 0.1
"""Of the rise that is sought: less is taken as this, so that one step never grows more than about three times."""
GAIN = 1e-6
"""Of deviance: a step that gains less is the last."""
_STEP = 1e-5
_FEW = 60.0
"""Means above which the deviance's moments are those of many counts."""

Model = Callable[[Floats], Floats]
"""Expected counts of every bin, from the values of all terms in their order."""


@dataclass(frozen=True, slots=True)
class Descended:
    """Where a descent ended: all values, their deviance, and the information of those that were free."""

    values: Floats
    deviance: float
    information: Floats


Descent = Callable[["Sequence[Term]", Floats, float], Descended]
"""From where terms begin down to the most likely values for counts; a step that gains no more deviance than told is the last."""


@dataclass(frozen=True, slots=True)
class Term:
    """A parameter: where the fit begins, within which limits, the size of a step that matters. One that is ``held`` stays."""

    name: str
    start: float
    lower: float = -inf
    upper: float = inf
    scale: float = 1.0
    unit: str = "1"
    held: bool = False


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """``values`` in the order of ``terms``, with the ``covariance`` of those that were not held (NaN where it has none).

    ``p_value`` is the chance that counts which follow the model have a deviance as large; ``unexplained`` is the root mean square
    of what the model leaves over beyond counting noise, relative to that of the model.
    """

    terms: tuple[Term, ...]
    model: Model
    descent: Descent
    counts: Floats
    values: Floats
    covariance: Floats
    deviance: float
    p_value: float
    unexplained: float

    @property
    def expected(self) -> Floats:
        return _means(self.model, self.values)

    @property
    def residuals(self) -> Floats:
        return deviance_residuals(self.counts, self.expected)

    @property
    def refined(self) -> tuple[Term, ...]:
        """The terms, to begin from the values that were found."""
        return tuple(replace(term, start=float(value)) for term, value in zip(self.terms, self.values, strict=True))

    @property
    def free(self) -> int:
        """How many terms were fitted."""
        return sum(not term.held for term in self.terms)

    @property
    def criterion(self) -> float:
        """Bayesian information criterion (Schwarz 1978): the least is the best, and a richer model must earn its terms."""
        return self.deviance + log(self.counts.size) * self.free

    def value(self, name: str) -> float:
        return float(self.values[self._index(name)])

    def error(self, name: str) -> float | None:
        """One standard error; None for a term that was held."""
        term = self.terms[self._index(name)]
        if term.held:
            return None
        index = [one.name for one in self.terms if not one.held].index(name)
        return float(np.sqrt(self.covariance[index, index]))

    @property
    def parameters(self) -> dict[str, Fitted]:
        return {one.name: Fitted(self.value(one.name), self.error(one.name), one.unit) for one in self.terms}

    @property
    def goodness(self) -> dict[str, float]:
        return {
            "deviance": self.deviance,
            "degrees_of_freedom": float(self.counts.size - self.free),
            "p_value": self.p_value,
            "unexplained": self.unexplained,
        }

    def interval(self, name: str, confidence: float, inflation: float = 1.0) -> Bounds:
        """Profile likelihood bounds; None on a side where the likelihood never falls enough inside the term's limits.

        ``inflation`` widens it as if all errors were that much larger.
        """
        rise = float(special.chdtri(1, 1 - confidence)) * inflation**2
        term = self.terms[self._index(name)]
        error = self.error(name) or 0.0
        step = error * sqrt(rise) if np.isfinite(error) and error > 0 else term.scale
        return self._bound(name, -step, term.lower, rise), self._bound(name, step, term.upper, rise)

    def _index(self, name: str) -> int:
        return next(index for index, one in enumerate(self.terms) if one.name == name)

    def _bound(self, name: str, step: float, limit: float, rise: float) -> float | None:
        """Where the profiled deviance has risen by ``rise``: its root is nearly straight, so steps are scaled until it fits.

        The other terms go along nearly straight, too: first as the covariance says, then as they did.
        """
        index, best = self._index(name), self.values
        follow = self._follow(index)
        for _ in range(_ROUNDS):
            at = max(best[index] + step, limit) if step < 0 else min(best[index] + step, limit)
            ahead = best + follow * (at - best[index])
            started = [replace(term, start=float(value)) for term, value in zip(self.terms, ahead, strict=True)]
            started[index] = replace(started[index], start=at, held=True)
            found = self.descent(started, self.counts, GAIN)
            scale = sqrt(rise / max(found.deviance - self.deviance, _LEAST_RISE * rise))
            if abs(scale - 1) < _CLOSE:
                return float(at)
            if at == limit and scale > 1:
                return None
            if at != best[index]:
                follow = (found.values - best) / (at - best[index])
            step = (at - best[index]) * scale
        return None

    def _follow(self, index: int) -> Floats:
        """How far the values move when that of one term is moved by 1."""
        free = [place for place, term in enumerate(self.terms) if not term.held]
        follow = np.zeros(self.values.size)
        column = self.covariance[:, free.index(index)]
        if np.isfinite(column).all():
            follow[free] = column / column[free.index(index)]
        return follow


def fit_counts(
    model: Model, terms: Sequence[Term], counts: Floats, *, gain: float = GAIN, descent: Descent | None = None
) -> PoissonFit:
    """The maximum likelihood fit of ``model`` to ``counts`` from where ``terms`` say; a step that gains no more deviance than
    ``gain`` is the last. ``descent`` is the model's own way down, where it has one.
    """
    descent = descent or partial(_by_differences, model)
    found = descent(terms, counts, gain)
    means = _means(model, found.values)
    mean, variance = _deviance_moments(means)
    mean = max(mean - len(found.information), 1.0)
    excess = float(((counts - means) ** 2 - means).sum())
    return PoissonFit(
        terms=tuple(terms),
        model=model,
        descent=descent,
        counts=counts,
        values=found.values,
        covariance=_inverse(found.information),
        deviance=found.deviance,
        p_value=float(special.gammaincc(mean**2 / variance, found.deviance * mean / variance)),
        unexplained=sqrt(max(excess, 0.0) / float((means**2).sum())),
    )


def _by_differences(model: Model, terms: Sequence[Term], counts: Floats, gain: float) -> Descended:
    """Along slopes that are told from how the model's means differ a little to the side.

    Unlike a general least squares solver it decomposes no matrix of all bins, which would cost most of the time of a fit.
    """
    free, lower, upper, values = begun(terms)
    steps = np.array([term.scale for term in terms]) * _STEP
    slopes = np.empty((free.size, counts.size))
    means = _means(model, values)
    deviance, damping = deviance_of(counts, means), DAMPING
    for _ in range(MOST_STEPS):
        for row, index in enumerate(free):
            aside = values.copy()
            aside[index] += steps[index] if values[index] + steps[index] <= upper[index] else -steps[index]
            slopes[row] = (_means(model, aside) - means) / (aside[index] - values[index])
        information, score = informed(counts, means, slopes)
        before = deviance
        while damping < 1 / DAMPING**4:
            there = values.copy()
            there[free] = stepped(values[free], lower[free], upper[free], information, score, damping)
            expected = _means(model, there)
            if (other := deviance_of(counts, expected)) < deviance:
                values, means, deviance = there, expected, other
                break
            damping *= 10
        damping = max(damping / 10, DAMPING**2)
        if before - deviance <= gain:
            break
    return Descended(values, deviance, information)


def begun(terms: Sequence[Term]) -> tuple[npt.NDArray[np.intp], Floats, Floats, Floats]:
    """Places of the terms that are not held, all lower and all upper limits, and all values to begin from, within them."""
    free = np.array([index for index, term in enumerate(terms) if not term.held], np.intp)
    lower, upper = (np.array([getattr(term, side) for term in terms], np.float64) for side in ("lower", "upper"))
    starts = np.array([term.start for term in terms], np.float64)
    return free, lower, upper, np.where([term.held for term in terms], starts, np.clip(starts, lower, upper))


def _means(model: Model, values: Floats) -> Floats:
    return np.maximum(np.asarray(model(values), np.float64), SMALLEST)


def deviance_residuals(counts: Floats, expected: Floats) -> Floats:
    """Signed roots of each bin's deviance; about normal where counts are not few."""
    terms = 2 * (expected - counts + special.xlogy(counts, counts / expected))
    return np.asarray(np.sign(counts - expected) * np.sqrt(np.maximum(terms, 0.0)))


def _inverse(information: Floats) -> Floats:
    inverse: Floats
    try:
        inverse = np.asarray(np.linalg.inv(information), np.float64)
    except np.linalg.LinAlgError:
        return np.full(information.shape, np.nan)
    return inverse if (np.diag(inverse) > 0).all() else np.full(information.shape, np.nan)


def _deviance_moments(expected: Floats) -> tuple[float, float]:
    """Mean and variance of the deviance of counts with these means: a bin's are 1 and 2 for many counts, but not for few."""
    means, mean, variance = _moments_of_few()
    place = np.log(np.clip(expected, means[0], _FEW))
    many = expected > _FEW
    means_of = np.where(many, 1 + 1 / (6 * expected), np.interp(place, np.log(means), mean))
    variances_of = np.where(many, 2 + 2 / (3 * expected), np.interp(place, np.log(means), variance))
    return float(means_of.sum()), float(variances_of.sum())


@cache
def _moments_of_few() -> tuple[Floats, Floats, Floats]:
    """Means up to ``_FEW``, and of each the mean and the variance of one bin's deviance."""
    means = np.geomspace(1e-6, _FEW, 200)
    counts = np.arange(round(_FEW + 10 * sqrt(_FEW)), dtype=np.float64)[:, None]
    chances = stats.poisson.pmf(counts, means)
    single = deviance_residuals(*np.broadcast_arrays(counts, means)) ** 2
    mean = (chances * single).sum(axis=0)
    return means, mean, (chances * single**2).sum(axis=0) - mean**2
