"""Coincidences of two to eight channels, several sets of channels in one pass.

A coincidence of a set is one tag of each of its channels, every two of which are a two-fold coincidence:
-window <= 2 (t_j - t_i) < window for channels i < j. With ties broken by the channel number: the earliest and the latest tag are
less than half the window apart. All combinations count, so a burst counts as the product of its numbers.

Tags closer than half a window to a neighbour form runs; nothing outside runs coincides, and in a run a window slides over the
tags: the work is bounded by the number of tags, whatever their density.
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
from streams.errors import DensityError
from streams.kernels.lanes import LANE, Lanes
from streams.kernels.readonly import readonly

_MANY = 64  # neighbours looked at together
_NOBODY = 255
_MOST = float(1 << 63)

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CoincidenceSets:
    """Sets of channels (each ascending), as tables for the kernel.

    ``channels`` are all of them, ascending, ``numbers`` (int64) the same; a channel's place is its index there, ``place`` (uint8,
    256 entries; 255: in no set) says it.
    Row s of ``members`` holds the places of set s, ended by -1; row p of ``sets_of`` the sets that place p is in, ended by -1.
    """

    sets: tuple[tuple[int, ...], ...]
    channels: tuple[int, ...]
    numbers: _Ints
    place: Channels
    members: _Ints
    sets_of: _Ints

    @classmethod
    def of(cls, sets: tuple[tuple[int, ...], ...]) -> Self:
        channels = tuple(sorted({channel for one in sets for channel in one}))
        place = np.full(256, _NOBODY, np.uint8)
        place[list(channels)] = np.arange(len(channels))
        members = np.full((len(sets), 1 + max(map(len, sets))), -1, np.int64)
        for row, one in zip(members, sets, strict=True):
            row[: len(one)] = place[list(one)]
        of_channel = [[index for index, one in enumerate(sets) if channel in one] for channel in channels]
        sets_of = np.full((len(channels), 1 + max(map(len, of_channel))), -1, np.int64)
        for row, found in zip(sets_of, of_channel, strict=True):
            row[: len(found)] = found
        return cls(sets, channels, np.array(channels, np.int64), place, members, sets_of)


def count_coincidences(
    time_ps: Times, channel: Channels, begin: int, window_ps: int, sets: CoincidenceSets, totals: Counts
) -> None:
    """Add to ``totals`` (uint64, one a set) the coincidences whose last tag stands at ``begin`` or behind it.

    Args:
        time_ps: sorted, int64, differences below 2**63; tags at ``begin`` and behind it are later than those before it.
        channel: uint8.
        begin: tags before it only serve as partners.
        window_ps: full width.
        sets: which channels.
        totals: added to.

    Raises:
        DensityError: more than 2**63 coincidences; ``totals`` is spoiled.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    if not _count(time_ps, channel, begin, window_ps, sets.place, sets.members, sets.sets_of, totals):
        raise DensityError(
            f"more than 2**63 coincidences within {window_ps} ps between {time_ps[0]} and {time_ps[-1]} ps; narrow the window"
        )


def first_pause(time_ps: Times, reach_ps: int) -> int:
    """How many tags stand before the first gap above ``reach_ps``."""
    return int(_first_pause(readonly(time_ps, np.int64), reach_ps))


@njit(nogil=True, cache=True)
def _first_pause(time_ps: Times, reach_ps: int) -> int:
    i = 1
    while i < time_ps.size and time_ps[i] - time_ps[i - 1] <= reach_ps:
        i += 1
    return min(i, time_ps.size)


@njit(nogil=True, cache=True)
def _next_run(time_ps: Times, i: int, reach_ps: int) -> int:
    """Index of the next tag, from ``i`` on, that has a neighbour behind it in reach; the last index where there is none."""
    last = time_ps.size - 1
    while i + _MANY <= last:
        alone = alone_of_many(time_ps, np.uint64(i), np.uint64(reach_ps))
        i += alone
        if alone < _MANY:
            return i
    while i < last and time_ps[i + 1] - time_ps[i] > reach_ps:
        i += 1
    return i


