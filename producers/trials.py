"""Which of many independent trials succeed, drawn in time proportional to the successes."""

import math

import numpy as np
import numpy.typing as npt

from producers.variates import exponentials

_COARSE = 1000.0
"""Mean gap up to which single precision keeps every probability to better than one part in ten thousand."""


def successes(random: np.random.Generator, trials: int, probability: float) -> npt.NDArray[np.int64]:
    """Ascending indices of the successes: the gaps between them are geometric, floored exponentials plus one."""
    return success_positions(random, trials, probability).astype(np.int64)


def success_positions(random: np.random.Generator, trials: int, probability: float) -> npt.NDArray[np.float64]:
    """The same as whole floats, for those who go on to calculate with them."""
    if trials == 0 or probability == 0:
        return np.empty(0)
    if probability == 1:
        return np.arange(trials, dtype=np.float64)
    mean = -1 / math.log1p(-probability)
    fine = mean > _COARSE
    found: list[npt.NDArray[np.float64]] = []
    last = -1.0
    while last < trials:
        count = int((trials - last) * probability + 6 * math.sqrt(trials * probability)) + 16
        gaps: npt.NDArray[np.floating] = random.standard_exponential(count) if fine else exponentials(random, count, mean)
        if fine:
            gaps *= mean
        np.floor(gaps, out=gaps)
        gaps += 1
        positions = gaps.cumsum(dtype=np.float64)
        positions += last
        found.append(positions)
        last = float(positions[-1])
    index = found[0] if len(found) == 1 else np.concatenate(found)
    return index[: index.searchsorted(trials)]
