"""A segment's tags of detectors, and the earlier ones that may still pair with them."""

from dataclasses import dataclass

import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import TauAxis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import CROWD, Tags, count_across, count_pairs
from streams.segment import Segment


@dataclass(frozen=True, slots=True)
class Partners:
    """``time_ps`` and ``channel`` are the segment's tags of detectors, ``tail`` those of the time before it."""

    layout: PairLayout
    tail: Tags
    time_ps: Times
    channel: Channels

    @classmethod
    def of(cls, segment: Segment, tags: Counts, layout: PairLayout, tail: Tags) -> "Partners":
        """``tags`` are the segment's, counted by channel."""
        if set(np.flatnonzero(tags).tolist()) <= set(segment.detectors):
            return cls(layout, tail, segment.time_ps, segment.channel)
        kept = np.isin(segment.channel, np.array(segment.detectors, np.uint8))
        return cls(layout, tail, segment.time_ps[kept], segment.channel[kept])

    def count(self, part: tuple[int, int], axis: TauAxis, histogram: Counts) -> None:
        """Add the pairs whose later tag is one of the segment's in ``part``.

        Raises:
            DensityError: a burst beyond measure.
        """
        waiting = self.tail[0].size
        if waiting < CROWD:
            count_across(self.tail, (self.time_ps, self.channel), part, self.layout, axis, histogram)
            count_pairs(self.time_ps, self.channel, part, self.layout, axis, histogram)
        else:  # a burst across the seam is counted as one
            joined = np.concatenate((self.tail[0], self.time_ps)), np.concatenate((self.tail[1], self.channel))
            count_pairs(*joined, (waiting + part[0], waiting + part[1]), self.layout, axis, histogram)

    def tail_from(self, from_ps: int) -> Tags:
        """Copies of the tags at and after ``from_ps``, those of the old tail included."""
        cut = int(np.searchsorted(self.time_ps, from_ps))
        if cut:
            return self.time_ps[cut:].copy(), self.channel[cut:].copy()
        kept = int(np.searchsorted(self.tail[0], from_ps))
        return np.concatenate((self.tail[0][kept:], self.time_ps)), np.concatenate((self.tail[1][kept:], self.channel))
