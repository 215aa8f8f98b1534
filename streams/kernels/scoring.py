"""One step of the method of scoring (Fisher), damped as Levenberg and Marquardt do: how a fit of counts goes down its deviance.

Every row of ``slopes`` is a value that is fitted: how it changes the mean of every bin. A value at a limit stays there while the
likelihood rises outwards.
"""

from math import log, sqrt

import numpy as np
import numpy.typing as npt
from numba import njit

SMALLEST = 1e-12
"""Least expected counts: a model that forbids what was counted is then almost, not infinitely, unlikely."""
DAMPING = 1e-3
"""At first: ten times more after a step that gained nothing, ten times less after one that did."""
MOST_STEPS = 100

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@njit(nogil=True, cache=True)
def deviance_of(counts: Floats, means: Floats) -> float:
    """Twice the log likelihood against the model that has the counts themselves for means, which are above 0."""
    total = 0.0
    for place in range(counts.size):
        count, mean = counts[place], means[place]
        total += mean - count
        if count > 0:
            total += count * log(count / mean)
    return 2 * total


@njit(nogil=True, cache=True)
def informed(counts: Floats, means: Floats, slopes: Floats) -> tuple[Floats, Floats]:
    """Fisher's information of the values, and their score: the slopes of the log likelihood."""
    size = slopes.shape[0]
    information, score = np.empty((size, size)), np.zeros(size)
    weighted = np.empty(means.size)
    for row in range(size):
        total = 0.0
        for place in range(means.size):
            weighted[place] = slopes[row, place] / means[place]
            total += weighted[place] * (counts[place] - means[place])
        score[row] = total
        for column in range(row, size):
            total = 0.0
            for place in range(means.size):
                total += weighted[place] * slopes[column, place]
            information[row, column] = information[column, row] = total
    return information, score


@njit(nogil=True, cache=True)
def stepped(here: Floats, lower: Floats, upper: Floats, information: Floats, score: Floats, damping: float) -> Floats:
    """The values one step on, within their limits; ``here`` itself where none can move."""
    loose = np.empty(here.size, np.int64)
    count = 0
    for index in range(here.size):
        outwards = (here[index] <= lower[index] and score[index] <= 0) or (here[index] >= upper[index] and score[index] >= 0)
        if information[index, index] > 0 and not outwards:
            loose[count] = index
            count += 1
    there = here.copy()
    if not count:
        return there
    scaled, right, sizes = np.empty((count, count)), np.empty(count), np.empty(count)
    for row in range(count):
        sizes[row] = sqrt(information[loose[row], loose[row]])
    for row in range(count):
        right[row] = score[loose[row]] / sizes[row]
        for column in range(count):
            scaled[row, column] = information[loose[row], loose[column]] / (sizes[row] * sizes[column])
        scaled[row, row] += damping
    move = np.linalg.solve(scaled, right)
    for row in range(count):
        index = loose[row]
        there[index] = min(max(here[index] + move[row] / sizes[row], lower[index]), upper[index])
    return there
