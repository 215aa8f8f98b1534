"""A whole block in one call: who spoke, which pairs there are, and from where on tags may still find partners.

What ``singles`` and ``pairs`` do apart, for streams in small blocks, where calls cost as much as tags.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Axis, Constants
from streams.kernels.layout import Codes, PairLayout, Traits
from streams.kernels.pairs import Tags, count_until
from streams.kernels.singles import count_into

_STRANGERS = 4  # of more than one tag in so many that is of no pair's channel the others are better picked out first


def count_block(
    tail: Tags, block: Tags, from_ps: int, layout: PairLayout, axis: Axis, tags: Counts, histogram: Counts
) -> tuple[int, int]:
    """Add the block's tags by channel, and its pairs up to where ``pairs.count_pairs`` has to go on.

    Args:
        tail: tags before the block that may still find partners.
        block: sorted tags. All arrays as ``readonly`` makes them.
        from_ps: a time.
        layout: which channels pair.
        axis: delays and bins.
        tags: uint64, 256 entries; added to.
        histogram: from ``pairs.empty_histogram``; added to.

    Returns:
        How many of the block's tags were paired as later ones, all as a rule; -1, and none was, where most tags are of channels
        that do not pair. And the index of the block's first tag at ``from_ps`` or behind it.
    """
    paired, cut = _count_block(
        *tail, *block, from_ps, axis.constants, layout.codes, layout.traits, layout.pairing, tags, histogram
    )
    return paired, cut


@njit(nogil=True, cache=True)
def _count_block(
    tail_ps: Times,
    tail_channel: Channels,
    time_ps: Times,
    channel: Channels,
    from_ps: int,
    constants: Constants,
    codes: Codes,
    traits: Traits,
    pairing: npt.NDArray[np.uint64],
    tags: Counts,
    histogram: Counts,
) -> tuple[int, int]:
    here = np.zeros(256, np.uint64)
    count_into(channel, here)
    partners = np.uint64(0)
    for c in range(256):
        tags[c] += here[c]
        partners += here[c] * pairing[c]
    paired = -1
    if (time_ps.size - np.int64(partners)) * _STRANGERS <= time_ps.size:
        part = (0, time_ps.size)
        paired = count_until(tail_ps, tail_channel, time_ps, channel, part, constants, codes, traits, histogram)
    cut = time_ps.size
    while cut > 0 and time_ps[cut - 1] >= from_ps:
        cut -= 1
    return paired, cut
