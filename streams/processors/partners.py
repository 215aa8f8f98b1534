"""A segment's tags of the channels that pair, and the earlier ones that may still pair with them."""

import msgspec
import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.axis import Axis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import Tags, count_pairs
from streams.kernels.select import select
from streams.segment import Segment

NO_TAGS: Tags = np.empty(0, np.int64), np.empty(0, np.uint8)


class Partners(msgspec.Struct, frozen=True):
    """``time_ps`` and ``channel`` are the segment's tags of channels that pair, ``tail`` those of the time before it."""

    segment: Segment
    layout: PairLayout
    tail: Tags
    time_ps: Times
    channel: Channels

    @classmethod
    def of(cls, segment: Segment, channels: tuple[int, ...], layout: PairLayout, tail: Tags) -> "Partners":
        """The segment's tags of ``channels`` may pair."""
        if sum(map(segment.tags.item, channels)) == segment.time_ps.size:
            return cls(segment, layout, tail, segment.time_ps, segment.channel)
        return cls(segment, layout, tail, *select(segment.time_ps, segment.channel, channels))

    def count(self, part: tuple[int, int], axis: Axis, histogram: Counts) -> None:
        """Add the pairs whose later tag is one of the segment's in ``part``.

        Raises:
            DensityError: more tags in reach than can be paired in bounded work; the histogram means nothing any more.
        """
        count_pairs(self.tail, (self.time_ps, self.channel), part, self.layout, axis, histogram)

    def tail_from(self, from_ps: int) -> Tags:
        """Copies of the tags at and after ``from_ps``, those of the old tail included."""
        time_ps = self.time_ps
        if time_ps.size and time_ps[-1] < from_ps:
            return NO_TAGS
        cut = int(time_ps.searchsorted(from_ps))
        return tail_from(self.tail, (time_ps, self.channel), cut, from_ps)


def tail_from(tail: Tags, block: Tags, cut: int, from_ps: int) -> Tags:
    """Copies of the tags at and after ``from_ps``. ``block`` follows ``tail``, and its first one is at ``cut``."""
    time_ps, channel = block[0][cut:], block[1][cut:]
    if cut:
        return time_ps.copy(), channel.copy()
    kept = int(tail[0].searchsorted(from_ps))
    return np.concatenate((tail[0][kept:], time_ps)), np.concatenate((tail[1][kept:], channel))
