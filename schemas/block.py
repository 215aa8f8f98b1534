"""The tag block: a batch of one source's photon time-tags with everything needed to judge it."""

from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import WireError, WireFault
from schemas.ids import DeviceId, DomainId, RunId, SourceId

ADVANCE_CHANNEL = 255
"""A record of this channel is no tag: its gap counts whole 2**32 ps of silence, as overflow records of time-taggers do."""
_ADVANCE_BITS = 32
ADVANCE_PS = 1 << _ADVANCE_BITS
MOST_PS = 1 << 61
"""Times of a run lie within this of its origin, 26 days; a longer one is several runs."""
MAX_TAGS = 200_000
"""Tags a block may carry; uncompressed 5 bytes each, so that even incompressible blocks stay under 1 MiB."""

Times = npt.NDArray[np.int64]
Gaps = npt.NDArray[np.uint32]
Channels = npt.NDArray[np.uint8]


class Channel(msgspec.Struct, frozen=True):
    """One input of a time-tagger. Role ``detector``, ``sync`` or ``marker``; correlations run over detectors."""

    number: int
    role: str = "detector"
    label: str = ""


class Loss(msgspec.Struct, frozen=True):
    """An interval [start_ps, end_ps) in which the source knows that it lost tags; ``tags`` where it knows how many."""

    start_ps: int
    end_ps: int
    tags: int | None = None


class BlockContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a block says of itself; travels as JSON in the Arrow schema's metadata.

    The block speaks for the interval [start_ps, reached_ps) since ``origin_unix_ns``: every tag in it lies there, and no later
    block of this source reaches back before ``reached_ps``. Consecutive blocks of a run touch (start = the last reached) unless
    tags were lost between them. A source without photons still sends empty blocks: silence is a value, never an absence.
    """

    domain: DomainId
    source: SourceId
    device: DeviceId
    run: RunId
    sequence: int
    origin_unix_ns: int
    start_ps: int
    reached_ps: int
    channels: tuple[Channel, ...]
    members: tuple[SourceId, ...] = ()
    """All sources of the domain where there is more than one; the watermark waits for each."""
    clock: str = ""
    """Whose clock stamps the times. Sources of a domain on two clocks are aligned by the photons that they share."""
    firmware: str = ""
    calibration: str = ""
    period_ps: float | None = None
    """Excitation period, where the source knows it (a sync input); otherwise it is found in the data."""
    resolution_ps: int = 1
    reordered: int = 0
    overflows: int = 0
    losses: tuple[Loss, ...] = ()
    labels: dict[str, str] = {}
    """Free context, for example file and format of a replay."""
    final: bool = False
    """The last block of its run: everything still open is closed after it."""


_SILENCE = np.empty(0, np.uint32)


@dataclass(frozen=True, slots=True)
class TagBlock:
    """Context, gaps (uint32, ps, the first from ``start_ps``) and channels (uint8), one entry a record, in time order."""

    context: BlockContext
    gaps: Gaps
    channel: Channels

    @classmethod
    def from_times(cls, context: BlockContext, time_ps: Times, channel: Channels) -> Self:
        """Make a block of sorted times (int64 ps since origin) and channels (uint8 < 255).

        Raises:
            WireError: times unsorted, outside [start_ps, reached_ps), not matching the channels, or too many.
        """
        if time_ps.shape != channel.shape or time_ps.ndim != 1:
            raise _contradiction(context, f"{time_ps.shape} times but {channel.shape} channels")
        if time_ps.size > MAX_TAGS:
            raise WireError(WireFault.OVERSIZED, f"{_name(context)}: {time_ps.size} tags, at most {MAX_TAGS} fit; cut it")
        if time_ps.size == 0:
            return cls(context, _SILENCE, channel.astype(np.uint8))
        if time_ps[0] < context.start_ps or time_ps[-1] >= context.reached_ps:
            raise _contradiction(
                context, f"tags from {time_ps[0]} to {time_ps[-1]} ps lie outside [{context.start_ps}, {context.reached_ps})"
            )
        gaps = np.empty_like(time_ps)
        gaps[0] = time_ps[0] - context.start_ps
        np.subtract(time_ps[1:], time_ps[:-1], out=gaps[1:])
        if gaps.min() < 0:
            raise _contradiction(context, f"tag {int(np.argmin(gaps))} is earlier than the one before it; sort before sending")
        wide = (gaps >= ADVANCE_PS).nonzero()[0]
        if not wide.size:
            return cls(context, gaps.astype(np.uint32), np.ascontiguousarray(channel, np.uint8))
        advances = gaps[wide] >> _ADVANCE_BITS
        if advances.max() >= ADVANCE_PS:
            raise _contradiction(context, "a gap is too wide to encode")
        at = wide + np.arange(wide.size)
        is_tag = np.ones(gaps.size + wide.size, np.bool_)
        is_tag[at] = False
        records, whose = np.empty(is_tag.size, np.uint32), np.full(is_tag.size, ADVANCE_CHANNEL, np.uint8)
        records[at] = advances
        records[is_tag] = gaps.astype(np.uint32)  # the remainder: what is above its 32 bits went before
        whose[is_tag] = channel
        return cls(context, records, whose)

    @property
    def tags(self) -> int:
        """Number of tags (advance records do not count)."""
        return self.channel.size - int(np.count_nonzero(self.channel == ADVANCE_CHANNEL))

    def times(self) -> tuple[Times, Channels]:
        """Absolute times (int64 ps since origin) and channels of the tags, advance records resolved."""
        time_ps = self.gaps.astype(np.int64)
        if time_ps.size == 0:
            return time_ps, self.channel
        advance = self.channel == ADVANCE_CHANNEL if self.channel.max() == ADVANCE_CHANNEL else None
        if advance is not None:
            time_ps[advance] *= ADVANCE_PS
        time_ps[0] += self.context.start_ps
        np.cumsum(time_ps, out=time_ps)
        return (time_ps, self.channel) if advance is None else (time_ps[~advance], self.channel[~advance])

    def span_ps(self) -> int:
        """Time from ``start_ps`` to the last record, exact whatever the gaps say: checked before ``times`` is trusted."""
        if self.channel.size == 0:
            return 0
        if self.channel.max() < ADVANCE_CHANNEL:
            return int(pc.sum(pa.array(self.gaps)).as_py())
        advances = int(self.gaps[self.channel == ADVANCE_CHANNEL].sum(dtype=np.uint64))
        return int(self.gaps.sum(dtype=np.uint64)) + advances * (ADVANCE_PS - 1)


def _name(context: BlockContext) -> str:
    return f"block {context.sequence} of {context.source} (run {context.run})"


def _contradiction(context: BlockContext, what: str) -> WireError:
    return WireError(WireFault.CONTRADICTION, f"{_name(context)}: {what}")
