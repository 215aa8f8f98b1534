"""A whole block in one call: who spoke, which pairs there are, and from where on tags may still find partners.

What ``singles`` and ``pairs`` do apart, for streams in small blocks, where a call, and every argument that it takes, costs as
much as hundreds of tags. So what is counted is one array, and so are the numbers that never change.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Axis
from streams.kernels.layout import Codes, PairLayout
from streams.kernels.pairs import count_until, empty_histogram
from streams.kernels.singles import count_into

_CHANNELS = 256
_STRANGERS = 4  # of more than one tag in so many that is of no pair's channel the others are better picked out first

Plan = npt.NDArray[np.int64]


def plan_of(layout: PairLayout, axis: Axis) -> Plan:
    """What ``count_block`` has to know of an axis and a layout beside its codes."""
    return np.array((*axis.constants, *layout.traits, *layout.pairing.tolist()), np.int64)


def nothing_counted(layout: PairLayout, axis: Axis) -> Counts:
    """Zero counts for ``count_block``: tags of every channel, then a histogram of ``pairs``."""
    return np.concatenate((np.zeros(_CHANNELS, np.uint64), empty_histogram(layout, axis)))


def tags_of(counted: Counts) -> Counts:
    """Tags by channel, a view of 256 entries."""
    return counted[:_CHANNELS]


def histogram_of(counted: Counts) -> Counts:
    """The histogram, a view as ``pairs`` takes it."""
    return counted[_CHANNELS:]


@njit(nogil=True, cache=True)
def count_block(
    tail_ps: Times,
    tail_channel: Channels,
    time_ps: Times,
    channel: Channels,
    reached_ps: int,
    plan: Plan,
    codes: Codes,
    counted: Counts,
) -> tuple[int, int]:
    """Add a block's tags by channel, and its pairs up to where ``pairs.count_pairs`` has to go on.

    Args:
        tail_ps: times of tags before the block that may still find partners.
        tail_channel: their channels; both in arrays of their own, that can be written to.
        time_ps: of the block, sorted.
        channel: of the block; both as ``readonly`` makes them.
        reached_ps: within 2**62 of 0; later tags come at this time or behind it.
        plan: of a layout and an axis.
        codes: of the layout.
        counted: from ``nothing_counted`` of the same; added to.

    Returns:
        How many of the block's tags were paired as later ones, all as a rule; -1, and none was, where most tags are of channels
        that do not pair. And the index of the block's first tag that may still find later partners.
    """
    constants = (plan[0], plan[1], plan[2], plan[3], plan[4], plan[5])
    traits, pairing = (plan[6], plan[7], plan[8], plan[9]), plan[10:]
    here = np.zeros(_CHANNELS, np.uint64)
    count_into(channel, here)
    partners = np.int64(0)
    for c in range(_CHANNELS):
        counted[c] += here[c]
        partners += np.int64(here[c]) * pairing[c]
    paired = -1
    if (time_ps.size - partners) * _STRANGERS <= time_ps.size:
        part, histogram = (0, time_ps.size), counted[_CHANNELS:]
        paired = count_until(tail_ps, tail_channel, time_ps, channel, part, constants, codes, traits, histogram)
    cut, from_ps = time_ps.size, reached_ps - constants[2]
    while cut > 0 and time_ps[cut - 1] >= from_ps:
        cut -= 1
    return paired, cut
