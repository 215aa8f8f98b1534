"""Pairs by walking along both channels once for every edge of the axis, however many tags are in reach and whatever the bins.

With F(e) the pairs of tau < e, a bin [e, f) holds F(f) - F(e) (T. A. Laurence et al., Opt. Lett. 31, 829, 2006).
"""

import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.layout import PairLayout
from streams.kernels.ranks import rank_sums
from streams.kernels.select import select
from streams.kernels.singles import count_channels

MOST_STEPS = 1 << 32
"""Steps that one piece may take: seconds of work."""


def walk(time_ps: Times, channel: Channels, begin: int, layout: PairLayout, edges_ps: Times, rows: Counts) -> None:
    """Add to ``rows`` (pairs x bins) every pair whose later tag stands at ``begin`` or behind it.

    ``time_ps`` is sorted, int64; ``edges_ps`` ascend, one more than there are bins.

    Raises:
        DensityError: it would take more than ``MOST_STEPS``.
    """
    if edges_ps.size < 2:
        return
    if (walking := steps(channel, begin, layout, edges_ps.size)) > MOST_STEPS:
        raise DensityError(
            f"{time_ps.size - begin} tags from {time_ps[begin]} ps on: {walking} steps for {edges_ps.size - 1} bins, at most "
            f"{MOST_STEPS} are taken at once; widen the bins"
        )
    old = count_channels(channel[:begin]).tolist()
    tags = {number: select(time_ps, channel, (number,))[0] for number in layout.detectors}
    for row, (start, stop) in enumerate(layout.pairs):
        if start == stop:
            below = _below_self(tags[start], old[start], edges_ps)
        else:
            below = _below(tags[start], old[start], tags[stop], old[stop], edges_ps)
        rows[row] += np.diff(below).astype(np.uint64)


def steps(channel: Channels, begin: int, layout: PairLayout, edges: int) -> int:
    """How many steps it takes to walk."""
    new: list[int] = count_channels(channel[begin:]).tolist()
    return edges * sum(new[start] + new[stop] for start, stop in layout.pairs)


def _below(starts: Times, old_starts: int, stops: Times, old_stops: int, edges_ps: Times) -> Times:
    """F(e) less the same number for every edge; at least one tag of a pair is new."""
    before, new = stops[:old_stops], starts[old_starts:]
    if before.size:  # later starts are later than all of these, whatever the edge
        new = new[: np.searchsorted(new, before[-1] - edges_ps[0] + 1)]
    return rank_sums(before, new, edges_ps - 1) - rank_sums(starts, stops[old_stops:], -edges_ps)


def _below_self(tags: Times, old: int, edges_ps: Times) -> Times:
    pairs = sum(range(old, tags.size))  # a tag's rank in its channel says how many are before it
    return np.where(edges_ps > 0, pairs - rank_sums(tags, tags[old:], -edges_ps), 0)
