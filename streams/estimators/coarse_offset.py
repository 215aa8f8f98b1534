"""Where two clocks may stand to each other: the correlation of coarsely binned tags, over all offsets at once.

Each part of the data is correlated by FFT. Lines that stand out of the spectrum's shot noise (gating, mains, flicker) are taken
out, for they would correlate at every offset. The frequency error moves the peak from part to part; every such movement is tried.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
import numpy.typing as npt
from scipy import fft, special

from streams.kernels.coarse_counts import Coarse

_LINE = 30.0  # times the shot noise; Poisson light reaches 14 in a million frequencies
_NEAR_BINS = 4  # candidates this near to each other are one
_LOWEST_SD = 4.0  # below it nothing is looked at
_MOST_PEAKS = 64

Levels = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class PartCorrelation:
    """Correlation of a part, in standard deviations of chance, bin by bin of delay from ``-reach``; float16.

    Each value is of two neighbouring bins, for a delay falls into two; ``pairs`` come by chance into them, on average.
    """

    levels: Levels
    pairs: float


@dataclass(frozen=True, slots=True)
class CoarseOffset:
    """A candidate: the other clock is ahead by ``delay_bins`` (from the first of the range) in the middle of the newest part.

    It grows by ``slope_bins`` a part. ``false_alarm`` is the probability of one like it anywhere where there is none.
    """

    delay_bins: float
    slope_bins: float
    false_alarm: float


def correlate_part(ours: Coarse, other: Coarse) -> PartCorrelation:
    """Correlate a part's counts with those of the other clock, whose bins begin ``reach`` earlier and end ``reach`` later."""
    lags = other.size - ours.size + 1
    size = fft.next_fast_len(other.size, real=True)
    product = _spectrum(ours, size).conj()
    product *= _spectrum(other, size)
    correlation = fft.irfft(product, size, overwrite_x=True)[:lags]
    pairs = _pairs_by_chance(ours, other)
    paired = (correlation[:-1] + correlation[1:]) / np.sqrt(np.maximum(pairs, 1.0))
    paired /= np.float32(max(1.0, float(paired.std(dtype=np.float64))))
    return PartCorrelation(paired.astype(np.float16), float(pairs.mean(dtype=np.float64)))


def candidates(parts: Sequence[PartCorrelation], most_slope_bins: float, most: int) -> list[CoarseOffset]:
    """The likeliest offsets, best first, from the newest part alone, the newest two, and so on.

    Args:
        parts: in order of time, without holes; the newest last.
        most_slope_bins: how far the frequency error may move the peak from one part to the next.
        most: how many are wanted.
    """
    found = [peak for used in range(1, len(parts) + 1) for peak in _peaks(parts[-used:], most_slope_bins)]
    chosen: list[CoarseOffset] = []
    for peak in sorted(found, key=lambda one: one.false_alarm):
        if all(abs(peak.delay_bins - other.delay_bins) > _NEAR_BINS for other in chosen):
            chosen.append(peak)
        if len(chosen) == most:
            break
    return chosen


def _pairs_by_chance(ours: Coarse, other: Coarse) -> npt.NDArray[np.float32]:
    """In two neighbouring bins, offset by offset: fewer where the other clock was silent."""
    tags = np.cumsum(other, dtype=np.int64)
    within = tags[ours.size - 1 :].copy()
    within[1:] -= tags[: other.size - ours.size]
    scale = float(ours.sum(dtype=np.int64)) / ours.size
    return np.asarray((within[:-1] + within[1:]) * scale, np.float32)


def _spectrum(counts: Coarse, size: int) -> npt.NDArray[np.complex64]:
    tags = counts.sum(dtype=np.int64)
    spectrum = fft.rfft(counts.astype(np.float32) - np.float32(tags / counts.size), size, overwrite_x=True)
    power = spectrum.real**2 + spectrum.imag**2
    spectrum[power > _LINE * max(int(tags), 1)] = 0
    return np.asarray(spectrum, np.complex64)


def _peaks(parts: Sequence[PartCorrelation], most_slope_bins: float) -> Iterator[CoarseOffset]:
    used, bins = len(parts), parts[0].levels.size
    steps = int(np.ceil(most_slope_bins * (used - 1)))
    pairs = sum(part.pairs for part in parts)
    trials = bins * (2 * steps + 1)
    for step in range(-steps, steps + 1):
        slope = step / (used - 1) if used > 1 else 0.0
        total = np.zeros(bins, np.float32)
        for age, part in enumerate(reversed(parts)):
            _add_shifted(total, part.levels, round(slope * age))
        total /= np.float32(np.sqrt(used))
        places = np.flatnonzero(total > _LOWEST_SD)
        for place in places[np.argsort(total[places])[::-1][:_MOST_PEAKS]]:
            level = float(total[place])
            # Few pairs scatter as Poisson counts do, many as a normal deviate: the likelier of the two counts.
            counted = pairs + level * np.sqrt(pairs)
            single = max(float(special.ndtr(-level)), float(special.gammainc(max(counted, 1e-9), pairs)) if pairs else 1.0)
            yield CoarseOffset(float(place) + 1.0, slope, -float(np.expm1(trials * log1p(-min(single, 0.5)))))


def _add_shifted(total: npt.NDArray[np.float32], levels: Levels, shift: int) -> None:
    """Add what stood ``shift`` bins lower a while ago."""
    if shift >= 0:
        total[shift:] += levels[: levels.size - shift]
    else:
        total[:shift] += levels[-shift:]
