"""Stops against the latest start before them. Of equal times the start comes first, whichever of the two stands first.

Every stop on a narrow axis is looked for eight tags at a time; other ways to count go tag by tag.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Constants, TauAxis
from streams.kernels.lanes import HALF, LANE, LANES, OCTET, Lanes, lanes_of
from streams.kernels.readonly import readonly

_CHUNK = 1_024
_SOURCE = 48  # a word holds a time since a start, and from this bit on the channel
_TIME = (1 << _SOURCE) - 1
_LOWEST = -(1 << 63)
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StartStopLayout:
    """A row of ``axis.bins`` + 1 counts for each of ``stops``; the axis begins at 0, the last of a row counts what lies beyond.

    ``row`` (uint64, 256 entries) is by channel; channels that are no stop share one row behind the others.
    """

    start: int
    stops: tuple[int, ...]
    axis: TauAxis
    row: Counts

    @classmethod
    def of(cls, start: int, stops: tuple[int, ...], axis: TauAxis) -> Self:
        row = np.full(256, len(stops), np.uint64)
        row[list(stops)] = np.arange(len(stops))
        return cls(start, stops, axis, row)

    def nothing(self) -> Counts:
        """Empty rows."""
        return np.zeros((len(self.stops), self.axis.bins + 1), np.uint64)

    def rows_of(self, counts: Counts) -> Counts:
        """``counts`` seen as rows."""
        return counts.reshape(len(self.stops), self.axis.bins + 1)


@dataclass(frozen=True, slots=True)
class Folding:
    """Delays modulo a period of ``numerator/denominator`` ps, for a start that is recorded once in many periods.

    Delays below ``reach_ps`` are folded, which times the denominator must fit int64.
    """

    numerator: int
    denominator: int
    reach_ps: int


def count_every_stop(
    time_ps: Times, channel: Channels, tags: Counts, latest_ps: int | None, layout: StartStopLayout, rows: Counts
) -> int | None:
    """Add every stop by its time since the latest start; returns the start that is the latest after these tags.

    A stop without a start before it lies beyond the axis.

    Args:
        time_ps: sorted, int64; no two times in a stream are 2**63 ps or more apart.
        channel: uint8.
        tags: these tags, counted by channel.
        latest_ps: the latest start before these tags, if there is one.
        layout: which channels, which bins; its axis is narrow.
        rows: of the layout; added to.
    """
    if not time_ps.size:
        return latest_ps
    time_ps, channel, tags = readonly(time_ps, np.int64), readonly(channel, np.uint8), readonly(tags, np.uint64)
    before_ps = int(time_ps[0]) - layout.axis.span_ps if latest_ps is None else latest_ps
    after_ps = _every_stop(time_ps, channel, tags, before_ps, layout.start, layout.row, layout.axis.constants, rows)
    return int(after_ps) if tags[layout.start] else latest_ps


def count_some_stops(
    time_ps: Times,
    channel: Channels,
    latest_ps: int | None,
    spent: _Flags,
    layout: StartStopLayout,
    folding: Folding | None,
    rows: Counts,
    *,
    first_only: bool,
) -> int | None:
    """As ``count_every_stop``, with delays folded, or only the first stop of each channel after each start, or any axis.

    Args:
        time_ps: as there.
        channel: as there.
        latest_ps: as there.
        spent: by stop, whether one was seen since the latest start; brought up to date in place.
        layout: which channels, which bins; any axis.
        folding: None to take delays as they are.
        rows: as there.
        first_only: leave out stops of a channel that is spent.
    """
    time_ps = readonly(time_ps, np.int64)
    channel = readonly(_starts_first(time_ps, readonly(channel, np.uint8), layout.start), np.uint8)
    axis = layout.axis
    folding = folding or Folding(1 << 62, 1, axis.span_ps)
    fold = folding.numerator, folding.denominator, folding.reach_ps, axis.bin_width_ps
    started = latest_ps is not None
    after_ps, started = _some_stops(
        time_ps, channel, layout.start, latest_ps or 0, started, spent, layout.row, fold, first_only, rows
    )
    return int(after_ps) if started else None


@njit(nogil=True, cache=True)
def _every_stop(
    time_ps: Times,
    channel: Channels,
    tags: Counts,
    latest_ps: int,
    start_channel: int,
    row: Counts,
    constants: Constants,
    rows: Counts,
) -> np.int64:
    """Count; returns the latest start."""
    counts = np.zeros((rows.shape[0] + 1, rows.shape[1]), np.uint64)  # the last row is for channels that are no stop
    words = np.empty(_CHUNK + LANES, np.uint64)
    span, eight, size = np.uint64(constants[1]), np.uint64(LANES), np.uint64(time_ps.size)
    start, latest, none, one = np.uint8(start_channel), np.int64(latest_ps), np.uint64(0), np.uint64(1)
    place, latest, i = *_since_of_one(time_ps, channel, none, start, latest, span, words, none), one
    while i + eight <= size:
        for k in range(i, min(i + np.uint64(_CHUNK) - eight, size - eight) + one, eight):
            before = latest
            place, latest, tied = since_of_eight(time_ps, channel, k, start, latest, span, words, place)
            if tied:
                _put_right(time_ps, channel, (np.uint64(k), k + eight), start, before, row, constants, counts)
            i = k + eight
        _count_words(words, place, row, constants, counts)
        place = none
    while i < size:
        before = latest
        place, latest = _since_of_one(time_ps, channel, i, start, latest, span, words, place)
        _put_right(time_ps, channel, (i, i + one), start, before, row, constants, counts)
        i += one
    _count_words(words, place, row, constants, counts)
    beyond = rows.shape[1] - 1
    for r in range(rows.shape[0]):
        seen = np.uint64(0)
        for k in range(beyond):
            rows[r, k] += counts[r, k]
            seen += counts[r, k]
        rows[r, beyond] -= seen
    for c in range(256):
        if row[c] < np.uint64(rows.shape[0]):
            rows[row[c], beyond] += tags[c]
    return latest


@njit(nogil=True, cache=True)
def _since_of_one(
    time_ps: Times,
    channel: Channels,
    i: np.uint64,
    start: np.uint8,
    latest: np.int64,
    span: np.uint64,
    words: Counts,
    place: np.uint64,
) -> tuple[np.uint64, np.int64]:
    """``since_of_eight`` for tag i alone."""
    if channel[i] == start:
        return place, time_ps[i]
    since = np.uint64(time_ps[i] - latest)
    words[place] = since | (np.uint64(channel[i]) << np.uint64(_SOURCE))
    return place + np.uint64(since < span), latest


@njit(nogil=True, cache=True)
def _count_words(words: Counts, size: np.uint64, row: Counts, constants: Constants, counts: Counts) -> None:
    factor, places = np.uint64(constants[3]), np.uint64(constants[4])
    for k in range(size):
        since = words[k] & np.uint64(_TIME)
        counts[row[words[k] >> np.uint64(_SOURCE)], (since * factor) >> places] += np.uint64(1)


@njit(nogil=True, cache=True)
def _put_right(
    time_ps: Times,
    channel: Channels,
    part: tuple[np.uint64, np.uint64],
    start: np.uint8,
    latest: np.int64,
    row: Counts,
    constants: Constants,
    counts: Counts,
) -> None:
    """Move stops that stand before a start of the same time, one of ``part``, from where they were counted to time 0.

    ``latest`` is the latest start before ``part``.
    """
    span, factor, places = np.uint64(constants[1]), np.uint64(constants[3]), np.uint64(constants[4])
    for k in range(part[0], part[1]):
        if channel[k] != start:
            continue
        now, j = time_ps[k], np.int64(k) - 1
        while latest != now and j >= 0 and time_ps[j] == now:
            since, r = np.uint64(now - latest), row[channel[j]]
            if since < span:
                counts[r, (since * factor) >> places] -= np.uint64(1)  # it is, or will be, counted there
            counts[r, 0] += np.uint64(1)
            j -= 1
        latest = now


@njit(nogil=True, cache=True)
def _some_stops(
    time_ps: Times,
    channel: Channels,
    start: int,
    latest_ps: int,
    started: bool,
    spent: _Flags,
    row: Counts,
    fold: tuple[int, int, int, int],
    first_only: bool,
    counts: Counts,
) -> tuple[int, bool]:
    numerator, denominator, reach_ps, bin_width_ps = fold
    beyond, stops = counts.shape[1] - 1, np.uint64(spent.size)
    for i in range(time_ps.size):
        r = row[channel[i]]
        if channel[i] == start:
            latest_ps = time_ps[i]
            started = True
            spent[:] = False
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


def _eight_lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    time_ps, channel, i, start, latest, span, into, place = arguments
    now = write.load(write.pointer(signature.args[0], time_ps, i), LANE)
    former = write.load(write.pointer(signature.args[0], time_ps, builder.sub(i, LANE(1))), LANE)
    channels = write.load(write.pointer(signature.args[1], channel, i), OCTET)
    starts = builder.icmp_unsigned("==", channels, write.everywhere(start))

    def later(one: Any, other: Any) -> Any:
        return builder.select(builder.icmp_signed(">", one, other), one, other)

    nowhere = write.constant(_LOWEST)
    latest_here = builder.select(starts, now, nowhere)
    for step in (1, 2, 4):  # each lane learns of the latest start in itself and in those before it
        lanes = [LANES if lane < step else lane - step for lane in range(LANES)]
        before = builder.shuffle_vector(latest_here, nowhere, ir.Constant(lanes_of(HALF), lanes))
        latest_here = later(before, latest_here)
    since = builder.sub(now, later(latest_here, write.everywhere(latest)))
    kept = builder.and_(builder.icmp_unsigned("<", since, write.everywhere(span)), builder.not_(starts))
    words = builder.or_(since, builder.shl(builder.zext(channels, lanes_of(LANE)), write.constant(_SOURCE)))
    write.store(write.closed_up(words, kept), write.pointer(signature.args[6], into, place))
    tied = builder.and_(starts, builder.icmp_unsigned("==", now, former))
    found = (
        builder.add(place, write.number(kept)),
        later(builder.extract_element(latest_here, HALF(LANES - 1)), latest),
        write.number(tied),
    )
    return context.make_tuple(builder, signature.return_type, found)


def _since_of_eight(_: Any, time_ps: Any, channel: Any, i: Any, start: Any, latest: Any, span: Any, into: Any, place: Any) -> Any:
    found = types.Tuple((types.uint64, types.int64, types.uint64))  # type: ignore[no-untyped-call]
    return found(time_ps, channel, i, start, latest, span, into, place), _eight_lanes


since_of_eight: Any = intrinsic(_since_of_eight)
"""Words of those of tags i to i + 7 that are not of channel ``start`` (uint8) and less than ``span`` behind the latest start.

They are written into ``into`` from ``place`` on, with room for eight. ``latest`` (int64) is the latest start before tag i; tag
i - 1 exists. Returns the place behind them, the latest start behind the eight, and how many starts have the time of
the tag before them.
"""
