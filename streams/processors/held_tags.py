"""One node's tags on its own clock, held until the other node's have come."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from schemas.block import Channels, Loss, Times
from streams.errors import DensityError, SegmentError
from streams.kernels.pairs import Tags
from streams.kernels.select import select
from streams.processors.intervals import Interval, merged

MOST_HELD = 1 << 25
"""Tags of one node that may wait for the other's: 300 MB."""


@dataclass(frozen=True, slots=True)
class NodeTags:
    """A node's next tags: sorted (int64, uint8), all of [start_ps, reached_ps) on its own clock, and what it declares lost."""

    time_ps: Times
    channel: Channels
    start_ps: int
    reached_ps: int
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldTags:
    """Pieces in order of time; ``reached_ps`` None before the first one."""

    pieces: tuple[Tags, ...] = ()
    reached_ps: int | None = None
    losses: tuple[Loss, ...] = ()

    @property
    def tags(self) -> int:
        return sum(piece[0].size for piece in self.pieces)

    def joined(self, more: NodeTags, name: str) -> Self:
        """With the next tags behind.

        Raises:
            SegmentError: they begin before what the former reached.
            DensityError: more than ``MOST_HELD`` would wait.
        """
        if self.reached_ps is not None and more.start_ps < self.reached_ps:
            raise SegmentError(
                f"{name}: tags from {more.start_ps} ps on, but {self.reached_ps} ps was reached already; drop or merge late tags"
            )
        if self.tags + more.time_ps.size > MOST_HELD:
            raise DensityError(f"{name}: more than {MOST_HELD} tags wait for the other node's; feed both nodes side by side")
        pieces = (*self.pieces, (more.time_ps, more.channel)) if more.time_ps.size else self.pieces
        return replace(self, pieces=pieces, reached_ps=more.reached_ps, losses=self.losses + more.losses)

    def within(self, begin_ps: int, end_ps: int) -> Tags:
        """The tags of [begin, end)."""
        found: list[Tags] = []
        for time_ps, channel in self.pieces:
            if time_ps[-1] < begin_ps or time_ps[0] >= end_ps:
                continue
            first, last = np.searchsorted(time_ps, (begin_ps, end_ps))
            found.append((time_ps[first:last], channel[first:last]))
        if len(found) == 1:
            return found[0]
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.uint8)
        return np.concatenate([piece[0] for piece in found]), np.concatenate([piece[1] for piece in found])

    def since(self, begin_ps: int) -> Self:
        """Without the tags before a time."""
        pieces = list(self.pieces)
        while pieces and pieces[0][0][-1] < begin_ps:
            pieces.pop(0)
        if pieces and pieces[0][0][0] < begin_ps:
            first = int(np.searchsorted(pieces[0][0], begin_ps))
            pieces[0] = pieces[0][0][first:], pieces[0][1][first:]
        return replace(self, pieces=tuple(pieces), losses=tuple(loss for loss in self.losses if loss.end_ps > begin_ps))

    def lost_within(self, begin_ps: int, end_ps: int) -> tuple[Interval, ...]:
        """What was declared lost of [begin, end), disjoint."""
        return merged(((loss.start_ps, loss.end_ps) for loss in self.losses), begin_ps, end_ps)


def of_channels(tags: Tags, channels: tuple[int, ...] | None) -> Times:
    """Times of the tags on ``channels``; None: on any."""
    return tags[0] if channels is None else select(*tags, channels)[0]
