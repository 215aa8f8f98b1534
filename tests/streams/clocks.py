"""Two simulated nodes: pairs of one source, a clock of their own each, and everything else that light brings."""

from dataclasses import dataclass

import numpy as np

SECOND_PS = 10**12
_GRID_PS = 10**9


@dataclass(frozen=True)
class TwoNodes:
    """Sorted tags of both on their own clocks; ``offset_ps(t)`` is the true one at times of ours, our clock being time itself."""

    ours_ps: np.ndarray
    other_ps: np.ndarray
    grid_ps: np.ndarray
    offsets_ps: np.ndarray

    def offset_ps(self, time_ps):
        return np.interp(time_ps, self.grid_ps, self.offsets_ps)


def two_nodes(
    seed,
    *,
    seconds=10.0,
    singles_hz=1e6,
    shared_hz=1e4,
    offset_ps=0,
    frequency=0.0,
    phase_wander_ps=0.0,
    frequency_wander=0.0,
    jitter_ps=100.0,
    steps=(),
    dark=(),
    start_ps=0,
):
    """``phase_wander_ps`` and ``frequency_wander`` in a second; ``steps`` are (time_ps, ps), ``dark`` intervals without pairs."""
    generator = np.random.default_rng(seed)
    end_ps = round(seconds * SECOND_PS)
    grid = np.arange(-2 * SECOND_PS, end_ps + 2 * SECOND_PS + _GRID_PS, _GRID_PS)
    step_s = _GRID_PS / SECOND_PS
    wander = np.cumsum(generator.normal(0, frequency_wander * step_s**0.5, grid.size)) if frequency_wander else 0.0
    truth = np.cumsum((frequency + wander) * np.full(grid.size, _GRID_PS)) + (
        np.cumsum(generator.normal(0, phase_wander_ps * step_s**0.5, grid.size)) if phase_wander_ps else 0.0
    )
    truth = truth - np.interp(0, grid, truth) + offset_ps
    for at_ps, by_ps in steps:
        truth = truth + np.where(grid >= at_ps, by_ps, 0)

    def light(rate_hz):
        return generator.integers(0, end_ps, generator.poisson(rate_hz * seconds)).astype(np.float64)

    pairs = light(shared_hz)
    for begin, end in dark:
        pairs = pairs[(pairs < begin) | (pairs >= end)]
    ours = np.concatenate([pairs + generator.normal(0, jitter_ps, pairs.size), light(singles_hz - shared_hz)])
    other = np.concatenate([pairs + generator.normal(0, jitter_ps, pairs.size), light(singles_hz - shared_hz)])
    other = other + np.interp(other, grid, truth)
    return TwoNodes(_sorted(ours) + start_ps, _sorted(other) + start_ps, grid + start_ps, truth)


def _sorted(time_ps):
    return np.sort(np.rint(time_ps).astype(np.int64))
