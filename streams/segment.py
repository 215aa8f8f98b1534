"""A sorted stretch of one coincidence domain's merged tags: what every tag processor takes."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from schemas.block import Channels, Loss, TagBlock, Times
from schemas.ids import DeviceId, DomainId, RunId
from schemas.panes import Counts
from streams.errors import SegmentError
from streams.kernels.order import first_descent
from streams.kernels.readonly import readonly
from streams.kernels.singles import count_channels
from streams.kernels.unwrap import unwrap

_TIME_LIMIT_PS = 1 << 62  # differences of two times, and sums with a window, stay inside int64


@dataclass(frozen=True, slots=True)
class Segment:
    """The tags of [start_ps, reached_ps), ps since ``origin_unix_ns``, and everything needed to count them.

    ``time_ps`` (int64, sorted) and ``channel`` (uint8) hold one entry a tag and are kept as read-only views; ``detectors`` are
    the channels that may form coincidences, ascending. ``losses`` are the intervals that the sources declare lost; one that lies
    in the silence between two segments travels with the later one.

    Raises:
        SegmentError: arrays that do not match, unsorted times, tags outside the stretch, detectors not ascending.
    """

    domain: DomainId
    device: DeviceId
    run: RunId
    origin_unix_ns: int
    start_ps: int
    reached_ps: int
    time_ps: Times
    channel: Channels
    detectors: tuple[int, ...]
    losses: tuple[Loss, ...] = ()
    _tags: Counts | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_ps", readonly(self.time_ps, np.int64))
        object.__setattr__(self, "channel", readonly(self.channel, np.uint8))
        if self.time_ps.shape != self.channel.shape:
            raise self._contradiction(f"{self.time_ps.shape} times but {self.channel.shape} channels")
        if not -_TIME_LIMIT_PS <= self.start_ps <= self.reached_ps <= _TIME_LIMIT_PS:
            raise self._contradiction("needs -2**62 <= start <= reached <= 2**62 ps; choose an origin nearer to the tags")
        if list(self.detectors) != sorted(set(self.detectors)):
            raise self._contradiction(f"detectors {self.detectors} must ascend without repetition")
        if not self.time_ps.size:
            return
        if (descent := first_descent(self.time_ps)) >= 0:
            raise self._contradiction(f"tag {descent} is earlier than the one before it; sort before counting")
        first_ps, last_ps = self.time_ps.item(0), self.time_ps.item(-1)
        if first_ps < self.start_ps or last_ps >= self.reached_ps:
            raise self._contradiction(f"tags from {first_ps} to {last_ps} ps lie outside")

    @classmethod
    def of(cls, block: TagBlock) -> Self:
        """The segment of a block, for domains with a single source."""
        context = block.context
        time_ps, channel = unwrap(block.gaps, block.channel, context.start_ps)
        return cls(
            domain=context.domain,
            device=context.device,
            run=context.run,
            origin_unix_ns=context.origin_unix_ns,
            start_ps=context.start_ps,
            reached_ps=context.reached_ps,
            time_ps=time_ps,
            channel=channel,
            detectors=tuple(sorted(channel.number for channel in context.channels if channel.role == "detector")),
            losses=context.losses,
        )

    @property
    def tags(self) -> Counts:
        """Number of tags of every channel: uint64, 256 entries, read-only; counted once for all who ask."""
        if self._tags is None:
            tags = count_channels(self.channel)
            tags.setflags(write=False)
            object.__setattr__(self, "_tags", tags)
            return tags
        return self._tags

    def _contradiction(self, what: str) -> SegmentError:
        return SegmentError(f"segment [{self.start_ps}, {self.reached_ps}) ps of {self.domain} (run {self.run}): {what}")
