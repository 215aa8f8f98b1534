"""A segment's tags of detectors, and the earlier ones that may still pair with them."""

from dataclasses import dataclass

import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import TauAxis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import count_pairs
from streams.kernels.singles import count_channels
from streams.segment import Segment

Tail = tuple[Times, Channels]
"""The last tags of detectors before a segment."""


@dataclass(frozen=True, slots=True)
class Partners:
    """``time_ps`` and ``channel`` are the segment's; ``joined`` is the tail, then the ``head`` first of these, which reach it."""

    layout: PairLayout
    time_ps: Times
    channel: Channels
    head: int
    joined_ps: Times
    joined_channel: Channels

    @classmethod
    def of(cls, segment: Segment, layout: PairLayout, tail: Tail, reach_ps: int) -> "Partners":
        time_ps, channel = segment.time_ps, segment.channel
        if not set(np.flatnonzero(count_channels(channel)).tolist()) <= set(segment.detectors):
            kept = np.isin(channel, np.array(segment.detectors, np.uint8))
            time_ps, channel = time_ps[kept], channel[kept]
        head = int(np.searchsorted(time_ps, tail[0][-1] + reach_ps, side="right")) if tail[0].size else 0
        joined_ps, joined_channel = np.concatenate((tail[0], time_ps[:head])), np.concatenate((tail[1], channel[:head]))
        return cls(layout, time_ps, channel, head, joined_ps, joined_channel)

    def count(self, part: tuple[int, int], axis: TauAxis, histogram: Counts) -> None:
        """Add the pairs whose later tag is one of the segment's [begin, end)."""
        waiting = self.joined_ps.size - self.head
        split = min(max(part[0], self.head), part[1])
        count_pairs(self.joined_ps, self.joined_channel, (waiting + part[0], waiting + split), self.layout, axis, histogram)
        count_pairs(self.time_ps, self.channel, (split, part[1]), self.layout, axis, histogram)

    def tail_from(self, from_ps: int) -> Tail:
        """Copies of the tags at and after ``from_ps``, those of the old tail included."""
        cut = int(np.searchsorted(self.time_ps, from_ps))
        if cut:
            return self.time_ps[cut:].copy(), self.channel[cut:].copy()
        waiting = self.joined_ps.size - self.head
        kept = int(np.searchsorted(self.joined_ps[:waiting], from_ps))
        return (
            np.concatenate((self.joined_ps[kept:waiting], self.time_ps)),
            np.concatenate((self.joined_channel[kept:waiting], self.channel)),
        )
