"""Pairs of dense light, channel by channel: for every stop the starts that face it, eight at a time.

Where a tag has tens of others in reach, much work of looking back over a merged stream goes into tags of its own channel. Here
both channels of a pair stand apart, and what faces a stop is a stretch of the starts, whose beginning only moves on.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import intrinsic

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Constants, TauAxis
from streams.kernels.lanes import HALF, LANE, LANES, Lanes, lanes_of
from streams.kernels.layout import PairLayout
from streams.kernels.select import select
from streams.kernels.singles import count_channels

_ROOM = 2_048  # slots that are collected before they are counted
_OLD = 32  # of two numbers in one, the second stands from this bit on
_LOW = (1 << _OLD) - 1
_NEVER = np.iinfo(np.int64).max

_Slots = npt.NDArray[np.uint32]


def count_facing(time_ps: Times, channel: Channels, seam: int, layout: PairLayout, axis: TauAxis, rows: Counts) -> None:
    """Add every pair whose later tag stands at ``seam`` or behind it.

    Args:
        time_ps: sorted, int64; fewer than 2**32 pairs in all.
        channel: uint8.
        seam: index.
        layout: no channel pairs with itself.
        axis: narrow.
        rows: counts of shape (pairs, bins).
    """
    old = count_channels(channel[:seam]).tolist()
    tags = {number: select(time_ps, channel, (number,))[0] for number in layout.detectors}
    few = np.zeros(axis.bins, np.uint32)  # half as wide, so that twice as many bins stay near
    for row, (start, stop) in enumerate(layout.pairs):
        starts, stops = np.full(tags[start].size + LANES, _NEVER), tags[stop]
        starts[:-LANES] = tags[start]
        few[:] = 0
        _count_facing(starts, stops[old[stop] :], axis.constants, few)
        _count_facing(starts[old[start] :], stops[: old[stop]], axis.constants, few)
        rows[row] += few


@njit(nogil=True, cache=True)
def _count_facing(starts: Times, stops: Times, constants: Constants, counts: _Slots) -> None:
    """Every pair of ``starts``, with times that never come behind them, and ``stops``."""
    before, span, _, multiplier, shift, _ = constants
    width, factor, places, one = np.uint64(span), np.uint64(multiplier), np.uint64(shift), np.uint32(1)
    slots = np.empty(_ROOM + LANES, np.uint32)
    first, filled = np.uint64(0), np.uint64(0)
    for j in range(stops.size):
        latest = stops[j] + before
        found = facing_eight(starts, first, np.uint64(latest), width, factor, places, slots, filled)
        while found >> np.uint64(_OLD) == np.uint64(LANES):
            first += np.uint64(LANES)
            found = facing_eight(starts, first, np.uint64(latest), width, factor, places, slots, filled)
        filled = found & np.uint64(_LOW)
        i = first + np.uint64(LANES)
        first += found >> np.uint64(_OLD)
        while starts[i - np.uint64(1)] <= latest:
            if filled >= np.uint64(_ROOM):
                for k in range(filled):
                    counts[slots[k]] += one
                filled = np.uint64(0)
            found = facing_eight(starts, i, np.uint64(latest), width, factor, places, slots, filled)
            filled = found & np.uint64(_LOW)
            i += np.uint64(LANES)
        if filled >= np.uint64(_ROOM):
            for k in range(filled):
                counts[slots[k]] += one
            filled = np.uint64(0)
    for k in range(filled):
        counts[slots[k]] += one


def _eight_lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    starts, first, latest, width, factor, places, slots, filled = arguments
    offset = builder.sub(write.everywhere(latest), write.load(write.pointer(signature.args[0], starts, first), LANE))
    wide = write.everywhere(width)
    inside = builder.icmp_unsigned("<", offset, wide)
    old = builder.icmp_signed(">=", offset, wide)
    product = builder.mul(write.low(offset), write.low(write.everywhere(factor)))
    slot = builder.trunc(builder.lshr(product, write.everywhere(places)), lanes_of(HALF))
    write.store(write.closed_up(slot, inside), write.pointer(signature.args[6], slots, filled))
    return builder.add(builder.add(filled, write.number(inside)), builder.shl(write.number(old), LANE(_OLD)))


def _facing_eight(
    _: Any, starts: Any, first: Any, latest: Any, width: Any, factor: Any, places: Any, slots: Any, filled: Any
) -> Any:
    return types.uint64(starts, first, latest, width, factor, places, slots, filled), _eight_lanes


facing_eight: Any = intrinsic(_facing_eight)
"""Slots of the starts ``first`` to ``first`` + 7 that face a stop, written behind the ``filled`` that are there.

``latest``: stop time less the first edge, up to which starts face it. Returns how many are there then, and from bit ``_OLD`` on
how many of the eight are too old to face this stop or a later one.
"""
