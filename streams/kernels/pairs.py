"""All-pairs cross-correlation of a merged stream: every pair of detectors at once, each pair of tags exactly once.

A tag looks back over the tags before it; whoever continues a stream puts the tags of the last ``reach_ps`` in front and begins
behind them. Equal times are tau = 0, whichever of the two stands first. Three loops yield the same counts: one for sparse light,
where few tags have a neighbour in reach, one for dense light, and one for bursts, where tags of equal time and channel count as
one with a weight.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.axis import TauAxis
from streams.kernels.bursts import Burst, gather, look_backs
from streams.kernels.layout import PairLayout
from streams.kernels.readonly import readonly

MOST_LOOK_BACKS = 1 << 32
"""Steps that one call may take over a burst: seconds of work."""
_SPARE = 64  # slots behind the bins, taken in turn by what pairs with nothing, so that it costs neither a branch nor a wait
CROWD = 2_048  # this many tags in reach of another are a burst
_SPARSE = 3.0  # tags in reach, on average, up to which sorting out the lonely ones pays
_CHUNK = 4_096

_Constants = tuple[int, int, int, int, int, int]
_Rows = npt.NDArray[np.int16]
Tags = tuple[Times, Channels]
"""Times (int64, sorted) and channels (uint8)."""


def empty_histogram(layout: PairLayout, axis: TauAxis) -> Counts:
    """Zero counts for ``count_pairs``: ``axis.bins`` for each row, then slots that mean nothing (``rows_of`` leaves them out)."""
    return np.zeros(len(layout.pairs) * axis.bins + _SPARE, np.uint64)


def rows_of(histogram: Counts, axis: TauAxis) -> Counts:
    """The counts themselves, a view of shape (pairs, bins)."""
    return histogram[: histogram.size - _SPARE].reshape(-1, axis.bins)


def count_pairs(
    time_ps: Times, channel: Channels, part: tuple[int, int], layout: PairLayout, axis: TauAxis, histogram: Counts
) -> None:
    """Add to ``histogram`` every pair whose later tag stands in ``part`` and whose earlier tag stands anywhere before it.

    Args:
        time_ps: sorted, int64, differences below 2**63.
        channel: uint8; what is no detector pairs with nothing.
        part: indices [begin, end) of the later tags.
        layout: the detectors' pairs.
        axis: delays and bins.
        histogram: from ``empty_histogram`` for the same layout and axis; counted into.

    Raises:
        DensityError: a burst that would take more than ``MOST_LOOK_BACKS`` steps; nothing was counted.
    """
    begin, end = part
    if begin >= end or len(layout.detectors) < 2:
        return
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    landmarks = time_ps[:end:CROWD]
    if (landmarks[1:] - landmarks[:-1] <= axis.reach_ps).any():
        _count_burst(gather(time_ps, channel, part), layout, axis, histogram)
        return
    elapsed = int(time_ps[end - 1]) - int(time_ps[begin])
    if axis.reach_ps * (end - begin) <= _SPARSE * elapsed:
        _count_sparse(time_ps, channel, part, axis.constants, layout.rows, histogram)
    else:
        _count_dense(time_ps, channel, part, axis.constants, layout.rows, histogram)


def count_across(earlier: Tags, later: Tags, part: tuple[int, int], layout: PairLayout, axis: TauAxis, histogram: Counts) -> None:
    """Add every pair of one of ``earlier`` (sorted, all before the later ones) and one of ``later``'s tags in ``part``.

    Meant for the few tags on either side of a seam: it takes a step for every couple in reach.
    """
    _count_across(*_readonly(earlier), *_readonly(later), part, axis.constants, layout.rows, histogram)


def _readonly(tags: Tags) -> Tags:
    return readonly(tags[0], np.int64), readonly(tags[1], np.uint8)


def _count_burst(burst: Burst, layout: PairLayout, axis: TauAxis, histogram: Counts) -> None:
    if (burst.channel == burst.channel[:1]).all():
        return
    steps = look_backs(burst.time_ps, burst.begin, axis.reach_ps)
    if steps > MOST_LOOK_BACKS:
        raise DensityError(
            f"a burst around {burst.time_ps[burst.begin]} ps: {steps} comparisons within {axis.reach_ps} ps, at most "
            f"{MOST_LOOK_BACKS} are made at once; narrow the range of delays"
        )
    _count_weighted(burst.time_ps, burst.channel, burst.weight, burst.begin, axis.constants, layout.rows, histogram)


@njit(nogil=True, cache=True)
def _count_sparse(
    time_ps: Times, channel: Channels, part: tuple[int, int], constants: _Constants, rows: _Rows, histogram: Counts
) -> None:
    # Lag by lag, with the tags that still have a neighbour in reach closed up: no branch depends on a tag.
    before, span, reach, multiplier, shift, bins = constants
    edge, width, far = np.uint64(before), np.uint64(span), np.uint64(reach)
    factor, places, one = np.uint64(multiplier), np.uint64(shift), np.uint64(1)
    spare, turn = histogram.size - _SPARE, np.uint64(_SPARE - 1)
    near = np.empty(_CHUNK + 1, np.uint64)
    for start in range(max(part[0], 1), part[1], _CHUNK):
        left = np.uint64(0)  # unsigned indices: numba would look for negative ones
        for i in range(np.uint64(start), np.uint64(min(start + _CHUNK, part[1]))):
            near[left] = i
            left += np.uint64(np.uint64(time_ps[i]) - np.uint64(time_ps[i - one]) <= far)
        lag = one
        while left:
            kept = np.uint64(0)
            for k in range(left):
                i = near[k]
                j = i - lag
                now = np.uint64(time_ps[i])
                age = now - np.uint64(time_ps[j])
                row = np.int64(rows[channel[i], channel[j]])
                offset = (age if channel[i] > channel[j] else -age) + edge
                slot = row * bins + np.int64((offset * factor) >> places)
                taken = slot if (offset < width) & (row >= 0) else spare + np.int64(k & turn)
                histogram[np.uint64(taken)] += one
                near[kept] = i
                before_it = j - np.uint64(j > 0)
                kept += np.uint64((j > 0) & (now - np.uint64(time_ps[before_it]) <= far))
            left = kept
            lag += one


@njit(nogil=True, cache=True)
def _count_dense(
    time_ps: Times, channel: Channels, part: tuple[int, int], constants: _Constants, rows: _Rows, histogram: Counts
) -> None:
    before, span, reach, multiplier, shift, bins = constants
    edge, width, far = np.uint64(before), np.uint64(span), np.uint64(reach)
    factor, places, one = np.uint64(multiplier), np.uint64(shift), np.uint64(1)
    spare = histogram.size - _SPARE
    turn = np.uint64(_SPARE - 1)
    for i in range(np.uint64(part[0]), np.uint64(part[1])):
        now = np.uint64(time_ps[i])
        j = np.uint64(i)
        while j:
            j -= one
            age = now - np.uint64(time_ps[j])
            if age > far:
                break
            row = np.int64(rows[channel[i], channel[j]])
            offset = (age if channel[i] > channel[j] else -age) + edge
            slot = row * bins + np.int64((offset * factor) >> places)
            taken = slot if (offset < width) & (row >= 0) else spare + np.int64(j & turn)
            histogram[np.uint64(taken)] += one


@njit(nogil=True, cache=True)
def _count_across(
    earlier_ps: Times,
    earlier_channel: Channels,
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int],
    constants: _Constants,
    rows: _Rows,
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
            row = np.int64(rows[channel[i], earlier_channel[j]])
            offset = (age if channel[i] > earlier_channel[j] else -age) + edge
            if row >= 0 and offset < width:
                histogram[row * bins + np.int64((offset * factor) >> places)] += np.uint64(1)
            j -= 1
        if j == earlier_ps.size - 1:
            break


@njit(nogil=True, cache=True)
def _count_weighted(
    time_ps: Times, channel: Channels, weight: Counts, begin: int, constants: _Constants, rows: _Rows, histogram: Counts
) -> None:
    before, span, reach, multiplier, shift, bins = constants
    edge, width, far = np.uint64(before), np.uint64(span), np.uint64(reach)
    factor, places = np.uint64(multiplier), np.uint64(shift)
    for i in range(begin, time_ps.size):
        now = np.uint64(time_ps[i])
        j = i - 1
        while j >= 0:
            age = now - np.uint64(time_ps[j])
            if age > far:
                break
            row = np.int64(rows[channel[i], channel[j]])
            offset = (age if channel[i] > channel[j] else -age) + edge
            if row >= 0 and offset < width:
                histogram[row * bins + np.int64((offset * factor) >> places)] += weight[i] * weight[j]
            j -= 1
