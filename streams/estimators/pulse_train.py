"""The pulse train in a coincidence histogram: its period, and where its peaks lie. Nothing is assumed of where zero delay is.

The search is that for pulsars: power at a frequency and its harmonics (the H-test, de Jager, Raubenheimer and Swanepoel 1989),
after division by the smooth part of the spectrum, which is what an antibunching dip, bunching or a single cross-talk peak leave.
The frequency is then refined on the phases of the single peaks.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log, log2, pi
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import windows

from schemas.panes import Counts
from streams.estimators.delays import DelayHistogram

_FALSE_ALARM = 1e-6  # probability to find a train in counts that hold none
_H_SLOPE = 0.398  # P(H > h) = exp(-0.398 h) without a train
_LEAST_KNOWN = log(1 / _FALSE_ALARM) / _H_SLOPE  # H of a train whose frequency is known
_FEWEST_PERIODS = 6  # in the range of delays, for a period that is not known
_FEWEST_BINS = 10  # in a period that is not known: below, the beat of the tagger's resolution with the bins looks like a train
_PADDING = 16
_HIGHEST = 0.2  # cycles a bin; above it bins are too coarse to hold a peak's shape
_COMB_SHARE = (
    0.8  # peaks of unequal height repeat in a longer period too: the train is the comb that holds this much of the power
)
_MOST_HARMONICS = 32  # beyond it the pulses would be narrower than a hundredth of their period
_TOOTH = 8.0  # power that noise does not reach in the places where it is sought
_TOOTH_SLACK = 2
_SMOOTH = 8  # resolved frequencies over which the smooth part is taken
_ROUNDS = 8
_FEW = 64  # bins with counts up to which their power at single frequencies costs less than the whole spectrum
_ROUNDING = 1e-9  # far above that of sums in another order

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """Peaks at ``offset_ps + k*period_ps`` for whole k, that at k = 0 nearest to delay 0. Errors are one standard deviation."""

    period_ps: float
    period_error_ps: float
    offset_ps: float
    offset_error_ps: float

    def number_nearest(self, delay_ps: float) -> int:
        return round((delay_ps - self.offset_ps) / self.period_ps)

    def delay_of(self, number: int) -> float:
        return self.offset_ps + number * self.period_ps


def find_train(histogram: DelayHistogram, period_ps: float | None = None) -> PulseTrain | None:
    """The train of ``histogram``, or None where there is none (continuous light, or too few counts to tell).

    ``period_ps`` is taken as it is where the source knows it; its error is then given as 0.
    """
    if not histogram.counts.any():
        return None
    if period_ps is not None:
        frequency = histogram.bin_width_ps / period_ps
        held = not _too_faint(histogram.counts, frequency) and _Spectrum.of(histogram).holds(frequency)
        return _aligned(histogram, period_ps, refine=False) if held else None
    found = _Spectrum.of(histogram).fundamental()
    return None if found is None else _aligned(histogram, histogram.bin_width_ps / found, refine=True)


@dataclass(frozen=True, slots=True)
class _Taper:
    """What counts are multiplied by before the transform over ``size`` bins, and its own transform."""

    values: Floats
    total: float
    size: int
    transform: npt.NDArray[np.complex128]


@lru_cache(maxsize=8)
def _taper(bins: int) -> _Taper:
    values, size = windows.tukey(bins + 2, 0.25)[1:-1], 1 << ceil(log2(_PADDING * bins))
    transform = np.fft.rfft(values, size)
    values.flags.writeable = transform.flags.writeable = False
    return _Taper(values, values.sum(), size, transform)


def _too_faint(counts: Counts, frequency: float) -> bool:
    """Whether so few counts cannot hold a train of this frequency, whatever the smooth part of their spectrum: power bounds the
    prominence that ``_Spectrum.holds`` asks for.
    """
    (places,) = counts.nonzero()
    if places.size > _FEW:
        return False
    taper = _taper(counts.size)
    multiples = np.rint(np.arange(1, _harmonics(frequency) + 1) * (frequency * taper.size)).astype(np.int64)
    if not multiples.size:
        return True
    held, weights = counts[places].astype(np.float64), taper.values[places]
    phases = np.exp(-2j * pi / taper.size * (multiples[:, np.newaxis] * places % taper.size))
    lines = phases @ (held * weights) - (held @ weights / taper.total) * taper.transform[multiples]
    power = np.abs(lines) ** 2 / (held @ weights**2)
    most = float(np.cumsum(2 * power - 4).max()) + 4
    return most < (1 - _ROUNDING) * _LEAST_KNOWN


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """Power (mean 1 for scattered counts) ``step`` cycles a bin apart, and how far it stands above its smooth part.

    Lines ``resolution`` cycles a bin apart are separate.
    """

    power: Floats
    prominence: Floats
    step: float
    resolution: float

    @classmethod
    def of(cls, histogram: DelayHistogram) -> "_Spectrum":
        counts = histogram.counts.astype(np.float64)
        tapering = _taper(counts.size)
        taper, size = tapering.values, tapering.size
        flat = (counts - (counts * taper).sum() / tapering.total) * taper
        power = np.abs(np.fft.rfft(flat, size)) ** 2 / (counts * taper**2).sum()
        block = min(power.size, round(_SMOOTH * size / counts.size))
        blocks = power[: power.size // block * block].reshape(-1, block)
        # A quarter of exponentially distributed power lies below ln(4/3) of its mean; the teeth of a comb lie above.
        smooth = np.interp(np.arange(power.size), (np.arange(len(blocks)) + 0.5) * block, _quartiles(blocks) / log(4 / 3))
        return cls(power, power / np.maximum(smooth, 1), 1 / size, 1 / counts.size)

    def fundamental(self) -> float | None:
        """Frequency of the train, cycles a bin."""
        lowest, highest = ceil(_FEWEST_PERIODS * self.resolution / self.step), int(1 / _FEWEST_BINS / self.step)
        if highest <= lowest:
            return None
        candidates = np.arange(lowest, highest + 1)
        strengths = self._strengths(candidates)
        best = int(candidates[np.argmax(strengths)])
        trials = candidates.size * self.step / self.resolution
        if strengths.max() < log(trials / _FALSE_ALARM) / _H_SLOPE or self._is_beat():
            return None
        frequency, teeth = self._comb(best)
        for multiple in range(min(len(teeth), int(highest / frequency)), 1, -1):
            if teeth[multiple - 1 :: multiple].sum() >= _COMB_SHARE * teeth.sum():
                return frequency * multiple * self.step
        return frequency * self.step

    def holds(self, frequency: float) -> bool:
        """Whether there is a train of this frequency, cycles a bin."""
        return float(self._strengths(np.array([frequency / self.step]))[0]) >= _LEAST_KNOWN

    def _strengths(self, candidates: npt.NDArray[Any]) -> Floats:
        """The H statistic of every candidate (in steps)."""
        best = np.full(candidates.size, -np.inf)
        total = np.zeros(candidates.size)
        for harmonic in range(1, self._harmonics(candidates.min()) + 1):
            place = np.rint(harmonic * candidates).astype(np.intp)
            inside = place * self.step <= _HIGHEST
            total[inside] += 2 * self.prominence[place[inside]] - 4
            best[inside] = np.maximum(best[inside], total[inside] + 4)
        return best

    def _comb(self, spacing: float) -> tuple[float, Floats]:
        """Power of a comb's teeth that stand out (0 for the others), and its spacing as the highest of these gives it."""
        teeth = np.zeros(self._harmonics(spacing))
        for harmonic in range(1, teeth.size + 1):
            place = round(harmonic * spacing)
            near = slice(place - _TOOTH_SLACK, place + _TOOTH_SLACK + 1)
            if self.prominence[near].max() > _TOOTH:
                teeth[harmonic - 1] = self.power[near].max()
                spacing = (place - _TOOTH_SLACK + int(np.argmax(self.power[near]))) / harmonic
        return spacing, teeth

    def _is_beat(self) -> bool:
        """Whether the tagger's ticks beat with the bins: no pulses put more power above the band than into it."""
        lowest, highest = ceil(_FEWEST_PERIODS * self.resolution / self.step), int(_HIGHEST / self.step)
        return bool(self.power[highest:].max() > self.power[lowest:highest].max())

    def _harmonics(self, spacing: float) -> int:
        return _harmonics(spacing * self.step)


