"""Pairs of a merged stream, lag by lag: every tag with the one before it, then with the one before that, eight tags at a time.

No branch depends on a tag. For each lag a chunk of tags is compared with itself shifted by the lag, and the couples that lie in
reach are closed up; they are turned into slots of the histogram and counted. While many tags of a chunk are in reach the next lag
is a *scan* of the whole chunk; when few are left only those are looked at again (a *rescan*). A chunk is done when none is left,
so that sparse light costs little more than one comparison a tag, and dense light little more than its pairs.

A couple is one 64-bit word: its age (ps) in bits 0-31, the later tag's place in its chunk in bits 32-47, the later tag's
channel in bits 48-55, the earlier one's in bits 56-63.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import intrinsic

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Constants
from streams.kernels.lanes import LANE, LANES, OCTET, Lanes, lanes_of
from streams.kernels.layout import Codes, Traits

SPARE = 64
"""Slots behind the bins, taken in turn by what pairs with nothing, so that it costs neither a branch nor a wait."""
CHUNK = 1_024
"""Tags that are looked at together."""
_AHEAD = 512  # tags that are called for this long before they are needed: further than processors look by themselves
_FEW = 4  # where less than one tag in so many was in reach at this lag, only those are looked at again
_MANY = 2  # where more than one in so many was, the next lag is scanned for pairs alone: another scan will follow
_NEAR = 32  # a scan yields two numbers in one: how many couples are in reach stands from this bit on
_LOW = (1 << _NEAR) - 1

_Words = npt.NDArray[np.uint64]
_Slots = npt.NDArray[np.uint32]


@njit(nogil=True, cache=True)
def count_lags(
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int],
    constants: Constants,
    codes: Codes,
    traits: Traits,
    histogram: Counts,
) -> np.int64:
    """Add every pair whose later tag stands in ``part`` and whose earlier tag stands before it, up to the first crowd.

    Returns the end of ``part``, or the tag at which a crowd begins: ``CHUNK`` tags in reach of one another, which other loops
    count faster. Later tags from there on were not counted.

    ``codes`` and ``traits`` are those of the layout, ``constants`` those of a narrow axis; ``histogram`` holds the
    bins of every row and ``SPARE`` more.
    """
    found, slots = np.empty(CHUNK + LANES, np.uint64), np.empty(CHUNK + LANES, np.uint32)
    reach, one, crowded = np.uint64(constants[2]), np.uint64(1), False
    only, apart = (traits[0], traits[1]), traits[2] == 1
    for begin in range(np.uint64(part[0]), np.uint64(part[1]), np.uint64(CHUNK)):
        first = np.uint64(begin)
        end = min(first + np.uint64(CHUNK), np.uint64(part[1]))
        if first + np.uint64(CHUNK) == end and np.uint64(time_ps[end - one]) - np.uint64(time_ps[first]) <= reach:
            return np.int64(first)
        lag, pairs_alone = one, crowded
        counts = _scan(time_ps, channel, first, end, lag, reach, pairs_alone, found)
        crowded = bool(apart and (counts >> np.uint64(_NEAR)) * np.uint64(_MANY) > end - first)
        while counts:
            near, kept = counts >> np.uint64(_NEAR), counts & np.uint64(_LOW)
            if only[0] >= 0:
                _place_one(found, kept, constants, only, slots, histogram.size - SPARE)
            else:
                _place(found, kept, constants, codes, slots, histogram.size - SPARE)
            for k in range(kept):
                histogram[slots[k]] += one
            lag += one
            if near * np.uint64(_FEW) <= end - first and not pairs_alone:
                counts = _rescan(time_ps, channel, first, lag, reach, near, found)
            else:
                pairs_alone = bool(apart and near * np.uint64(_MANY) > end - first)
                counts = _scan(time_ps, channel, first, end, lag, reach, pairs_alone, found)
    return np.int64(part[1])


@njit(nogil=True, cache=True)
def _scan(
    time_ps: Times,
    channel: Channels,
    first: np.uint64,
    end: np.uint64,
    lag: np.uint64,
    reach: np.uint64,
    pairs_alone: bool,
    found: _Words,
) -> np.uint64:
    """Write the couples in reach of a later tag in [first, end) and the one ``lag`` before it; ``pairs_alone``: of two channels.

    Returns how many were written, and from bit ``_NEAR`` on how many are in reach.
    """
    begin = max(first, lag)
    whole = begin + ((max(end, begin) - begin) & ~np.uint64(LANES - 1))
    counts, alike = np.uint64(0), np.uint64(not pairs_alone)
    for i in range(begin, whole, np.uint64(LANES)):
        counts = near_of_eight(time_ps, channel, i, first, lag, reach, alike, found, counts)
    for i in range(whole, end):
        j = i - lag
        age = np.uint64(time_ps[i]) - np.uint64(time_ps[j])
        near = np.uint64(age <= reach)
        later, earlier = np.uint64(channel[i]), np.uint64(channel[j])
        word = age | ((i - first) << np.uint64(32)) | (later << np.uint64(48)) | (earlier << np.uint64(56))
        found[counts & np.uint64(_LOW)] = word
        counts += (near << np.uint64(_NEAR)) + (near & (np.uint64(later != earlier) | alike))
    return counts


@njit(nogil=True, cache=True)
def _rescan(
    time_ps: Times, channel: Channels, first: np.uint64, lag: np.uint64, reach: np.uint64, left: np.uint64, found: _Words
) -> np.uint64:
    """The same for the later tags of the first ``left`` couples of ``found``, which it overwrites."""
    kept = np.uint64(0)
    for k in range(left):
        word = found[k]
        i = first + ((word >> np.uint64(32)) & np.uint64(0xFFFF))
        inside = i >= lag
        j = i - lag if inside else i
        age = np.uint64(time_ps[i]) - np.uint64(time_ps[j])
        found[kept] = age | (word & np.uint64(0x00FFFFFF00000000)) | (np.uint64(channel[j]) << np.uint64(56))
        kept += np.uint64((age <= reach) & inside)
    return kept | (kept << np.uint64(_NEAR))


@njit(nogil=True, cache=True)
def _place(found: _Words, kept: np.uint64, constants: Constants, codes: Codes, slots: _Slots, spare: int) -> None:
    before, span, _, multiplier, shift, bins = constants
    edge, width, row_bins = np.uint64(before), np.uint64(span), np.uint64(bins)
    factor, places, one = np.uint64(multiplier), np.uint64(shift), np.uint64(1)
    for k in range(kept):
        word = found[k]
        code = codes[(word >> np.uint64(48)) & np.uint64(255), word >> np.uint64(56)]
        slots[k] = np.uint32(code)
    for k in range(kept):
        code = slots[k]
        flip = np.uint64(code) & one
        age = found[k] & np.uint64(0xFFFFFFFF)
        offset = ((age ^ -flip) + flip) + edge
        place = np.uint64(code >> np.uint32(1)) * row_bins + (((offset & np.uint64(0xFFFFFFFF)) * factor) >> places)
        taken = (offset < width) & (code < np.uint32(1 << 31))
        slots[k] = np.uint32(place if taken else np.uint64(spare) + (np.uint64(k) & np.uint64(SPARE - 1)))


@njit(nogil=True, cache=True)
def _place_one(found: _Words, kept: np.uint64, constants: Constants, only: tuple[int, int], slots: _Slots, spare: int) -> None:
    before, span, _, multiplier, shift, _ = constants
    edge, width = np.uint64(before), np.uint64(span)
    factor, places = np.uint64(multiplier), np.uint64(shift)
    stop_later = np.uint64(only[1] | only[0] << 8)
    start_later = np.uint64(only[0] | only[1] << 8)
    for k in range(kept):
        word = found[k]
        channels = word >> np.uint64(48)
        age = word & np.uint64(0xFFFFFFFF)
        flip = np.uint64(channels == start_later)
        offset = ((age ^ -flip) + flip) + edge
        place = ((offset & np.uint64(0xFFFFFFFF)) * factor) >> places
        taken = (offset < width) & ((channels == stop_later) | (channels == start_later))
        slots[k] = np.uint32(place if taken else np.uint64(spare) + (np.uint64(k) & np.uint64(SPARE - 1)))


def _eight_lanes(context: Any, builder: Any, signature: Any, arguments: tuple[Any, ...]) -> Any:
    write = Lanes(context, builder)
    time_ps, channel, i, first, lag, reach, alike, found, counts = arguments
    times, channels = signature.args[0], signature.args[1]
    j = builder.sub(i, lag)
    write.call_early(write.pointer(times, time_ps, builder.add(i, LANE(_AHEAD))))
    age = builder.sub(*(write.load(write.pointer(times, time_ps, place), LANE) for place in (i, j)))
    later, earlier = (
        builder.zext(write.load(write.pointer(channels, channel, place), OCTET), lanes_of(LANE)) for place in (i, j)
    )
    near = builder.icmp_unsigned("<=", age, write.everywhere(reach))
    differ = builder.icmp_unsigned("!=", builder.or_(builder.xor(later, earlier), write.everywhere(alike)), write.constant(0))
    kept = builder.and_(near, differ)
    place = builder.add(write.everywhere(builder.sub(i, first)), write.constant(*range(LANES)))
    words = builder.or_(age, builder.shl(place, write.constant(32)))
    words = builder.or_(words, builder.shl(later, write.constant(48)))
    words = builder.or_(words, builder.shl(earlier, write.constant(56)))
    behind = write.pointer(signature.args[7], found, builder.and_(counts, LANE(_LOW)))
    write.store(write.closed_up(words, kept), behind)
    return builder.add(builder.add(counts, write.number(kept)), builder.shl(write.number(near), LANE(_NEAR)))


def _near_of_eight(
    _: Any, time_ps: Any, channel: Any, i: Any, first: Any, lag: Any, reach: Any, alike: Any, found: Any, counts: Any
) -> Any:
    return types.uint64(time_ps, channel, i, first, lag, reach, alike, found, counts), _eight_lanes


near_of_eight: Any = intrinsic(_near_of_eight)
"""``_scan`` for the later tags i to i + 7: couples go behind those that ``counts`` counts; returns ``counts`` with theirs.

``alike`` 1: all couples, 0: those of two channels.
"""
