"""All-pairs cross-correlation of a merged stream: every pair of channels at once, each pair of tags exactly once.

A tag looks back over the tags before it; whoever continues a stream puts the tags of the last ``reach_ps`` in front and begins
behind them. Equal times are tau = 0, whichever of the two stands first; of two tags of one channel the one that stands first is
the start. Which loop counts is decided by the tags and the axis: that of ``lags`` for most light, those of ``crowds`` where many
tags are in reach, or thousands, or where bins are not equal. All yield the same counts.
"""

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Axis, Constants
from streams.kernels.crowds import count_crowd
from streams.kernels.lags import SPARE, count_lags
from streams.kernels.layout import Codes, PairLayout, Traits
from streams.kernels.readonly import readonly

_MANY, _MANY_EACH = 6, 2  # tags in reach, on average, from which each pair of channels is better looked at apart
CROWD = 2_048  # so many tags before a seam are too many for a step for each couple

Tags = tuple[Times, Channels]
"""Times (int64, sorted) and channels (uint8)."""


def empty_histogram(layout: PairLayout, axis: Axis) -> Counts:
    """Zero counts for ``count_pairs``: ``axis.bins`` for each row, then slots that mean nothing (``rows_of`` leaves them out)."""
    return np.zeros(len(layout.pairs) * axis.bins + SPARE, np.uint64)


def rows_of(histogram: Counts, axis: Axis) -> Counts:
    """The counts themselves, a view of shape (pairs, bins)."""
    return histogram[: histogram.size - SPARE].reshape(-1, axis.bins)


def count_pairs(earlier: Tags, later: Tags, part: tuple[int, int], layout: PairLayout, axis: Axis, histogram: Counts) -> None:
    """Add to ``histogram`` every pair whose later tag stands in ``part`` of ``later``, and whose earlier tag stands before it
    there or in ``earlier``.

    Args:
        earlier: tags before all of ``later``: those of the last ``axis.reach_ps`` at least, at best no others.
        later: sorted, within 2**62 ps of 0; what is in no pair of the layout pairs with nothing.
        part: indices [begin, end) of the later tags.
        layout: which channels pair.
        axis: delays and bins.
        histogram: from ``empty_histogram`` for the same layout and axis; counted into.

    Raises:
        DensityError: more tags in reach than can be paired in bounded work; the histogram means nothing any more.
    """
    begin, end = part
    if begin >= end or not layout.pairs:
        return
    earlier, later = _readonly(earlier), _readonly(later)
    begin = int(count_until(*earlier, *later, part, axis.constants, layout.codes, layout.traits, histogram))
    if begin == end:
        return
    seam = earlier[0].size
    time_ps, channel = _readonly((np.concatenate((earlier[0], later[0])), np.concatenate((earlier[1], later[1]))))
    count_crowd(time_ps, channel, (seam + begin, seam + end), layout, axis, rows_of(histogram, axis))


def _readonly(tags: Tags) -> Tags:
    return readonly(tags[0], np.int64), readonly(tags[1], np.uint8)


@njit(nogil=True, cache=True)
def count_until(
    earlier_ps: Times,
    earlier_channel: Channels,
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int],
    constants: Constants,
    codes: Codes,
    traits: Traits,
    histogram: Counts,
) -> int:
    """``count_pairs`` lag by lag, until a crowd begins: returns where that is, or the end of ``part``.

    The beginning, and nothing was counted, where bins are not equal, or wide, or light is so dense that other loops are faster.
    """
    begin, end = part
    multiplies = constants[4] > 0 or constants[1] == 1
    if not multiplies or earlier_ps.size >= CROWD or begin >= end:
        return begin
    elapsed_ps = time_ps[end - 1] - time_ps[begin]
    if traits[2] and constants[2] * float(end - begin) > (_MANY + _MANY_EACH * traits[3]) * float(elapsed_ps):
        return begin
    end = int(count_lags(time_ps, channel, part, constants, codes, traits, histogram))
    _count_across(earlier_ps, earlier_channel, time_ps, channel, (begin, end), constants, codes, histogram)
    return end


@njit(nogil=True, cache=True)
def _count_across(
    earlier_ps: Times,
    earlier_channel: Channels,
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int],
    constants: Constants,
    codes: Codes,
    histogram: Counts,
) -> None:
    before, span, reach, multiplier, shift, bins = constants
    edge, width, far = np.uint64(before), np.uint64(span), np.uint64(reach)
    factor, places = np.uint64(multiplier), np.uint64(shift)
    for i in range(part[0], part[1]):
        now = np.uint64(time_ps[i])
        j = earlier_ps.size - 1
        while j >= 0 and now - np.uint64(earlier_ps[j]) <= far:
            age = now - np.uint64(earlier_ps[j])
            code = np.int64(codes[channel[i], earlier_channel[j]])
            offset = (-age if code & 1 else age) + edge
            if code >= 0 and offset < width:
                histogram[(code >> 1) * bins + np.int64((offset * factor) >> places)] += np.uint64(1)
            j -= 1
        if j == earlier_ps.size - 1:
            break
