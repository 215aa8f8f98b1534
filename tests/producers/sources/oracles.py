"""Plain ways to count what sources make, and the check that intervals hold the truth as often as they say."""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from producers.sources import Source
from schemas.block import Channels, Times

SECOND_PS = 10**12
SEEDS = range(20)


def collected(source: Source, duration_ps: int, stretches: int = 10) -> tuple[Times, Channels]:
    parts = [source.advance(duration_ps // stretches) for _ in range(stretches)]
    return np.concatenate([time for time, _ in parts]), np.concatenate([channel for _, channel in parts])


def delays(first: Times, second: Times, half_range_ps: int) -> Times:
    """All delays second - first within the range: the plain way."""
    low = np.searchsorted(second, first - half_range_ps)
    high = np.searchsorted(second, first + half_range_ps)
    count = high - low
    index = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    return second[index] - np.repeat(first, count)


def pairs(time_ps: Times, channel: Channels, half_range_ps: int) -> Times:
    """Those of detectors 0 and 1."""
    return delays(time_ps[channel == 0], time_ps[channel == 1], half_range_ps)


def peak_areas(delay_ps: Times, period_ps: float, side_peaks: int) -> tuple[int, float]:
    """Central area and mean side area, each one whole period."""
    order = np.rint(delay_ps / period_ps).astype(int)
    areas = {n: int(np.count_nonzero(order == n)) for n in range(-side_peaks, side_peaks + 1)}
    return areas[0], sum(area for n, area in areas.items() if n) / (2 * side_peaks)


def covers(values: Iterable[float], errors: Iterable[float] | float, truth: Iterable[float] | float) -> None:
    """Assert that intervals of 1.96 standard errors hold the truth in 90 to 99 of 100 cases, and lie on both sides of it."""
    value: npt.NDArray[np.float64] = np.array(list(values))
    error = np.array(list(errors)) if isinstance(errors, Iterable) else np.full(value.size, errors)
    true = np.array(list(truth)) if isinstance(truth, Iterable) else np.full(value.size, truth)
    score = (value - true) / error
    assert value.size >= 200, "too few cases to tell 95 from 90"
    coverage = float(np.mean(np.abs(score) < 1.96))
    assert 0.90 <= coverage <= 0.99, f"95 % intervals hold the truth in {coverage:.1%} of {value.size} cases"
    bias = float(score.mean() * math.sqrt(value.size))
    assert abs(bias) < 4, f"off by {bias:.1f} standard errors of the mean"
