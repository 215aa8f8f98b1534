"""The sources of one domain's run, merged in time order up to the watermark.

The watermark is the smallest "time reached" of the sources that are neither ended nor idle. One source alone passes through untouched.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from schemas.block import Channels, Loss, Times
from schemas.ids import SourceId
from streams.kernels.merge import merge
from streams.segment import Segment
from streams.sequence import Released

_NS_PS = 1_000
_SILENCE = np.empty(0, np.int64), np.empty(0, np.uint8)


@dataclass(slots=True)
class _Tributary:
    """One source's released but not yet merged tags, on the stream's own time axis."""

    reached_ps: int
    waits: bool = True
    parts: deque[tuple[Times, Channels]] = field(default_factory=deque)
    losses: list[Loss] = field(default_factory=list)
    offsets: deque[tuple[int, int]] = field(default_factory=deque)  # (reached_ps, offset) of blocks not yet merged whole


class Confluence:
    """Merges the blocks of one (domain, run). ``released_ps`` is where the last segment ended; None before the first.

    Late is what starts before ``released_ps``: the caller asks ``is_late`` first, and such blocks never enter.
    """

    def __init__(self, first: Released, members: tuple[SourceId, ...], released_ps: int | None) -> None:
        context = first.arrival.context
        self.domain, self.device, self.run = context.domain, context.device, context.run
        self.firmware = context.firmware
        self.origin_unix_ns = context.origin_unix_ns
        self.released_ps = released_ps
        self._detectors: set[int] = set()
        self._tributaries = {source: _Tributary(first.start_ps) for source in (members or (context.source,))}

    def is_late(self, released: Released) -> bool:
        return self.released_ps is not None and released.start_ps + self._shift_ps(released) < self.released_ps

    def push(self, released: Released) -> None:
        """Take a source's next block."""
        context, shift = released.arrival.context, self._shift_ps(released)
        tributary = self._tributaries.setdefault(context.source, _Tributary(released.start_ps + shift))
        time_ps = released.arrival.time_ps
        if time_ps.size:
            tributary.parts.append((time_ps + np.int64(shift) if shift else time_ps, released.arrival.channel))
        tributary.losses += [Loss(loss.start_ps + shift, loss.end_ps + shift, loss.tags) for loss in released.losses]
        tributary.reached_ps = context.reached_ps + shift
        tributary.waits = not context.final
        tributary.offsets.append((tributary.reached_ps, released.arrival.offset))
        self._detectors.update(channel.number for channel in context.channels if channel.role == "detector")
        if self.released_ps is None:
            self.released_ps = released.start_ps + shift

    def set_idle(self, source: SourceId) -> None:
        """Wait for ``source`` no longer, until its next block."""
        if source in self._tributaries:
            self._tributaries[source].waits = False

    @property
    def ended(self) -> bool:
        """Whether no source is waited for: everything may be closed."""
        return not any(tributary.waits for tributary in self._tributaries.values())

    @property
    def needed_offset(self) -> int | None:
        """Offset of the earliest block that is not merged whole."""
        return min((t.offsets[0][1] for t in self._tributaries.values() if t.offsets), default=None)

    def release(self) -> Segment | None:
        """The merged stretch up to the watermark, or None while it stands still."""
        if self.released_ps is None:
            return None
        tributaries = self._tributaries.values()
        waited = [t.reached_ps for t in tributaries if t.waits]
        watermark = min(waited) if waited else max(t.reached_ps for t in tributaries)
        if watermark <= self.released_ps:
            return None
        pieces = [piece for t in tributaries if (piece := _take(t, watermark))[0].size]
        time_ps, channel = _SILENCE if not pieces else pieces[0] if len(pieces) == 1 else merge(pieces)
        losses: list[Loss] = []
        for tributary in tributaries:
            losses += _take_losses(tributary, watermark)
        segment = Segment(
            domain=self.domain,
            device=self.device,
            run=self.run,
            origin_unix_ns=self.origin_unix_ns,
            start_ps=self.released_ps,
            reached_ps=watermark,
            time_ps=time_ps,
            channel=channel,
            detectors=tuple(sorted(self._detectors)),
            losses=tuple(losses),
        )
        self.released_ps = watermark
        return segment

    def _shift_ps(self, released: Released) -> int:
        return (released.arrival.context.origin_unix_ns - self.origin_unix_ns) * _NS_PS


def _take(tributary: _Tributary, watermark_ps: int) -> tuple[Times, Channels]:
    taken: list[tuple[Times, Channels]] = []
    while tributary.parts:
        time_ps, channel = tributary.parts[0]
        if time_ps[-1] < watermark_ps:
            taken.append(tributary.parts.popleft())
            continue
        cut = int(np.searchsorted(time_ps, watermark_ps))
        if cut:
            taken.append((time_ps[:cut], channel[:cut]))
            tributary.parts[0] = (time_ps[cut:], channel[cut:])
        break
    while tributary.offsets and tributary.offsets[0][0] <= watermark_ps:
        tributary.offsets.popleft()
    if len(taken) == 1:
        return taken[0]
    if not taken:
        return _SILENCE
    return np.concatenate([part[0] for part in taken]), np.concatenate([part[1] for part in taken])


def _take_losses(tributary: _Tributary, watermark_ps: int) -> list[Loss]:
    taken = [loss for loss in tributary.losses if loss.start_ps < watermark_ps]
    tributary.losses = [
        Loss(max(loss.start_ps, watermark_ps), loss.end_ps, None) for loss in tributary.losses if loss.end_ps > watermark_ps
    ]
    return [Loss(loss.start_ps, min(loss.end_ps, watermark_ps), loss.tags) for loss in taken]
