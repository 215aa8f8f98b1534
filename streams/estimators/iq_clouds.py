"""Two Gaussian clouds in the IQ plane, found in shots with either state prepared: a mixture, by expectation and maximisation.

Shots prepared in one state belong to its cloud except for a share that was prepared wrongly, or changed before it was read.
Both preparations are fitted at once, with one covariance for each cloud (Dempster, Laird and Rubin 1977). Errors are from the
scores of the single shots (outer products), carried to first order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt

import numpy as np
from scipy import stats

from streams.estimators.outcome import Floats

_MOST_ROUNDS = 500
_GAIN = 1e-8
"""Of log-likelihood a shot, below which a round is the last."""
_FALSE_ALARM = 1e-6
"""Probability to see two clouds where there is one."""
_STEP = 1e-4


@dataclass(frozen=True)
class Clouds:
    """``means[k]`` and ``covariances[k]`` of state k's cloud; ``wrong[k]``: share prepared in k that are of the other."""

    means: Floats
    covariances: Floats
    wrong: Floats
    ground: Floats
    excited: Floats
    """The shots that they were found in."""

    @property
    def separation(self) -> float:
        """Distance of the centres over the RMS width of the clouds along the line between them."""
        line = self.means[1] - self.means[0]
        distance = float(np.hypot(*line))
        along = line / distance
        return distance / sqrt(float(along @ self.covariances.mean(axis=0) @ along))

    @property
    def overlap(self) -> float:
        """Share of shots that the best straight threshold assigns wrongly, were the preparation perfect; mean of both states."""
        line = self.means[1] - self.means[0]
        along = np.linalg.solve(self.covariances.mean(axis=0), line)
        centres = self.means @ along
        widths = np.sqrt(np.einsum("i,kij,j->k", along, self.covariances, along))
        thresholds = np.linspace(centres[0], centres[1], 400)
        errors = stats.norm.sf((thresholds - centres[0]) / widths[0]) + stats.norm.cdf((thresholds - centres[1]) / widths[1])
        return float(errors.min()) / 2

    def assigned(self, shots: Floats) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Which shots are more likely of the excited cloud, both states being equally so."""
        ground, excited = (_log_density(shots, self.means[k], self.covariances[k]) for k in (0, 1))
        return np.asarray(excited > ground)

    def error_of(self, function: Callable[["Clouds"], float]) -> float:
        """Standard error of a function of the clouds; infinite where the shots do not determine it."""
        slopes = np.array([(function(end) - function(begin)) / step for begin, end, step in self._asides])
        try:
            variance = float(slopes @ np.linalg.solve(self._information, slopes))
        except np.linalg.LinAlgError:
            return inf
        return sqrt(variance) if variance > 0 else inf

    @cached_property
    def _asides(self) -> tuple[tuple["Clouds", "Clouds", float], ...]:
        """For each parameter the clouds with a little less and more of it, and how much apart these are."""
        start = self._parameters()
        steps = _STEP * np.sqrt(np.maximum(np.abs(start), _STEP))
        moves = np.diag(steps)
        return tuple((self._moved(start - move), self._moved(start + move), 2 * move.sum()) for move in moves)

    @cached_property
    def _information(self) -> Floats:
        scores = np.array([(end.likelihoods() - begin.likelihoods()) / step for begin, end, step in self._asides])
        return np.asarray(scores @ scores.T)

    def _parameters(self) -> Floats:
        """Means, roots of the covariances (Cholesky), logits of the wrong shares."""
        roots = np.linalg.cholesky(self.covariances)
        wrong = np.clip(self.wrong, _STEP, 1 - _STEP)
        return np.concatenate((self.means.ravel(), roots[:, [0, 1, 1], [0, 0, 1]].ravel(), np.log(wrong / (1 - wrong))))

    def _moved(self, parameters: Floats) -> "Clouds":
        roots = np.zeros((2, 2, 2))
        roots[:, [0, 1, 1], [0, 0, 1]] = parameters[4:10].reshape(2, 3)
        return Clouds(
            parameters[:4].reshape(2, 2),
            roots @ roots.swapaxes(1, 2),
            1 / (1 + np.exp(-parameters[10:])),
            self.ground,
            self.excited,
        )

    def likelihoods(self) -> Floats:
        """Logarithm of every shot's."""
        found = []
        for shots, other in ((self.ground, self.wrong[0]), (self.excited, 1 - self.wrong[1])):
            densities = [np.exp(_log_density(shots, self.means[k], self.covariances[k])) for k in (0, 1)]
            found.append(np.log(np.maximum((1 - other) * densities[0] + other * densities[1], 1e-300)))
        return np.concatenate(found)