@njit(nogil=True, cache=True)
def _count(
    time_ps: Times,
    channel: Channels,
    begin: int,
    window_ps: int,
    place: Channels,
    members: _Ints,
    sets_of: _Ints,
    totals: Counts,
) -> bool:
    reach = window_ps // 2
    inner_reach = (window_ps - 1) // 2  # half an even window counts only where the later tag's channel is the lower one
    places = sets_of.shape[0]
    within, inside = np.zeros(places, np.uint64), np.zeros(places, np.uint64)  # tags in reach, and in the inner reach
    here = np.zeros(places, np.uint64)
    i = 0
    while True:
        i = _next_run(time_ps, i, reach)
        if i + 1 >= time_ps.size:
            return True
        within[:] = 0
        inside[:] = 0
        oldest = oldest_inside = i
        now = time_ps[i]
        while i < time_ps.size and time_ps[i] - now <= reach:
            now, first = time_ps[i], i
            oldest = _drop(time_ps, channel, place, oldest, now, reach, within)
            oldest_inside = _drop(time_ps, channel, place, oldest_inside, now, inner_reach, inside)
            i, lowest, highest = _gather(time_ps, channel, place, i, here)
            for p in range(lowest, highest + 1):
                if here[p]:
                    if first >= begin and not _add(p, here[p], within, inside, members, sets_of, totals):
                        return False
                    within[p] += here[p]
                    inside[p] += here[p]
                    here[p] = 0


@njit(nogil=True, cache=True)
def _drop(time_ps: Times, channel: Channels, place: Channels, oldest: int, now: int, reach: int, counts: Counts) -> int:
    """Take tags that are out of reach from ``counts``; returns the oldest one left."""
    while now - time_ps[oldest] > reach:
        p = place[channel[oldest]]
        if p != _NOBODY:
            counts[p] -= np.uint64(1)
        oldest += 1
    return oldest


@njit(nogil=True, cache=True)
def _gather(time_ps: Times, channel: Channels, place: Channels, i: int, here: Counts) -> tuple[int, int, int]:
    """Count tag i and those of the same time by place; returns the next tag, and the lowest and highest place counted."""
    now = time_ps[i]
    lowest, highest = here.size, -1
    while i < time_ps.size and time_ps[i] == now:
        p = int(place[channel[i]])
        if p != _NOBODY:
            here[p] += np.uint64(1)
            lowest, highest = min(lowest, p), max(highest, p)
        i += 1
    return i, lowest, highest


@njit(nogil=True, cache=True)
def _add(p: int, weight: np.uint64, within: Counts, inside: Counts, members: _Ints, sets_of: _Ints, totals: Counts) -> bool:
    k = 0
    while sets_of[p, k] >= 0:
        s = sets_of[p, k]
        product, size = weight, float(weight)
        m = 0
        while product and members[s, m] >= 0:
            q = members[s, m]
            if q != p:
                partners = within[q] if q > p else inside[q]
                product *= partners
                size *= float(partners)
            m += 1
        if product or size:
            if size + float(totals[s]) >= _MOST:
                return False
            totals[s] += product
        k += 1
    return True


def _lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    time_ps, i, reach = arguments
    now, following = (
        write.load(write.pointer(signature.args[0], time_ps, place), LANE, _MANY) for place in (i, builder.add(i, LANE(1)))
    )
    near = builder.icmp_unsigned("<=", builder.sub(following, now), write.everywhere(reach, _MANY))
    return write.call("llvm.cttz.i64", LANE, builder.bitcast(near, LANE), ir.IntType(1)(0))


def _alone_of_many(_: Any, time_ps: Any, i: Any, reach: Any) -> Any:
    return types.int64(time_ps, i, reach), _lanes


alone_of_many: Any = intrinsic(_alone_of_many)
"""How many tags from i on, of 64, stand before the first one whose follower is no more than ``reach`` later."""
