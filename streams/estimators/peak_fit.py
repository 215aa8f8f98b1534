"""Position of a peak on a flat background: maximum likelihood of Poisson counts, a Gaussian integrated over each bin."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

METHOD = "Gaussian on a flat background, Poisson likelihood over bins, v1"
_ROUNDS = 60
_FAINTEST = 0.1  # counts of background in all bins, below which it cannot be told from none
_CLOSE = 3e-3  # of the position's own error: the last step's size
_LONGEST_STEP = 1.0  # widths a round

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Peak:
    """Position and width (standard deviation) on the axis of the bins, counts in the peak and per bin below it.

    ``position_error_ps`` is one standard deviation: the larger of what the model's curvature and the counts' own scatter say.
    """

    position_ps: float
    position_error_ps: float
    width_ps: float
    counts: float
    background_per_bin: float


def fit_peak(counts: npt.NDArray[np.integer], first_edge_ps: float, bin_width_ps: float, start: Peak) -> Peak | None:
    """Fit by Fisher scoring from ``start`` (of which its error is not used).

    Returns:
        The peak, or None where the counts hold none: no counts, a position outside, a width beyond a quarter of the range, less
        than a count in it, or no end of the steps.
    """
    data = counts.astype(np.float64)
    edges = np.asarray(first_edge_ps + bin_width_ps * np.arange(data.size + 1), np.float64)
    span = edges[-1] - edges[0]
    narrowest, lowest = bin_width_ps / 4, _FAINTEST / data.size
    position, width = start.position_ps, max(start.width_ps, narrowest)
    area, below = max(start.counts, 1.0), max(start.background_per_bin, lowest)
    for _ in range(_ROUNDS):
        model = _model(edges, position, width, area, below)
        change = _change(data, model, (width <= narrowest, below <= lowest))
        scatter = max(area, 1.0) ** 0.5
        change *= min(1.0, _LONGEST_STEP / max(abs(change[0]) / width, abs(change[1]), 1e-300))
        position += float(change[0])
        width = max(width * float(np.exp(change[1])), narrowest)
        area = max(area + float(change[2]), area / 10)
        below = max(below + float(change[3]), below / 10, lowest)
        if not edges[0] < position < edges[-1] or width > span / 4 or area < 1:
            return None
        if max(abs(change[0]) / width, abs(change[1]), abs(change[2]) / scatter**2) * scatter < _CLOSE:
            break
    else:
        return None
    expected, slopes = _model(edges, position, width, area, below)
    inverse = np.linalg.pinv((slopes / expected) @ slopes.T)
    scores = slopes * ((data - expected) / expected)
    sandwich = inverse @ (scores @ scores.T) @ inverse
    variance = float(max(inverse[0, 0], sandwich[0, 0]))
    return Peak(position, variance**0.5, width, area, below) if 0 < variance < span**2 else None


def _change(data: Floats, model: tuple[Floats, Floats], at_bounds: tuple[bool, bool]) -> Floats:
    """The next step; where width or background want to leave their bounds, the step of the others without them."""
    expected, slopes = model
    weighted = slopes / expected
    fisher, score = weighted @ slopes.T, weighted @ (data - expected)
    change = np.linalg.pinv(fisher) @ score
    held = [place for place, bound in zip((1, 3), at_bounds, strict=True) if bound and change[place] < 0]
    if held:
        free = np.delete(np.arange(4), held)
        change = np.zeros(4)
        change[free] = np.linalg.pinv(fisher[np.ix_(free, free)]) @ score[free]
    return np.asarray(change, np.float64)


def _model(edges: Floats, position: float, width: float, area: float, below: float) -> tuple[Floats, Floats]:
    """Expected counts, and their derivatives by position, log width, area and background."""
    scaled = (edges - position) / width
    inside = np.diff(special.ndtr(scaled))
    density = np.exp(-0.5 * scaled**2) / np.sqrt(2 * np.pi)
    expected = below + area * inside
    slopes = np.stack(
        (-area / width * np.diff(density), -area * np.diff(scaled * density), inside, np.ones_like(inside)),
    )
    return expected, slopes
