"""Finds the channel that carries a clock's pulses among channels of photons."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schemas.block import Times

SAMPLE = 1 << 16
"""Tags of a channel that are looked at."""
_GAPS = 1000
_FEWEST_GAPS = 32
_STEPS_A_PERIOD = 8
_HARMONICS = 8
_ALIGNED = 0.9
_WIDEST = 0.01
_SHARPER = 4.0
_CONTINUOUS = 0.5


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How nearly a channel's gaps are multiples of one period.

    ``width`` is the 90th percentile of their distance from the nearest multiple, as a part of the period; ``continuous`` the part
    of all gaps that are one period.
    """

    period_ps: float
    width: float
    continuous: float


def rhythm(time_ps: Times) -> Rhythm | None:
    """The rhythm of a channel's sorted times, or None where its gaps share no period (or are too few to tell).

    Looks at the shortest gaps, where a wrong period shows before its error adds up, and takes the longest period, up to the
    shortest gap, at which exp(2 pi i gap / period) agree (Rayleigh's test).
    """
    gaps = np.diff(time_ps[:SAMPLE])
    gaps = gaps[gaps > 0]
    if gaps.size < _FEWEST_GAPS:
        return None
    short = np.sort(gaps)[: max(_FEWEST_GAPS, min(_GAPS, gaps.size // 4))].astype(np.float64)
    shortest = float(np.quantile(short, 0.02))
    # Periods are tried from just above the shortest gap downwards, in steps that lose no peak over the longest gap of the sample.
    lowest, highest = 0.8 / shortest, _HARMONICS / shortest
    step = 1 / (_STEPS_A_PERIOD * float(short[-1]))
    frequencies = np.arange(lowest, highest, step)[: 1 << 14]
    strength = np.abs(np.exp(2j * np.pi * np.outer(frequencies, short)).mean(axis=1))
    aligned = np.flatnonzero(strength >= _ALIGNED)
    if aligned.size == 0:
        return None
    end = aligned[0]
    while end + 1 < strength.size and strength[end + 1] >= strength[end]:
        end += 1
    period_ps = 1 / float(frequencies[end])
    for _ in range(3):
        count = np.rint(short / period_ps)
        near = (count > 0) & (np.abs(short - count * period_ps) < period_ps / 8)
        if not near.any():
            return None
        period_ps = float(np.median(short[near] / count[near]))
    distance = np.abs(short - np.rint(short / period_ps) * period_ps) / period_ps
    one = np.abs(gaps - period_ps) < period_ps / 8
    return Rhythm(period_ps, float(np.quantile(distance, 0.9)), float(np.count_nonzero(one) / gaps.size))


def find_sync(samples: Mapping[int, Times]) -> tuple[int, Rhythm] | None:
    """The one channel that carries a clock, or None where none plainly does.

    Photons of a pulsed source keep the laser's rhythm too, blurred by the emitter's lifetime. A clock is sharper by a factor of
    four than every other channel and within one per cent; with only one other channel it must also tick in nearly every period,
    because two detectors of one source may differ in sharpness.
    """
    rhythms = {channel: found for channel, sample in samples.items() if (found := rhythm(sample)) is not None}
    if len(samples) < 2 or not rhythms:
        return None
    channel = min(rhythms, key=lambda number: rhythms[number].width)
    best = rhythms[channel]
    others = [found.width for number, found in rhythms.items() if number != channel]
    if best.width > _WIDEST or any(width < _SHARPER * best.width for width in others):
        return None
    if len(samples) == 2 and best.continuous < _CONTINUOUS:
        return None
    return channel, best