def find_clouds(ground: Floats, excited: Floats) -> Clouds | str:
    """Clouds of shots (rows of I and Q), or why there are no two."""
    both = np.concatenate((ground, excited))
    centre, size = both.mean(axis=0), float(both.std())
    if size == 0:
        return "every shot is the same: these are no single shots"
    scaled = [(shots - centre) / size for shots in (ground, excited)]
    within = [np.cov(shots.T) for shots in scaled]
    if min(np.linalg.eigvalsh(one)[0] for one in within) < 1e-12:
        return "shots without scatter in the plane: these are no single shots"
    if _chance_of_one(*scaled) > _FALSE_ALARM:
        return "the two states' shots are not told apart"
    clouds = Clouds(np.array([shots.mean(axis=0) for shots in scaled]), np.array(within), np.full(2, 0.05), *scaled)
    before = -inf
    for _ in range(_MOST_ROUNDS):
        clouds = _improved(clouds)
        if not np.isfinite(clouds.covariances).all() or min(np.linalg.eigvalsh(clouds.covariances).ravel()) < 1e-9:
            return "a cloud shrinks onto single shots: too few of them"
        likelihood = float(clouds.likelihoods().mean())
        if likelihood - before < _GAIN:
            break
        before = likelihood
    if clouds.wrong.sum() >= 1:
        return "the two states' shots are not told apart"
    return Clouds(clouds.means * size + centre, clouds.covariances * size**2, clouds.wrong, ground, excited)


def _improved(clouds: Clouds) -> Clouds:
    """One round of expectation and maximisation."""
    shots = np.concatenate((clouds.ground, clouds.excited))
    split = len(clouds.ground)
    prior = np.where(np.arange(len(shots)) < split, clouds.wrong[0], 1 - clouds.wrong[1])
    densities = [np.exp(_log_density(shots, clouds.means[k], clouds.covariances[k])) for k in (0, 1)]
    second = prior * densities[1] / np.maximum((1 - prior) * densities[0] + prior * densities[1], 1e-300)
    means, covariances = [], []
    for share in (1 - second, second):
        mean = share @ shots / share.sum()
        centred = shots - mean
        means.append(mean)
        covariances.append((centred * share[:, None]).T @ centred / share.sum())
    wrong = np.array([second[:split].mean(), 1 - second[split:].mean()])
    return Clouds(np.array(means), np.array(covariances), wrong, clouds.ground, clouds.excited)


def _log_density(shots: Floats, mean: Floats, covariance: Floats) -> Floats:
    centred = shots - mean
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, centred.T)
    return np.asarray(-0.5 * (white**2).sum(axis=0) - np.log(2 * np.pi) - np.log(np.diag(root)).sum())


def _chance_of_one(ground: Floats, excited: Floats) -> float:
    """That shots of one cloud have means as far apart (Hotelling 1931)."""
    sizes = len(ground), len(excited)
    pooled = ((sizes[0] - 1) * np.cov(ground.T) + (sizes[1] - 1) * np.cov(excited.T)) / (sum(sizes) - 2)
    apart = ground.mean(axis=0) - excited.mean(axis=0)
    squared = sizes[0] * sizes[1] / sum(sizes) * float(apart @ np.linalg.solve(pooled, apart))
    freedom = sum(sizes) - 3
    return float(stats.f.sf(squared * freedom / (2 * (sum(sizes) - 2)), 2, freedom))
