"""The sources of one domain's run, merged in time order up to the watermark.

The watermark is the smallest "time reached" of the sources that are waited for (neither ended nor idle); when none is, everything
goes. One source alone passes through untouched.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from schemas.block import Channels, Loss, Times
from schemas.ids import SourceId
from streams.kernels.merge import merge
from streams.positions import SourcePosition, StreamPosition
from streams.segment import Segment
from streams.sequence import Stretch

_NS_PS = 1_000
MOST_WAITING = 8_000_000
"""Tags that may wait for a slower source; beyond it the slowest is waited for no longer, and what it brings then is late."""


@dataclass(slots=True)
class _Tributary:
    """One source's stretches on the stream's own time axis, as far as they are not merged."""

    position: SourcePosition
    origin_unix_ns: int
    parts: deque[tuple[Times, Channels]] = field(default_factory=deque)
    losses: list[Loss] = field(default_factory=list)

    @property
    def shift_ps(self) -> int:
        """What brings the source's times to the stream's axis."""
        own_ns = self.position.origin_unix_ns
        return 0 if own_ns is None else (own_ns - self.origin_unix_ns) * _NS_PS

    @property
    def reached_ps(self) -> int | None:
        reached_ps = self.position.reached_ps
        return None if reached_ps is None else reached_ps + self.shift_ps

    @property
    def tags(self) -> int:
        return sum(part[0].size for part in self.parts)


class Confluence:
    """Merges the stretches of one stream. Keeps ``position`` (released time, and who is waited for) up to date."""

    def __init__(self, position: StreamPosition) -> None:
        self.position = position
        self._tributaries: dict[SourceId, _Tributary] = {}
        for source in position.sources:
            self.join(source)

    def join(self, source: SourcePosition) -> None:
        """Expect tags of one more source."""
        self._tributaries[source.source] = _Tributary(source, self.position.origin_unix_ns)

    def push(self, source: SourceId, stretch: Stretch) -> int | None:
        """Take a source's next stretch.

        Returns the time that it reaches on the stream's axis (ps), or None if it is late: it starts before what was released.
        """
        tributary = self._tributaries[source]
        shift_ps, position = tributary.shift_ps, self.position
        start_ps = stretch.start_ps + shift_ps
        if position.released_ps is None:
            position.released_ps = start_ps
        if start_ps < position.released_ps:
            return None
        tributary.position.waited = not stretch.final
        if stretch.time_ps.size:
            tributary.parts.append((stretch.time_ps + np.int64(shift_ps) if shift_ps else stretch.time_ps, stretch.channel))
        tributary.losses += [Loss(loss.start_ps + shift_ps, loss.end_ps + shift_ps, loss.tags) for loss in stretch.losses]
        if sum(one.tags for one in self._tributaries.values()) > MOST_WAITING:
            slowest = min(self._tributaries.values(), key=lambda one: (one.tags, one.reached_ps or 0))
            slowest.position.waited = False
        return stretch.reached_ps + shift_ps

    @property
    def ended(self) -> bool:
        """Whether no source is waited for: everything that is open may be closed."""
        return not any(tributary.position.waited for tributary in self._tributaries.values())

    def release(self) -> Segment | None:
        """The merged stretch up to the watermark, or None while it stands still."""
        position, tributaries = self.position, self._tributaries.values()
        reached = [t.reached_ps for t in tributaries if t.position.waited] or _known(t.reached_ps for t in tributaries)[-1:]
        if position.released_ps is None or not reached or None in reached:
            return None
        watermark = min(_known(reached))
        if watermark <= position.released_ps:
            return None
        pieces = [piece for tributary in tributaries for piece in _tags_before(tributary, watermark)]
        time_ps, channel = pieces[0] if len(pieces) == 1 else merge(pieces)
        segment = Segment(
            domain=position.domain,
            device=position.device,
            run=position.run,
            origin_unix_ns=position.origin_unix_ns,
            start_ps=position.released_ps,
            reached_ps=watermark,
            time_ps=time_ps,
            channel=channel,
            detectors=position.detectors,
            losses=tuple(loss for tributary in tributaries for loss in _losses_before(tributary, watermark)),
        )
        position.released_ps = watermark
        return segment


def _known(times: Iterable[int | None]) -> list[int]:
    return sorted(time for time in times if time is not None)


def _tags_before(tributary: _Tributary, watermark_ps: int) -> list[tuple[Times, Channels]]:
    """One sorted piece, or none."""
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
    if len(taken) < 2:
        return taken
    return [(np.concatenate([part[0] for part in taken]), np.concatenate([part[1] for part in taken]))]


def _losses_before(tributary: _Tributary, watermark_ps: int) -> list[Loss]:
    taken = [loss for loss in tributary.losses if loss.start_ps < watermark_ps]
    tributary.losses = [
        Loss(max(loss.start_ps, watermark_ps), loss.end_ps) for loss in tributary.losses if loss.end_ps > watermark_ps
    ]
    return [Loss(loss.start_ps, min(loss.end_ps, watermark_ps), loss.tags) for loss in taken]
