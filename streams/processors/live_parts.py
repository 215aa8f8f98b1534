"""What a segment says of each pane of one second of UTC: the live time in it, what was lost, and which tags are whose.

Live time is what segments cover outside declared losses. A loss, and time that no segment spoke for, ends a live stretch: what
stands before it and what stands behind it are not parts of one whole, whatever their distance.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import msgspec
import numpy as np

from schemas.panes import PANE_PS, Counts
from streams.errors import SegmentError
from streams.kernels.pairs import Tags
from streams.kernels.singles import count_channels
from streams.processors.intervals import Interval, merged
from streams.processors.progress import Progress
from streams.segment import Segment

MOST_PANES = 100_000
"""Panes that one segment may touch; a silence or loss longer than 27 hours must be cut."""
_PS_PER_NS = 1_000


class LivePart(msgspec.Struct, frozen=True):
    """Live time [start_ps, end_ps) inside one pane, and the segment's tags [begin, end) in it.

    ``joined``: it goes on where the live time before it ended; otherwise a new live stretch begins.
    """

    start_ps: int
    end_ps: int
    begin: int
    end: int
    joined: bool

    def tags_of(self, segment: Segment) -> Tags:
        """Its tags."""
        if self.end - self.begin == segment.time_ps.size:
            return segment.time_ps, segment.channel
        return segment.time_ps[self.begin : self.end], segment.channel[self.begin : self.end]

    def singles_of(self, segment: Segment) -> Counts:
        """How many they are, by channel."""
        if self.end - self.begin == segment.time_ps.size:
            return segment.tags
        return count_channels(segment.channel[self.begin : self.end])


class PaneShare(msgspec.Struct, frozen=True):
    """A segment's share of a pane. ``over``: the segment reaches the pane's end, or a later pane."""

    start_unix_s: int
    parts: tuple[LivePart, ...]
    lost_ps: int
    over: bool


def shares(progress: Progress | None, open_pane: int | None, segment: Segment) -> tuple[PaneShare, ...]:
    """Shares of the panes that the segment covers, speaks of or ends, ascending.

    Args:
        progress: of the segments before; None for none. What the segment says of losses before its end has no effect.
        open_pane: start of the pane that is not over yet, seconds of UTC.
        segment: goes on with that progress. Where it ends in a loss, an empty part at its end says so.

    Raises:
        SegmentError: more than ``MOST_PANES`` panes.
    """
    start_ps, reached_ps = segment.start_ps, segment.reached_ps
    since_ps = start_ps if progress is None else progress.reached_ps
    origin_ps = segment.origin_unix_ns * _PS_PER_NS
    first = (origin_ps + start_ps) // PANE_PS
    if not segment.losses and start_ps == since_ps and (open_pane is None or open_pane == first):
        return _unbroken(segment, first, joined=progress is not None)
    lost = merged(((loss.start_ps, loss.end_ps) for loss in segment.losses), since_ps, reached_ps)
    live = _outside(lost, (start_ps, reached_ps))
    _check_panes(segment, (*lost, *live), origin_ps)
    parts: dict[int, list[LivePart]] = {}
    reached_before = None if progress is None else progress.reached_ps
    for part in _parts(segment, live, reached_before, origin_ps):
        parts.setdefault((origin_ps + min(part.start_ps, reached_ps - 1)) // PANE_PS, []).append(part)
    lost_ps: dict[int, int] = {}
    for start, end in _cut(lost, origin_ps):
        lost_ps[(origin_ps + start) // PANE_PS] = lost_ps.get((origin_ps + start) // PANE_PS, 0) + end - start
    touched = sorted({*parts, *lost_ps, *(() if open_pane is None else (open_pane,))})
    return tuple(
        PaneShare(
            pane,
            tuple(parts.get(pane, ())),
            lost_ps.get(pane, 0),
            (pane + 1) * PANE_PS - origin_ps <= reached_ps,
        )
        for pane in touched
    )


def _unbroken(segment: Segment, first: int, *, joined: bool) -> tuple[PaneShare, ...]:
    """Shares of a segment that is live throughout and goes on where the time before it ended, from pane ``first`` on."""
    origin_ps, start_ps, reached_ps = segment.origin_unix_ns * _PS_PER_NS, segment.start_ps, segment.reached_ps
    if start_ps == reached_ps:
        return ()
    end_ps = (first + 1) * PANE_PS - origin_ps
    if reached_ps <= end_ps:  # the usual case of a bright source
        return (PaneShare(first, (LivePart(start_ps, reached_ps, 0, segment.time_ps.size, joined),), 0, reached_ps == end_ps),)
    _check_panes(segment, ((start_ps, reached_ps),), origin_ps)
    edges = range(end_ps, reached_ps, PANE_PS)
    cuts = segment.time_ps.searchsorted(np.array(edges, np.int64)).tolist() if edges else ()
    times_ps, places = (start_ps, *edges, reached_ps), (0, *cuts, segment.time_ps.size)
    return tuple(
        PaneShare(
            first + k,
            (LivePart(times_ps[k], times_ps[k + 1], places[k], places[k + 1], joined or k > 0),),
            0,
            times_ps[k + 1] == (first + k + 1) * PANE_PS - origin_ps,
        )
        for k in range(len(edges) + 1)
    )


def _parts(segment: Segment, live: tuple[Interval, ...], reached_before: int | None, origin_ps: int) -> Iterator[LivePart]:
    pieces = tuple(_cut(live, origin_ps))
    if segment.start_ps < segment.reached_ps and (not pieces or pieces[-1][1] < segment.reached_ps):
        pieces = (*pieces, (segment.reached_ps, segment.reached_ps))
    begins = np.searchsorted(segment.time_ps, np.array([start for start, _ in pieces], np.int64)).tolist()
    ends = np.searchsorted(segment.time_ps, np.array([end for _, end in pieces], np.int64)).tolist()
    for (start_ps, end_ps), begin, end in zip(pieces, begins, ends, strict=True):
        yield LivePart(start_ps, end_ps, begin, end, start_ps == reached_before)
        reached_before = end_ps


def _outside(lost: tuple[Interval, ...], bounds: Interval) -> tuple[Interval, ...]:
    """What ``lost`` (disjoint, ascending) leaves of ``bounds``."""
    edges = (bounds[0], *chain.from_iterable(lost), bounds[1])
    free = ((max(start, bounds[0]), end) for start, end in zip(edges[::2], edges[1::2], strict=True))
    return tuple((start, end) for start, end in free if start < end)


def _cut(intervals: Iterable[Interval], origin_ps: int) -> Iterator[Interval]:
    """The intervals, cut at the edges of panes."""
    for start, end in intervals:
        first, last = (origin_ps + start) // PANE_PS, (origin_ps + end - 1) // PANE_PS
        edges = (start, *(pane * PANE_PS - origin_ps for pane in range(first + 1, last + 1)), end)
        yield from pairwise(edges)


def _check_panes(segment: Segment, intervals: Iterable[Interval], origin_ps: int) -> None:
    panes = sum((origin_ps + end - 1) // PANE_PS - (origin_ps + start) // PANE_PS + 1 for start, end in intervals)
    if panes > MOST_PANES + len(segment.losses):
        raise SegmentError(
            f"segment [{segment.start_ps}, {segment.reached_ps}) ps of {segment.domain} (run {segment.run}), with its losses, "
            f"touches more than {MOST_PANES} panes of 1 s; cut it"
        )
