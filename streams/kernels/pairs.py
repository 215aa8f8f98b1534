"""All-pairs cross-correlation of a merged stream: every pair of channels at once, each pair of tags exactly once.

A tag looks back over the tags before it; whoever continues a stream puts the tags of the last ``reach_ps`` in front and begins
behind them. Equal times are tau = 0, whichever of the two stands first; of two tags of one channel the one that stands first is
the start. Which loop counts is decided by the tags and the axis: that of ``lags`` for most light, those of ``crowds`` where many
tags are in reach, or thousands, ``walks`` for bins that are not equal. All yield the same counts.
"""

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Axis, Constants, EdgeAxis, TauAxis
from streams.kernels.crowds import PIECE, count_crowd
from streams.kernels.lags import SPARE, count_lags
from streams.kernels.layout import Codes, PairLayout, Traits
from streams.kernels.readonly import readonly
from streams.kernels.walks import walk

_MANY, _MANY_EACH = 6, 2  # tags in reach, on average, from which each pair of channels is better looked at apart
_SHORT, _FINE = 12, 1 << 16  # delays up to so many mean gaps between tags are counted pair by pair, in at most so many bins
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
    joined = _readonly((np.concatenate((earlier[0], later[0][:end])), np.concatenate((earlier[1], later[1][:end]))))
    if isinstance(axis, TauAxis):
        count_crowd(*joined, (seam + begin, seam + end), layout, axis, rows_of(histogram, axis))
    else:
        _count_unequal(joined, seam + begin, layout, axis, rows_of(histogram, axis))


def _count_unequal(tags: Tags, begin: int, layout: PairLayout, axis: EdgeAxis, rows: Counts) -> None:
    """Short delays pair by pair in fine equal bins, into which the axis' own fit; longer ones, of many pairs, edge by edge."""
    time_ps, channel = tags
    for first in range(begin, time_ps.size, PIECE):
        end = min(first + PIECE, time_ps.size)
        piece_ps = (int(time_ps[end - 1]) - int(time_ps[first])) // (end - first)
        even = axis.even(_SHORT * piece_ps, min(_FINE, 4 * (end - first)))
        since = int(np.searchsorted(time_ps[:first], time_ps[first] - axis.reach_ps))
        piece, seam = (time_ps[since:end], channel[since:end]), first - since
        left = right = slice(0, 0)
        if even is None:
            left = slice(0, axis.bins)
        else:
            fine, covered = even
            counts = empty_histogram(layout, fine)
            count_pairs(
                (piece[0][:seam], piece[1][:seam]), (piece[0][seam:], piece[1][seam:]), (0, end - first), layout, fine, counts
            )
            into = (axis.edges_ps()[covered] - fine.first_edge_ps) // fine.bin_width_ps
            rows[:, covered] += np.add.reduceat(rows_of(counts, fine), into, axis=1)
            left, right = slice(0, covered.start), slice(covered.stop, axis.bins)
        for bins in (left, right):
            walk(*piece, seam, layout, axis.edges_ps()[bins.start : bins.stop + 1], rows[:, bins])


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
