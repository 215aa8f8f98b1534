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
from streams.kernels.axis import Axis, Constants, TauAxis
from streams.kernels.crowds import count_crowd
from streams.kernels.lags import SPARE, count_lags
from streams.kernels.layout import Codes, PairLayout
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
    if isinstance(axis, TauAxis) and axis.narrow and not (layout.apart and _dense(later[0][begin:end], layout, axis)):
        begin = int(_count_block(*earlier, *later, part, axis.constants, layout.codes, layout.only, layout.apart, histogram))
        if begin == end:
            return
    seam = earlier[0].size
    time_ps, channel = _readonly((np.concatenate((earlier[0], later[0])), np.concatenate((earlier[1], later[1]))))
    count_crowd(time_ps, channel, (seam + begin, seam + end), layout, axis, rows_of(histogram, axis))


def _dense(time_ps: Times, layout: PairLayout, axis: TauAxis) -> bool:
    """Whether so many tags are in reach, on average, that it pays to look at each pair of channels apart."""
    elapsed_ps = int(time_ps[-1]) - int(time_ps[0])
    return axis.reach_ps * time_ps.size > (_MANY + _MANY_EACH * len(layout.detectors)) * elapsed_ps


def _readonly(tags: Tags) -> Tags:
    return readonly(tags[0], np.int64), readonly(tags[1], np.uint8)


@njit(nogil=True, cache=True)
def _count_block(
    earlier_ps: Times,
    earlier_channel: Channels,
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int],
    constants: Constants,
    codes: Codes,
    only: tuple[int, int],
    apart: bool,
    histogram: Counts,
) -> int:
    """Counts up to the first crowd, and returns where it begins, or the end of ``part``."""
    if earlier_ps.size >= CROWD:
        return part[0]
    end = int(count_lags(time_ps, channel, part, constants, codes, only, apart, histogram))
    _count_across(earlier_ps, earlier_channel, time_ps, channel, (part[0], end), constants, codes, histogram)
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
