"""Gaps between the neighbouring tags of each channel, in equal bins or in bins that double.

A chunk of tags is taken apart channel by channel, eight tags at a time; then neighbours stand side by side.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import intrinsic

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Constants, TauAxis
from streams.kernels.lanes import LANE, LANES, OCTET, Lanes
from streams.kernels.readonly import readonly

NO_TAG = -(1 << 63)
"""Stands for the last tag of a channel that has none."""
OCTAVES = 52
"""Bins that double end at 2**52 - 1 ps, 75 minutes: up to there a float holds every gap exactly."""
_MANTISSA_BITS = 52
_EXPONENT_OF_ONE = 1_023
_CHUNK = 1_024
_BEYOND_ALL_PS = 1 << 53
_EQUAL = -1
_NO_AXIS: Constants = (0, 0, 0, 0, 0, 0)

_Slots = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class GapLayout:
    """A row of ``bins`` + 1 counts for each of ``channels``; the last counts gaps beyond the bins.

    ``axis``: equal bins from 0 on; None for bins that double: every octave of gap + 1 ps (so that a gap of 0 has its place) in
    ``2**octave_bits`` equal parts. ``wanted`` are the channels as kernels take them.
    """

    channels: tuple[int, ...]
    axis: TauAxis | None
    octave_bits: int
    bins: int
    wanted: Channels = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "wanted", np.array(self.channels, np.uint8))

    @classmethod
    def equal(cls, channels: tuple[int, ...], bin_width_ps: int, bins: int) -> Self:
        """``bins`` bins of ``bin_width_ps``."""
        return cls(channels, TauAxis(0, bin_width_ps, bins), _EQUAL, bins)

    @classmethod
    def doubling(cls, channels: tuple[int, ...], octave_bits: int) -> Self:
        return cls(channels, None, octave_bits, OCTAVES << octave_bits)

    def nothing(self) -> Counts:
        """Empty rows."""
        return np.zeros((len(self.channels), self.bins + 1), np.uint64)

    def rows_of(self, counts: Counts) -> Counts:
        """``counts`` seen as rows."""
        return counts.reshape(len(self.channels), self.bins + 1)

    def edges_ps(self) -> Times:
        """``bins`` + 1 edges; bins that double start with some that are narrower than 1 ps and so stay empty."""
        if self.axis is not None:
            return self.axis.edges_ps()
        parts = 1 << self.octave_bits
        return np.array([-(-((parts + k % parts) << (k // parts)) // parts) - 1 for k in range(self.bins + 1)], np.int64)


def count_gaps(time_ps: Times, channel: Channels, last_ps: Times, layout: GapLayout, rows: Counts) -> None:
    """Add the gaps that end at one of these tags. The first tag of a channel ends none.

    Args:
        time_ps: sorted, int64; no two times in a stream are 2**63 ps or more apart.
        channel: uint8.
        last_ps: int64, 256 entries: the last tag of each channel before these, or ``NO_TAG``; brought up to date in place.
        layout: which channels, which bins; its axis is narrow.
        rows: of the layout; added to.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    constants = _NO_AXIS if layout.axis is None else layout.axis.constants
    _count(time_ps, channel, layout.wanted, last_ps, layout.octave_bits, constants, rows)


@njit(nogil=True, cache=True)
def _count(
    time_ps: Times, channel: Channels, wanted: Channels, last_ps: Times, octave_bits: int, constants: Constants, rows: Counts
) -> None:
    times, slots = np.empty(1 + _CHUNK + LANES, np.int64), np.empty(_CHUNK + 1, np.uint32)
    one, beyond = np.uint64(1), np.uint64(rows.shape[1] - 1)
    for start in range(0, time_ps.size, _CHUNK):
        begin, end = np.uint64(start), np.uint64(min(start + _CHUNK, time_ps.size))
        for k in range(wanted.size):
            first = last_ps[wanted[k]] == NO_TAG
            times[0] = time_ps[begin] - _BEYOND_ALL_PS if first else last_ps[wanted[k]]
            tags = _taken_out(time_ps, channel, begin, end, wanted[k], times)
            if tags == 0:
                continue
            last_ps[wanted[k]] = times[tags]
            if octave_bits >= 0:
                kept = _place_doubling(times, tags, octave_bits, np.uint32(beyond), slots)
            else:
                kept = _place_equal(times, tags, constants, slots)
            for i in range(kept):
                rows[k, slots[i]] += one
            rows[k, beyond] += tags - kept - np.uint64(first)


@njit(nogil=True, cache=True)
def _taken_out(time_ps: Times, channel: Channels, begin: np.uint64, end: np.uint64, wanted: np.uint8, times: Times) -> np.uint64:
    """Write the times of a channel's tags in [begin, end) behind the first of ``times``; returns how many they are."""
    place, one = np.uint64(1), np.uint64(1)
    whole = begin + ((end - begin) & ~np.uint64(LANES - 1))
    for i in range(begin, whole, np.uint64(LANES)):
        place = times_of_eight(time_ps, channel, i, wanted, times, place)
    for i in range(whole, end):
        times[place] = time_ps[i]
        place += np.uint64(channel[i] == wanted)
    return place - one


@njit(nogil=True, cache=True)
def _place_doubling(times: Times, tags: np.uint64, octave_bits: int, beyond: np.uint32, slots: _Slots) -> np.uint64:
    """Exponent and first bits of the mantissa number the bins. Returns how many places were written, here all."""
    shift, first, one = np.uint64(_MANTISSA_BITS - octave_bits), np.uint64(_EXPONENT_OF_ONE << octave_bits), np.uint64(1)
    for i in range(tags):
        gap = times[i + one] - times[i]
        slots[i] = min(np.uint32((np.float64(gap + 1).view(np.uint64) >> shift) - first), beyond)
    return tags


@njit(nogil=True, cache=True)
def _place_equal(times: Times, tags: np.uint64, constants: Constants, slots: _Slots) -> np.uint64:
    """Without those beyond: they may be most, and each would wait for the one before it."""
    span, factor, places, one = np.uint64(constants[1]), np.uint64(constants[3]), np.uint64(constants[4]), np.uint64(1)
    kept = np.uint64(0)
    for i in range(tags):
        gap = np.uint64(times[i + one] - times[i])
        slots[kept] = np.uint32((gap * factor) >> places)
        kept += np.uint64(gap < span)
    return kept


def _eight_lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    time_ps, channel, i, wanted, into, place = arguments
    channels = write.load(write.pointer(signature.args[1], channel, i), OCTET)
    kept = builder.icmp_unsigned("==", channels, write.everywhere(wanted))
    times = write.load(write.pointer(signature.args[0], time_ps, i), LANE)
    write.store(write.closed_up(times, kept), write.pointer(signature.args[4], into, place))
    return builder.add(place, write.number(kept))


def _times_of_eight(_: Any, time_ps: Any, channel: Any, i: Any, wanted: Any, into: Any, place: Any) -> Any:
    return types.uint64(time_ps, channel, i, wanted, into, place), _eight_lanes


times_of_eight: Any = intrinsic(_times_of_eight)
"""Of tags i to i + 7 the times of channel ``wanted`` (uint8), written into ``into`` from ``place`` on, with room for eight.

Returns the place behind them.
"""
