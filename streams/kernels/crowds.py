"""Pairs where many tags are in reach of one another, or bins are wide: three ways, whichever takes least.

*Facing* is that of ``facing``, for tags of many different times. *Looking back* takes a step for every couple in reach, with
tags of equal time and channel as one that weighs more. *Walking* is that of ``walks``.
"""

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.axis import Constants, TauAxis
from streams.kernels.bursts import Burst, gather, look_backs
from streams.kernels.facing import count_facing
from streams.kernels.layout import Codes, PairLayout
from streams.kernels.singles import count_channels
from streams.kernels.walks import MOST_STEPS, steps, walk

PIECE = 1 << 16
"""Later tags that are counted together."""
_FEW = 64  # so few couples a tag face each other so fast that finding tags of equal time first would take longer
_EVERY = 256  # one tag in so many is asked how many others are in its reach
_LIGHT = 3  # a step of facing is so much lighter than one of looking back


def count_crowd(
    time_ps: Times, channel: Channels, part: tuple[int, int], layout: PairLayout, axis: TauAxis, rows: Counts
) -> None:
    """``count_pairs`` for equal bins and any density, in pieces of bounded work. ``rows`` has the shape (pairs, bins).

    Raises:
        DensityError: a piece would take more than ``MOST_STEPS``; the pieces before it are counted.
    """
    for begin in range(*part, PIECE):
        end = min(begin + PIECE, part[1])
        first = int(np.searchsorted(time_ps[:begin], time_ps[begin] - axis.reach_ps))
        _count_piece(time_ps[first:end], channel[first:end], begin - first, layout, axis, rows)


def _count_piece(time_ps: Times, channel: Channels, begin: int, layout: PairLayout, axis: TauAxis, rows: Counts) -> None:
    here = count_channels(channel)
    if not any(here[start] and here[stop] for start, stop in layout.pairs):
        return
    walking = steps(channel, begin, layout, axis.bins + 1)
    looking = walking + 1
    facing = _couples(time_ps, begin, axis.reach_ps) if axis.narrow and layout.apart else MOST_STEPS + 1
    if facing > _FEW * time_ps.size:
        burst = gather(time_ps, channel, (begin, time_ps.size))
        looking = look_backs(burst.time_ps, burst.begin, axis.reach_ps)
    if facing <= min(_LIGHT * looking, walking, MOST_STEPS):
        count_facing(time_ps, channel, begin, layout, axis, rows)
        return
    if looking <= min(walking, MOST_STEPS):
        _look_back(burst, layout, axis, rows)
        return
    if min(looking, walking) > MOST_STEPS:
        raise DensityError(
            f"{time_ps.size} tags from {time_ps[begin]} ps on: {min(looking, walking)} steps for delays up to {axis.reach_ps} ps "
            f"in {axis.bins} bins, at most {MOST_STEPS} are taken at once; narrow the range of delays or widen the bins"
        )
    walk(time_ps, channel, begin, layout, axis.edges_ps(), rows)


def _couples(time_ps: Times, begin: int, reach_ps: int) -> int:
    """About how many couples lie in reach, the later one at ``begin`` or behind it: by some of the tags for all."""
    some = np.arange(begin, time_ps.size, _EVERY)
    return _EVERY * int((some - np.searchsorted(time_ps, time_ps[some] - reach_ps)).sum())


def _look_back(burst: Burst, layout: PairLayout, axis: TauAxis, rows: Counts) -> None:
    _count_weighted(burst.time_ps, burst.channel, burst.weight, burst.begin, axis.constants, layout.codes, rows.reshape(-1))


@njit(nogil=True, cache=True)
def _count_weighted(
    time_ps: Times, channel: Channels, weight: Counts, begin: int, constants: Constants, codes: Codes, counts: Counts
) -> None:
    before, span, reach, multiplier, shift, bins = constants
    edge, width, far = np.uint64(before), np.uint64(span), np.uint64(reach)
    factor, places, one = np.uint64(multiplier), np.uint64(shift), np.uint64(1)
    for i in range(begin, time_ps.size):
        now = np.uint64(time_ps[i])
        code = np.int64(codes[channel[i], channel[i]])
        if code >= 0:  # the tags of one group among themselves: tau = 0
            place = edge // factor if shift == 0 else (edge * factor) >> places
            counts[(code >> 1) * bins + np.int64(place)] += weight[i] * (weight[i] - one) // np.uint64(2)
        j = i - 1
        while j >= 0:
            age = now - np.uint64(time_ps[j])
            if age > far:
                break
            code = np.int64(codes[channel[i], channel[j]])
            offset = (-age if code & 1 else age) + edge
            if code >= 0 and offset < width:
                place = offset // factor if shift == 0 else (offset * factor) >> places
                counts[(code >> 1) * bins + np.int64(place)] += weight[i] * weight[j]
            j -= 1
