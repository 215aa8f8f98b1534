"""Gaps between the neighbouring tags of each channel, in equal bins or in bins that double."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Constants, TauAxis
from streams.kernels.readonly import readonly

NO_TAG = -(1 << 63)
"""Stands for the last tag of a channel that has none."""
OCTAVES = 52
"""Bins that double end at 2**52 - 1 ps, 75 minutes: up to there a float holds every gap exactly."""
_MANTISSA_BITS = 52
_EXPONENT_OF_ONE = 1_023
_CHUNK = 1_024
_BEYOND_ALL_PS = 1 << 53


@dataclass(frozen=True, slots=True)
class GapLayout:
    """Rows of ``bins`` + 1 counts, one for each of ``channels`` and one for all others.

    The last of a row counts gaps beyond the bins. ``axis``: equal bins from 0 on; None for bins that double: every octave of
    gap + 1 ps (so that a gap of 0 has its place) in ``2**octave_bits`` equal parts. ``row`` (uint8) is by channel.
    """

    channels: tuple[int, ...]
    axis: TauAxis | None
    octave_bits: int
    bins: int
    row: Channels

    @classmethod
    def equal(cls, channels: tuple[int, ...], bin_width_ps: int, bins: int) -> Self:
        """``bins`` bins of ``bin_width_ps``."""
        return cls(channels, TauAxis(0, bin_width_ps, bins), 0, bins, _rows(channels))

    @classmethod
    def doubling(cls, channels: tuple[int, ...], octave_bits: int) -> Self:
        return cls(channels, None, octave_bits, OCTAVES << octave_bits, _rows(channels))

    def edges_ps(self) -> Times:
        """``bins`` + 1 edges; bins that double start with some that are narrower than 1 ps and so stay empty."""
        if self.axis is not None:
            return self.axis.edges_ps()
        parts = 1 << self.octave_bits
        return np.array([-(-((parts + k % parts) << (k // parts)) // parts) - 1 for k in range(self.bins + 1)], np.int64)


def count_gaps(time_ps: Times, channel: Channels, last_ps: Times, layout: GapLayout) -> Counts:
    """Gaps that end at one of these tags: uint64, shape (channels, bins + 1). The first tag of a channel ends none.

    Args:
        time_ps: sorted, int64; no two times in a stream are 2**63 ps or more apart.
        channel: uint8.
        last_ps: int64, 256 entries: the last tag of each channel before these, or ``NO_TAG``; brought up to date in place.
        layout: which channels, which bins.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    of_channels = list(layout.channels)
    row_bits = layout.bins.bit_length()
    counts = np.zeros((len(of_channels) + 1, 1 << row_bits), np.uint64)
    if time_ps.size:
        before = last_ps[of_channels]
        last = np.append(np.where(before == NO_TAG, time_ps[0] - _BEYOND_ALL_PS, before), time_ps[0])
        if layout.axis is None:
            _count_doubling(time_ps, channel, last, layout.row, row_bits, layout.octave_bits, counts.reshape(-1))
        else:
            _count_equal(time_ps, channel, last, layout.row, row_bits, layout.axis.constants, counts.reshape(-1))
        seen = last[:-1] >= time_ps[0]
        counts[:-1][seen & (before == NO_TAG), layout.bins] -= np.uint64(1)
        last_ps[of_channels] = np.where(seen, last[:-1], before)
    return counts[:-1, : layout.bins + 1]


def _rows(channels: tuple[int, ...]) -> Channels:
    row = np.full(256, len(channels), np.uint8)
    row[list(channels)] = np.arange(len(channels))
    return row


@njit(nogil=True, cache=True)
def _count_doubling(
    time_ps: Times, channel: Channels, last_ps: Times, row: Channels, row_bits: int, octave_bits: int, counts: Counts
) -> None:
    places, shift = np.uint64(row_bits), np.uint64(_MANTISSA_BITS - octave_bits)
    first, beyond = np.uint64(_EXPONENT_OF_ONE << octave_bits), np.uint64(OCTAVES << octave_bits)
    gap = np.empty(_CHUNK, np.int64)
    for begin in range(0, time_ps.size, _CHUNK):
        now, source = time_ps[begin : begin + _CHUNK], channel[begin : begin + _CHUNK]
        for i in range(np.uint64(now.size)):
            r = np.uint64(row[source[i]])
            gap[i] = now[i] - last_ps[r]
            last_ps[r] = now[i]
        for i in range(np.uint64(now.size)):
            octave = (np.float64(gap[i] + 1).view(np.uint64) >> shift) - first  # exponent and first bits of the mantissa
            counts[(np.uint64(row[source[i]]) << places) + min(octave, beyond)] += np.uint64(1)


@njit(nogil=True, cache=True)
def _count_equal(
    time_ps: Times, channel: Channels, last_ps: Times, row: Channels, row_bits: int, constants: Constants, counts: Counts
) -> None:
    _, span_ps, _, multiplier, shift, _ = constants
    places, span, factor, point = np.uint64(row_bits), np.uint64(span_ps), np.uint64(multiplier), np.uint64(shift)
    gap = np.empty(_CHUNK, np.int64)
    for begin in range(0, time_ps.size, _CHUNK):
        now, source = time_ps[begin : begin + _CHUNK], channel[begin : begin + _CHUNK]
        for i in range(np.uint64(now.size)):
            r = np.uint64(row[source[i]])
            gap[i] = now[i] - last_ps[r]
            last_ps[r] = now[i]
        for i in range(np.uint64(now.size)):
            bin_of = (min(np.uint64(gap[i]), span) * factor) >> point
            counts[(np.uint64(row[source[i]]) << places) + bin_of] += np.uint64(1)
