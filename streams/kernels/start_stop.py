"""Stops against the latest start before them. Of equal times the start comes first, whichever of the two stands first."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import TauAxis
from streams.kernels.readonly import readonly

_ALL = 0xFFFF_FFFF_FFFF_FFFF
_Flags = npt.NDArray[np.bool_]
_Constants = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class StartStopLayout:
    """Rows of ``axis.bins`` + 1 counts: one for each of ``stops``, one for the start, one for all other channels.

    The axis begins at 0; the last of a row counts what lies beyond it. ``row`` and ``is_start`` (all bits or none) are uint64 by
    channel, 256 entries.
    """

    start: int
    stops: tuple[int, ...]
    axis: TauAxis
    row: Counts
    is_start: Counts

    @classmethod
    def of(cls, start: int, stops: tuple[int, ...], axis: TauAxis) -> Self:
        row, is_start = np.full(256, len(stops) + 1, np.uint64), np.zeros(256, np.uint64)
        row[list(stops)] = np.arange(len(stops))
        row[start] = len(stops)
        is_start[start] = _ALL
        return cls(start, stops, axis, row, is_start)

    def nothing(self) -> Counts:
        """An empty histogram."""
        return np.zeros((len(self.stops) + 2, self.axis.bins + 1), np.uint64)


@dataclass(frozen=True, slots=True)
class Folding:
    """Delays modulo a period of ``numerator/denominator`` ps, for a start that is recorded once in many periods.

    Delays below ``reach_ps`` are folded, which times the denominator must fit int64.
    """

    numerator: int
    denominator: int
    reach_ps: int


def count_every_stop(
    time_ps: Times, channel: Channels, latest_ps: int | None, layout: StartStopLayout
) -> tuple[Counts, int | None]:
    """Histogram of every stop's time since the latest start, and the start that is the latest after these tags.

    The start's own row counts the starts, in its first bin. A stop without a start before it lies beyond the axis.

    Args:
        time_ps: sorted, int64; no two times in a stream are 2**63 ps or more apart.
        channel: uint8.
        latest_ps: the latest start before these tags, if there is one.
        layout: which channels, which bins; its axis is narrow.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    if not time_ps.size:
        return layout.nothing(), latest_ps
    before_ps = int(time_ps[0]) - layout.axis.span_ps if latest_ps is None else latest_ps
    offset = layout.row * np.uint64(layout.axis.bins + 1)
    counts = layout.nothing()
    after_ps, tied = _every_stop(time_ps, channel, before_ps, layout.is_start, offset, layout.axis.constants, counts.reshape(-1))
    if tied:
        channel = readonly(_starts_first(time_ps, channel, layout.start), np.uint8)
        counts[:] = 0
        _every_stop(time_ps, channel, before_ps, layout.is_start, offset, layout.axis.constants, counts.reshape(-1))
    return counts, latest_ps if after_ps == before_ps else int(after_ps)


def count_some_stops(
    time_ps: Times,
    channel: Channels,
    latest_ps: int | None,
    spent: _Flags,
    layout: StartStopLayout,
    folding: Folding | None,
    *,
    first_only: bool,
) -> tuple[Counts, int | None]:
    """As ``count_every_stop``, with delays folded, or only the first stop of each channel after each start, or any axis.

    Args:
        time_ps: as there.
        channel: as there.
        latest_ps: as there.
        spent: by stop, whether one was seen since the latest start; brought up to date in place.
        layout: which channels, which bins; any axis.
        folding: None to take delays as they are.
        first_only: leave out stops of a channel that is spent.
    """
    time_ps = readonly(time_ps, np.int64)
    channel = readonly(_starts_first(time_ps, readonly(channel, np.uint8), layout.start), np.uint8)
    counts = layout.nothing()
    axis = layout.axis
    folding = folding or Folding(1 << 62, 1, axis.span_ps)
    fold = folding.numerator, folding.denominator, folding.reach_ps, axis.bin_width_ps
    started = latest_ps is not None
    after_ps, started = _some_stops(
        time_ps, channel, latest_ps or 0, started, spent, layout.row.astype(np.int64), fold, first_only, counts
    )
    return counts, int(after_ps) if started else None


@njit(nogil=True, cache=True)
def _every_stop(
    time_ps: Times, channel: Channels, latest_ps: int, is_start: Counts, offset: Counts, constants: _Constants, counts: Counts
) -> tuple[np.int64, np.uint64]:
    _, span_ps, _, multiplier, shift, _ = constants
    span, factor, places = np.uint64(span_ps), np.uint64(multiplier), np.uint64(shift)
    latest, former, ties = np.uint64(np.int64(latest_ps)), np.uint64(time_ps[0] - 1), np.uint64(0)
    for i in range(np.uint64(time_ps.size)):  # no branch depends on a tag
        c = channel[i]
        now = np.uint64(time_ps[i])
        start = is_start[c]
        ties |= start & np.uint64(now == former)
        former = now
        latest = (now & start) | (latest & ~start)
        counts[offset[c] + ((min(now - latest, span) * factor) >> places)] += np.uint64(1)
    return np.int64(latest), ties


@njit(nogil=True, cache=True)
def _some_stops(
    time_ps: Times,
    channel: Channels,
    latest_ps: int,
    started: bool,
    spent: _Flags,
    row: npt.NDArray[np.int64],
    fold: tuple[int, int, int, int],
    first_only: bool,
    counts: Counts,
) -> tuple[int, bool]:
    numerator, denominator, reach_ps, bin_width_ps = fold
    beyond = counts.shape[1] - 1
    stops = spent.size
    for i in range(time_ps.size):
        r = row[channel[i]]
        if r == stops:
            latest_ps = time_ps[i]
            started = True
            spent[:] = False
            counts[r, 0] += np.uint64(1)
        elif r < stops and not (first_only and spent[r]):
            spent[r] = True
            since = time_ps[i] - latest_ps
            if started and since < reach_ps:
                counts[r, (since * denominator) % numerator // (bin_width_ps * denominator)] += np.uint64(1)
            else:
                counts[r, beyond] += np.uint64(1)
    return latest_ps, started


@njit(nogil=True, cache=True)
def _starts_first(time_ps: Times, channel: Channels, start: int) -> Channels:
    """Channels with the starts before all others of the same time."""
    ordered = channel.copy()
    first = 0
    for i in range(time_ps.size):
        if time_ps[i] != time_ps[first]:
            first = i
        if ordered[i] == start:
            ordered[i] = ordered[first]
            ordered[first] = start
            first += 1
    return ordered
