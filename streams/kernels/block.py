"""A whole block in one call: who spoke, which pairs there are, and from where on tags may still find partners.

What ``singles`` and ``pairs`` do apart, for streams in small blocks, where a call, and every array that it takes, costs as much
as hundreds of tags. So what is counted is one array, and what never changes is one ``Plan``.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.panes import Counts
from streams.kernels.axis import Axis, Constants
from streams.kernels.layout import Codes, PairLayout, Traits
from streams.kernels.pairs import Tags, count_until, empty_histogram
from streams.kernels.singles import count_into

_CHANNELS = 256
_STRANGERS = 4  # of more than one tag in so many that is of no pair's channel the others are better picked out first

Plan = tuple[Constants, Traits, Codes, npt.NDArray[np.uint64]]
"""What a kernel has to know of an axis and a layout."""


def plan_of(layout: PairLayout, axis: Axis) -> Plan:
    """Which channels pair, delays and bins."""
    return axis.constants, layout.traits, layout.codes, layout.pairing


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
def count_block(tail: Tags, block: Tags, reached_ps: int, plan: Plan, counted: Counts) -> tuple[int, int]:
    """Add the block's tags by channel, and its pairs up to where ``pairs.count_pairs`` has to go on.

    Args:
        tail: tags before the block that may still find partners, in arrays of their own that can be written to.
        block: sorted tags, arrays as ``readonly`` makes them.
        reached_ps: within 2**62 of 0; later tags come at this time or behind it.
        plan: of a layout and an axis.
        counted: from ``nothing_counted`` of the same; added to.

    Returns:
        How many of the block's tags were paired as later ones, all as a rule; -1, and none was, where most tags are of channels
        that do not pair. And the index of the block's first tag that may still find later partners.
    """
    time_ps, channel = block
    constants, traits, codes, pairing = plan
    here = np.zeros(_CHANNELS, np.uint64)
    count_into(channel, here)
    partners = np.uint64(0)
    for c in range(_CHANNELS):
        counted[c] += here[c]
        partners += here[c] * pairing[c]
    paired = -1
    if (time_ps.size - np.int64(partners)) * _STRANGERS <= time_ps.size:
        part = (0, time_ps.size)
        paired = count_until(tail[0], tail[1], time_ps, channel, part, constants, codes, traits, counted[_CHANNELS:])
    cut, from_ps = time_ps.size, reached_ps - constants[2]
    while cut > 0 and time_ps[cut - 1] >= from_ps:
        cut -= 1
    return paired, cut
