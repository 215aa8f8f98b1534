"""Records of subjects in tumbling windows of event time, aligned to UTC; closed by a function of the log alone.

A record belongs to the window that its end lies in: (end - length, end]. A subject's windows close when its own event time has
passed them by ``LATENESS_S``: the latest end of its records, and while it is silent, as much further as the log went on. What
comes later than that is late. A subject that reported about as things happened goes on having windows when it falls silent, empty
ones, until it is forgotten or beats in another run: silence means something. The last window of an old recording closes, and no
more follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, TypeVar

from schemas.ids import DeviceId, RunId, SubjectId
from streams.positions import TrackPosition

LATENESS_S = 5
LIVE_WITHIN_S = 60
"""A record whose end is this close to the broker's clock was told as it happened."""
FORGET_MS = 3_600_000
"""Log-alive time after which a silent subject is forgotten."""
_NS = 1_000_000_000
_NS_A_MS = 1_000_000
MOST_WINDOWS = 4_096
"""Windows that one subject may have open at once: a record that would open more is refused."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Entry(Generic[R]):
    """A record, whose it is, when it ended and where it stands in the log."""

    subject: SubjectId
    run: RunId
    end_unix_ns: int
    offset: int
    record: R
    device: DeviceId
    firmware: str
    source: str = ""
    sequence: int | None = None
    """Its number among those of its source; a number that comes again is the same record."""


@dataclass(frozen=True, slots=True)
class Window(Generic[R]):
    """The records of one subject's run that ended in (end - length, end], in the order of the log."""

    subject: SubjectId
    run: RunId
    end_unix_s: int
    length_s: int
    records: tuple[R, ...]
    live: bool
    """Whether it reports as things happen: then an empty window is silence."""
    beats_since_ns: int
    """End of the run's first heartbeat, before which silence means nothing; 0: there was none yet."""
    device: DeviceId
    """That speaks for the subject, and its firmware."""
    firmware: str


@dataclass(slots=True)
class _Track(Generic[R]):
    position: TrackPosition
    open: dict[int, list[Entry[R]]] = field(default_factory=dict)


class Windows(Generic[R]):
    """The open windows of one partition's subjects, from the positions that were stored with a batch."""

    def __init__(self, length_s: int, positions: list[TrackPosition]) -> None:
        self._length_s = length_s
        self._tracks: dict[SubjectId, dict[RunId, _Track[R]]] = {}
        for position in positions:
            self._tracks.setdefault(position.subject, {})[position.run] = _Track(position)

    @property
    def open(self) -> bool:
        """Whether time must pass for something to close."""
        return any(track.open or track.position.live for track in self._every())

    @property
    def needed_offset(self) -> int | None:
        return min((entries[0].offset for track in self._every() for entries in track.open.values()), default=None)

    @property
    def positions(self) -> list[TrackPosition]:
        return [track.position for track in self._every()]

    def came_before(self, entry: Entry[R]) -> bool:
        """Whether this very record, or a later one of its source, was taken: what may not have been kept is sent again."""
        track = self._tracks.get(entry.subject, {}).get(entry.run)
        return (
            track is not None and entry.sequence is not None and entry.sequence <= track.position.sequences.get(entry.source, -1)
        )

    def take(self, entry: Entry[R], now_ms: int, broker_ms: int) -> bool:
        """Put a record into its window; False if that window is closed.

        Raises:
            ValueError: a record so far from the others of its run that more than ``MOST_WINDOWS`` would be open.
        """
        runs = self._tracks.setdefault(entry.subject, {})
        track = runs.get(entry.run)
        end_s = self._end_s(entry.end_unix_ns)
        if track is None:
            position = TrackPosition(
                subject=entry.subject,
                run=entry.run,
                reached_ns=entry.end_unix_ns,
                seen_ms=now_ms,
                closed_s=end_s - self._length_s,
                live=False,
            )
            track = runs[entry.run] = _Track(position)
        position = track.position
        if entry.sequence is not None:
            position.sequences[entry.source] = entry.sequence
        if end_s <= position.closed_s:
            return False
        if (end_s - position.closed_s) // self._length_s > MOST_WINDOWS:
            raise ValueError(
                f"{entry.subject[:80]}: a record that ends at {end_s} s, more than {MOST_WINDOWS} windows after "
                f"{position.closed_s} s; set the source's clock, or begin a new run"
            )
        # The event time that silence brought is kept: what was closed by it stays closed.
        position.reached_ns = max(self._reached_ns(position, now_ms), entry.end_unix_ns)
        position.seen_ms = now_ms
        position.device, position.firmware = entry.device, entry.firmware
        position.live = abs(broker_ms * _NS_A_MS - entry.end_unix_ns) <= LIVE_WITHIN_S * _NS
        track.open.setdefault(end_s, []).append(entry)
        return True

    def position(self, entry: Entry[R]) -> TrackPosition:
        """That of the entry's run, which was taken."""
        return self._tracks[entry.subject][entry.run].position

    def supersede(self, position: TrackPosition) -> None:
        """A heartbeat came of this run. Of the runs that beat the latest goes on; the others are over, and not silent."""
        beating = [track.position for track in self._tracks[position.subject].values() if track.position.beat_ns]
        latest = max(beating, key=lambda each: each.beat_ns)
        for each in beating:
            each.live = each.live and each is latest

    def close(self, now_ms: int) -> Iterator[Window[R]]:
        """The windows that are complete by now, subject by subject, the earliest first."""
        for track in tuple(self._every()):
            yield from self._closed(track, now_ms)
            silent_ms = now_ms - track.position.seen_ms
            if not track.open and (silent_ms >= FORGET_MS or (not track.position.live and silent_ms >= FORGET_MS // 60)):
                self._forget(track.position)

    def _every(self) -> Iterator[_Track[R]]:
        return chain.from_iterable(runs.values() for runs in self._tracks.values())

    def _forget(self, position: TrackPosition) -> None:
        runs = self._tracks[position.subject]
        del runs[position.run]
        if not runs:
            del self._tracks[position.subject]

    def _closed(self, track: _Track[R], now_ms: int) -> Iterator[Window[R]]:
        position = track.position
        complete_s = (self._reached_ns(position, now_ms) // _NS - LATENESS_S) // self._length_s * self._length_s
        if complete_s <= position.closed_s:
            return
        ends = range(position.closed_s + self._length_s, complete_s + 1, self._length_s)
        for end_s in ends if position.live else sorted(end for end in track.open if end <= complete_s):
            records = tuple(entry.record for entry in track.open.pop(end_s, ()))
            yield Window(
                position.subject,
                position.run,
                end_s,
                self._length_s,
                records,
                position.live,
                beats_since_ns=position.first_beat_ns,
                device=position.device,
                firmware=position.firmware,
            )
        position.closed_s = complete_s

    def _reached_ns(self, position: TrackPosition, now_ms: int) -> int:
        return position.reached_ns + (now_ms - position.seen_ms) * _NS_A_MS

    def _end_s(self, end_unix_ns: int) -> int:
        return -(-end_unix_ns // (self._length_s * _NS)) * self._length_s
