"""A segment's tags of the channels that pair, and the earlier ones that may still pair with them."""

from dataclasses import dataclass

import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Axis, TauAxis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import CROWD, Tags, count_across, count_pairs
from streams.kernels.select import select
from streams.segment import Segment


@dataclass(frozen=True, slots=True)
class Partners:
    """``time_ps`` and ``channel`` are the segment's tags of channels that pair, ``tail`` those of the time before it."""

    layout: PairLayout
    tail: Tags
    time_ps: Times
    channel: Channels

    @classmethod
    def of(cls, segment: Segment, tags: Counts, channels: tuple[int, ...], layout: PairLayout, tail: Tags) -> "Partners":
        """``tags`` are the segment's, counted by channel; those of ``channels`` may pair."""
        if set(np.flatnonzero(tags).tolist()) <= set(channels):
            return cls(layout, tail, segment.time_ps, segment.channel)
        return cls(layout, tail, *select(segment.time_ps, segment.channel, channels))

    def count(self, part: tuple[int, int], axis: Axis, histogram: Counts) -> None:
        """Add the pairs whose later tag is one of the segment's in ``part``.

        Raises:
            DensityError: more tags in reach than can be paired in bounded work; the histogram means nothing any more.
        """
        waiting = self.tail[0].size
        if waiting < CROWD and isinstance(axis, TauAxis) and axis.narrow:
            count_across(self.tail, (self.time_ps, self.channel), part, self.layout, axis, histogram)
            count_pairs(self.time_ps, self.channel, part, self.layout, axis, histogram)
        else:  # a crowd across the seam is counted as one
            joined = np.concatenate((self.tail[0], self.time_ps)), np.concatenate((self.tail[1], self.channel))
            count_pairs(*joined, (waiting + part[0], waiting + part[1]), self.layout, axis, histogram)

    def tail_from(self, from_ps: int) -> Tags:
        """Copies of the tags at and after ``from_ps``, those of the old tail included."""
        cut = int(np.searchsorted(self.time_ps, from_ps))
        if cut:
            return self.time_ps[cut:].copy(), self.channel[cut:].copy()
        kept = int(np.searchsorted(self.tail[0], from_ps))
        return np.concatenate((self.tail[0][kept:], self.time_ps)), np.concatenate((self.tail[1][kept:], self.channel))
