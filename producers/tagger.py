"""A time-tagger's limits: its resolution, its counter's wraps, and a buffer that runs over when its host is too slow."""

from dataclasses import dataclass

import msgspec
import numpy as np

from producers.errors import SourceError
from schemas.block import Channels, Loss, Times


class Tagger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times are cut to ``resolution_ps``. The counter wraps every ``wrap_ps`` (0: never).

    Its host stalls ``stall_hz`` times a second on average, each time for ``stall_s`` (exponential). Meanwhile ``buffer_tags`` are
    kept, and all that come after are lost.
    """

    resolution_ps: int = 1
    wrap_ps: int = 0
    buffer_tags: int = 1_000_000
    stall_hz: float = 0.0
    stall_s: float = 0.1

    def __post_init__(self) -> None:
        if self.resolution_ps < 1 or self.wrap_ps < 0 or self.buffer_tags < 0:
            raise SourceError(f"{self}: resolution must be 1 ps or more, wraps and buffer not negative")
        if self.stall_hz < 0 or self.stall_s <= 0:
            raise SourceError(f"{self}: stalls cannot be negative, and each lasts some time")


@dataclass(frozen=True, slots=True)
class Read:
    """What the host got of a stretch: times since its start, what was lost of it, and how often the counter wrapped."""

    time_ps: Times
    channel: Channels
    losses: tuple[Loss, ...]
    wraps: int


class RunningTagger:
    """A tagger through time. ``tagger`` may be exchanged between stretches."""

    def __init__(self, tagger: Tagger, random: np.random.Generator) -> None:
        self.tagger = tagger
        self._random = random
        self._now_ps = 0
        self._stalled_until_ps = 0
        """Since the coming stretch's start."""
        self._held = 0
        """Tags in the buffer of the present stall."""

    def read(self, time_ps: Times, channel: Channels, duration_ps: int) -> Read:
        """Take a stretch's tags (sorted, since its start)."""
        tagger = self.tagger
        if tagger.resolution_ps > 1:
            # Against the counter, which began with the run; a tag stays in its stretch.
            time_ps = np.maximum(time_ps - (time_ps + self._now_ps) % tagger.resolution_ps, 0)
        losses: list[Loss] = []
        for start_ps, end_ps in self._stalls(duration_ps):
            first, last = (int(edge) for edge in np.searchsorted(time_ps, (start_ps, end_ps)))
            room = max(0, tagger.buffer_tags - self._held)
            self._held += last - first
            if last - first > room:
                lost_from = first + room
                losses.append(Loss(int(time_ps[lost_from]), end_ps, last - lost_from))
                time_ps = np.delete(time_ps, slice(lost_from, last))
                channel = np.delete(channel, slice(lost_from, last))
            if end_ps < duration_ps or self._stalled_until_ps == duration_ps:
                self._held = 0
        self._stalled_until_ps = max(0, self._stalled_until_ps - duration_ps)
        before = self._now_ps
        self._now_ps += duration_ps
        wraps = self._now_ps // tagger.wrap_ps - before // tagger.wrap_ps if tagger.wrap_ps else 0
        return Read(time_ps, channel, tuple(losses), wraps)

    def _stalls(self, duration_ps: int) -> list[tuple[int, int]]:
        """Intervals of the stretch in which the host does not read, in order; one that goes on beyond its end is remembered."""
        tagger, found, now_ps = self.tagger, [], 0
        if self._stalled_until_ps > 0:
            found.append((0, min(self._stalled_until_ps, duration_ps)))
            now_ps = self._stalled_until_ps
        while tagger.stall_hz and now_ps < duration_ps:
            # Stalls are memoryless: one that would have begun in a later stretch may be drawn there anew.
            start_ps = now_ps + int(self._random.exponential(1e12 / tagger.stall_hz))
            if start_ps >= duration_ps:
                break
            now_ps = start_ps + 1 + int(self._random.exponential(tagger.stall_s * 1e12))
            self._stalled_until_ps = now_ps
            found.append((start_ps, min(now_ps, duration_ps)))
        return found
