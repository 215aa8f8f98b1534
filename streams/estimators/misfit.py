"""Whether a fit explains its counts: if not quite, its interval grows; if structure is left over, no number may be given."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from streams.estimators.outcome import Floats
from streams.estimators.poisson_fit import PoissonFit

_DOUBTFUL = 1e-3
"""Chance of a deviance as large, below which the model is taken to be wrong in something."""
_STRUCTURE = 0.1
"""Share of the model's own size that may be left unexplained; beyond it the histogram shows something else than the model."""
_NAMED = 3
_CLEAR = 6.0
"""Standard deviations from which a place is named."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """``inflation`` of the errors (as the Particle Data Group scales them), what to warn of, and why to refuse, if so."""

    inflation: float = 1.0
    warnings: tuple[str, ...] = ()
    refused: str = ""


def judge_misfit(fit: PoissonFit, delays_ps: Floats) -> Misfit:
    """Judge the fit of a histogram over ``delays_ps``."""
    if fit.p_value >= _DOUBTFUL:
        return Misfit()
    if fit.unexplained <= _STRUCTURE:
        inflation = max(1.0, sqrt(fit.goodness["deviance"] / fit.goodness["degrees_of_freedom"]))
        left = f"the model leaves {fit.unexplained:.1%} unexplained (chance {fit.p_value:.1g})"
        return Misfit(inflation, (f"{left}: errors are widened {inflation:.2f} times",))
    places = ", ".join(_places(fit, delays_ps))
    return Misfit(
        refused=f"the histogram holds structure that the model cannot explain, {fit.unexplained:.0%} of its size"
        f"{f' ({places})' if places else ''}: detector cross-talk, reflections or afterglow look so; look at it with --plot, and "
        "measure again without it"
    )


def _places(fit: PoissonFit, delays_ps: Floats) -> list[str]:
    """Where counts stand farthest from the model, at whatever width they do so most clearly; the clearest first."""
    expected, left = fit.expected, fit.counts - fit.expected
    untold = np.ones(left.size, bool)
    found: list[str] = []
    while len(found) < _NAMED:
        best = (0.0, 0, 0)
        for size in (1 << power for power in range(max(1, left.size // 4).bit_length())):
            window = np.ones(size)
            noise = np.sqrt(np.convolve(expected, window, "valid"))
            clear = np.convolve(np.where(untold, left, 0.0), window, "valid") / noise
            start = int(np.argmax(np.abs(clear)))
            best = max(best, (float(abs(clear[start])), start, size))
        clearness, start, size = best
        if clearness < _CLEAR:
            break
        part = slice(start, start + size)
        ratio = float(fit.counts[part].sum() / expected[part].sum())
        found.append(
            f"{ratio:.1f} times the model from {delays_ps[start] / 1e3:.1f} to {delays_ps[start + size - 1] / 1e3:.1f} ns"
        )
        untold[max(0, start - size) : start + 2 * size] = False
    return found
