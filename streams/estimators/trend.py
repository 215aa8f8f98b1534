"""Trend of evenly or unevenly sampled values: a straight line with honest errors, and the places where it breaks.

Residuals of sensors are correlated; the line's errors are widened by (1 + r)/(1 - r), r that of neighbouring residuals (a
process of first order). Breaks are found by binary segmentation: a stretch is cut where two lines leave least, if that is less
than one line leaves by more than chance.
"""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy import stats

from streams.estimators.outcome import Floats

_FALSE_ALARM = 1e-6
_SHORTEST = 8
"""Points of a stretch."""
_MOST = 16
_LINE = 2
_MOST_CORRELATED = 0.99


@dataclass(frozen=True, slots=True)
class Trend:
    """``slope`` in units a second with its standard error and degrees of freedom; ``breaks_s``: where the trend changes."""

    level: float
    slope: float
    error: float
    freedom: float
    correlation: float
    residuals: Floats
    breaks_s: tuple[float, ...]

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Of the slope."""
        reach = float(stats.t.ppf((1 + confidence) / 2, max(self.freedom, 1.0))) * self.error
        return self.slope - reach, self.slope + reach


def trend_of(times_s: Floats, values: Floats) -> Trend:
    """Of four or more values at ascending times."""
    centred = times_s - times_s.mean()
    spread = float(centred @ centred)
    slope = float(centred @ values) / spread
    residuals = values - values.mean() - slope * centred
    squares = float(residuals @ residuals)
    correlation = _correlation(residuals)
    widened = (1 + correlation) / (1 - correlation)
    return Trend(
        level=float(values.mean()) - slope * float(times_s.mean()),
        slope=slope,
        error=sqrt(squares / (values.size - _LINE) / spread * widened),
        freedom=max((values.size - _LINE) / widened, 1.0),
        correlation=correlation,
        residuals=residuals,
        breaks_s=tuple(float(times_s[place]) for place in sorted(_breaks(times_s, values, 0, values.size))),
    )


def _correlation(residuals: Floats) -> float:
    """Of neighbours; 0 where it is negative or nothing is left."""
    total = float(residuals @ residuals)
    return min(max(float(residuals[1:] @ residuals[:-1]) / total, 0.0), _MOST_CORRELATED) if total > 0 else 0.0


def _breaks(times: Floats, values: Floats, first: int, last: int, depth: int = 0) -> list[int]:
    """Places in [first, last) where a new stretch begins."""
    size = last - first
    if size < 2 * _SHORTEST or depth >= _MOST:
        return []
    x, y = times[first:last] - times[first:last].mean(), values[first:last] - values[first:last].mean()
    whole = _left(x, y)
    cuts = np.arange(_SHORTEST, size - _SHORTEST + 1)
    both = _left_before(x, y)[cuts - 1] + _left_before(x[::-1], y[::-1])[size - cuts - 1]
    cut = int(cuts[int(np.argmin(both))])
    parts = float(both.min())
    residuals = np.concatenate([_residuals(x[part], y[part]) for part in (slice(0, cut), slice(cut, size))])
    correlation = _correlation(residuals)
    free = size - 2 * _LINE - 1
    gained = (whole - parts) / (_LINE + 1) / (parts / free) * (1 - correlation) / (1 + correlation) if parts > 0 else inf
    if whole <= 0 or times.size * float(stats.f.sf(gained, _LINE + 1, free)) > _FALSE_ALARM:
        return []
    at = first + cut
    return [*_breaks(times, values, first, at, depth + 1), at, *_breaks(times, values, at, last, depth + 1)]


def _residuals(x: Floats, y: Floats) -> Floats:
    x, y = x - x.mean(), y - y.mean()
    spread = float(x @ x)
    return y - (float(x @ y) / spread if spread > 0 else 0.0) * x


def _left(x: Floats, y: Floats) -> float:
    residuals = _residuals(x, y)
    return float(residuals @ residuals)


def _left_before(x: Floats, y: Floats) -> Floats:
    """Squares that a line leaves of the first 1, 2, … points."""
    count = np.arange(1, x.size + 1)
    sums = [np.cumsum(each) for each in (x, y, x * x, x * y, y * y)]
    xx, xy, yy = sums[2] - sums[0] ** 2 / count, sums[3] - sums[0] * sums[1] / count, sums[4] - sums[1] ** 2 / count
    return np.maximum(yy - np.divide(xy**2, xx, out=np.zeros_like(xx), where=xx > 0), 0.0)
