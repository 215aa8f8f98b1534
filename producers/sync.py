"""Finds the channel that carries a clock's pulses among channels of photons."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.block import Times

SAMPLE = 1 << 16
"""Tags of a channel that are looked at, from its first on."""
_GAPS = 2000
_FEWEST_GAPS = 32
_SPURIOUS = 0.02
_HIGHEST_MULTIPLE = 40
_REACHES = (1.5, 3.0, 6.0, 12.0)
_WIDEST = 0.05
_KEPT = 0.5
_ACCOMPANIED = 0.9


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
    """The rhythm of a channel's sorted times, or None where its gaps share no period, or are too few to tell.

    A clock that was not filtered ticks in most periods: its median gap is the period. Otherwise the shortest gap (a few spurious
    ones left aside) is a small multiple of it; each such period is tried, longest first.
    """
    gaps = np.diff(time_ps)
    gaps = np.sort(gaps[gaps > 0]).astype(np.float64)
    if gaps.size < _FEWEST_GAPS:
        return None
    few = gaps[: max(_FEWEST_GAPS, min(_GAPS, gaps.size // 4))]
    shortest = float(np.quantile(few, _SPURIOUS))
    trials = [float(np.median(gaps)), *(shortest / multiple for multiple in range(1, _HIGHEST_MULTIPLE + 1))]
    return next((found for trial_ps in trials if (found := _refined(gaps, trial_ps, shortest)) is not None), None)


def _refined(gaps: npt.NDArray[np.float64], period_ps: float, shortest_ps: float) -> Rhythm | None:
    """The rhythm near a trial period, which is refined over ever longer gaps, so that its error stays small against itself."""
    near = gaps
    for reach in _REACHES:
        longest_ps = reach * max(shortest_ps, period_ps)
        near = gaps[np.searchsorted(gaps, period_ps / 2) : np.searchsorted(gaps, longest_ps)]
        near = near[:: 1 + near.size // _GAPS]
        if near.size < _FEWEST_GAPS:
            return None
        period_ps = float(np.median(near / np.maximum(1, np.rint(near / period_ps))))
    width = float(np.quantile(np.abs(near - np.rint(near / period_ps) * period_ps), 0.9)) / period_ps
    if width > _WIDEST:
        return None
    return Rhythm(period_ps, width, float(np.count_nonzero(np.abs(gaps - period_ps) < period_ps / 4) / gaps.size))


def find_sync(samples: Mapping[int, Times]) -> tuple[int, Rhythm] | None:
    """The one channel that carries a clock, or None where none plainly does.

    Photons of a pulsed source keep the laser's rhythm too, blurred only by lifetime and jitter, so rhythm alone tells nothing. A
    clock also either ticks in nearly every period, or was filtered to the ticks next to a photon: then nearly each of them has
    another channel's tag within a period. Where a filter makes photons and ticks each other's company, the sharper is it.
    """
    found = {
        channel: one
        for channel, sample in samples.items()
        if (one := rhythm(sample)) is not None
        and (one.continuous >= _KEPT or _accompanied(channel, samples, one) >= _ACCOMPANIED)
    }
    if len(samples) < 2 or not found:
        return None
    channel = min(found, key=lambda number: (found[number].continuous < _KEPT, found[number].width))
    return channel, found[channel]


def _accompanied(channel: int, samples: Mapping[int, Times], one: Rhythm) -> float:
    """Part of a channel's tags that have another channel's tag within one period, where all samples have tags."""
    others = [sample for number, sample in samples.items() if number != channel]
    if not others:
        return 0.0
    end_ps = min(int(sample[-1]) for sample in samples.values() if sample.size >= SAMPLE or sample is samples[channel])
    ticks = samples[channel][samples[channel] <= end_ps]
    tags = np.sort(np.concatenate(others))
    after = np.searchsorted(tags, ticks)
    distance = np.minimum(np.abs(tags[np.minimum(after, tags.size - 1)] - ticks), np.abs(ticks - tags[np.maximum(after - 1, 0)]))
    return float(np.count_nonzero(distance <= one.period_ps * (1 + _WIDEST)) / ticks.size)
