"""Offset and frequency of a clock from looks at its offset: Kalman filters for clocks of all qualities at once.

A clock wanders in phase and in frequency (white and random-walk frequency noise: Zucca and Tavella 2005); how much is not known
beforehand. One filter runs for each of a ladder of wanderings, and the looks themselves say how much each is worth (multiple
models: Magill 1965), the more recent ones the more.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

_PS_PER_S = 1e12
_PHASE_PS = 10.0 ** np.arange(-1.0, 3.1, 0.5)  # wander of the offset in a second, 0.1 ps to 1 ns
_FREQUENCY = 10.0 ** np.arange(-14.0, -8.9, 0.5)  # wander of the frequency in a second
_MEMORY = 0.99  # what a look counts after the next one

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standing:
    """Offset (ps) and frequency (ps per ps, what the other clock gains on ours), each with one standard deviation."""

    offset_ps: float
    offset_error_ps: float
    frequency: float
    frequency_error: float


@dataclass(frozen=True, slots=True)
class ClockFilter:
    """``states`` (models, 2) and ``covariances`` (models, 3: offset, both, frequency) at ``time_ps``, log ``weights``.

    Offsets are counted from ``base_ps``, so that nothing is lost in the sum.
    """

    time_ps: int
    base_ps: int
    states: Floats
    covariances: Floats
    weights: Floats

    @classmethod
    def starting(cls, time_ps: int, standing: Standing) -> Self:
        """A filter that knows nothing of how the clock wanders."""
        models = _PHASE_PS.size * _FREQUENCY.size
        base_ps = round(standing.offset_ps)
        state = np.tile([standing.offset_ps - base_ps, standing.frequency], (models, 1))
        covariance = np.tile([standing.offset_error_ps**2, 0.0, standing.frequency_error**2], (models, 1))
        return cls(time_ps, base_ps, state, covariance, np.zeros(models))

    def standing(self, time_ps: int) -> Standing:
        """As it is expected at a time; the error grows with the distance."""
        later = self.moved_to(time_ps)
        weight = np.exp(later.weights - later.weights.max())
        weight /= weight.sum()
        offset, frequency = (float((weight * later.states[:, i]).sum()) for i in (0, 1))
        spread = later.covariances[:, (0, 2)] + (later.states - (offset, frequency)) ** 2
        errors = np.sqrt((weight[:, None] * spread).sum(axis=0))
        return Standing(later.base_ps + offset, float(errors[0]), frequency, float(errors[1]))

    def moved_to(self, time_ps: int) -> Self:
        """The same knowledge at a later time."""
        step = float(time_ps - self.time_ps)
        if not step:
            return self
        offset, both, frequency = self.covariances.T
        phase_noise, frequency_noise = _noises()
        states = np.stack((self.states[:, 0] + step * self.states[:, 1], self.states[:, 1]), axis=1)
        covariances = np.stack(
            (
                offset + 2 * step * both + step**2 * frequency + phase_noise * step + frequency_noise * step**3 / 3,
                both + step * frequency + frequency_noise * step**2 / 2,
                frequency + frequency_noise * step,
            ),
            axis=1,
        )
        return replace(self, time_ps=time_ps, states=states, covariances=covariances)

    def seen(self, begin_ps: int, end_ps: int, offset_ps: float, error_ps: float) -> Self:
        """Take the mean offset over [begin, end), known to ``error_ps`` (one sigma); the filter then stands at the middle."""
        now = self.moved_to((begin_ps + end_ps) // 2)
        offset, both, frequency = now.covariances.T
        wander = _noises()[0] * ((end_ps - begin_ps) / 12)  # of the mean against the middle
        scatter = offset + error_ps**2 + wander
        surprise = offset_ps - now.base_ps - now.states[:, 0]
        gain_offset, gain_frequency = offset / scatter, both / scatter
        states = now.states + np.stack((gain_offset * surprise, gain_frequency * surprise), axis=1)
        covariances = np.stack(
            ((1 - gain_offset) * offset, (1 - gain_offset) * both, np.maximum(frequency - gain_frequency * both, 0.0)), axis=1
        )
        weights = _MEMORY * now.weights - 0.5 * (np.log(scatter) + surprise**2 / scatter)
        return replace(now, states=states, covariances=covariances, weights=weights - weights.max())

    def stepped(self, time_ps: int, offset_ps: float, error_ps: float) -> Self:
        """After a step of the clock: the offset is what was seen, of the frequency everything is kept."""
        now = self.moved_to(time_ps)
        states, covariances = now.states.copy(), now.covariances.copy()
        states[:, 0] = offset_ps - now.base_ps
        covariances[:, 0], covariances[:, 1] = error_ps**2, 0.0
        return replace(now, states=states, covariances=covariances)


def _noises() -> tuple[Floats, Floats]:
    """Of each model: variance that offset (ps²) and frequency gain in a ps."""
    phase, frequency = np.meshgrid(_PHASE_PS**2 / _PS_PER_S, _FREQUENCY**2 / _PS_PER_S, indexing="ij")
    return phase.ravel(), frequency.ravel()