def _harmonics(frequency: float) -> int:
    """How many harmonics of a frequency (cycles a bin) are looked at."""
    return min(_MOST_HARMONICS, int(_HIGHEST / frequency))


def _quartiles(blocks: Floats) -> Floats:
    """The lower quartile of each row, as ``np.quantile`` has it."""
    place = 0.25 * (blocks.shape[1] - 1)
    low, share = int(place), place % 1
    high = min(low + 1, blocks.shape[1] - 1)
    parted = np.partition(blocks, (low, high), axis=1)
    below, above = parted[:, low], parted[:, high]
    return np.asarray(above - (above - below) * (1 - share) if share >= 0.5 else below + (above - below) * share)


def _aligned(histogram: DelayHistogram, period_ps: float, *, refine: bool) -> PulseTrain:
    """Newton's steps on the phases of single peaks: they maximise sum of counts * cos(phase - a - b*k).

    Errors are those of an estimator whose score has the counts' own scatter (sandwich): broad and unequal peaks are no trouble.
    """
    middles, every = histogram.middles_ps, histogram.counts.astype(np.float64)
    center, half = (histogram.first_edge_ps + histogram.end_ps) / 2, (histogram.end_ps - histogram.first_edge_ps) / 2
    offset_ps = float(np.angle(np.sum(every * np.exp(2j * pi * middles / period_ps)))) / (2 * pi) * period_ps
    free = 2 if refine else 1
    inverse, score = np.zeros((free, free)), np.zeros((free, free))
    for _ in range(_ROUNDS):
        number = np.rint((middles - offset_ps) / period_ps)
        phase = 2 * pi * (middles - offset_ps - number * period_ps) / period_ps
        whole = np.abs(offset_ps + number * period_ps - center) <= half - period_ps / 2
        counts = np.where(whole, every, 0.0)  # parts of peaks at the ends would pull
        design = np.stack((np.ones_like(number), number))[:free]
        hessian = (design * (counts * np.cos(phase))) @ design.T
        if np.linalg.det(hessian) <= 0:
            break
        inverse = np.linalg.inv(hessian)
        score = (design * (counts * np.sin(phase) ** 2)) @ design.T
        change = inverse @ (design @ (counts * np.sin(phase))) * period_ps / (2 * pi)
        offset_ps += float(change[0])
        period_ps += float(change[1]) if refine else 0.0
    error = np.sqrt(np.diag(inverse @ score @ inverse)) * period_ps / (2 * pi)
    nearest = round(-offset_ps / period_ps)
    return PulseTrain(period_ps, float(error[1]) if refine else 0.0, offset_ps + nearest * period_ps, float(error[0]))
