"""A bounded queue on disk: what was handed over survives the death of the process, until somebody acknowledges it.

Segments of records, each with a checksum; numbers count up for ever. A torn last record (the process died while writing) is cut
off when the queue is opened again: whoever wrote it was never told that it was taken. What is written survives the process, and
the machine as soon as the system has written it out.
"""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import google_crc32c

from producers.errors import SpoolError

SEGMENT_BYTES = 8 << 20
_HEAD = struct.Struct("<IQIHH")  # checksum of all that follows, number, length of value, of topic, of key
_MARK = struct.Struct("<QI")  # first number that is not acknowledged, checksum
_SUFFIX = ".spool"


@dataclass(frozen=True, slots=True)
class Spooled:
    """One message as it will be sent."""

    number: int
    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Dropped:
    """Messages that were given up unsent, because the queue was full."""

    messages: int
    size: int


class Spool:
    """One writer, one reader, one process at a time. Holds at most ``limit_bytes``: the oldest segment goes first."""

    def __init__(
        self,
        home: Path,
        *,
        limit_bytes: int,
        segment_bytes: int = SEGMENT_BYTES,
        leaving: Callable[[], None] = lambda: None,
    ) -> None:
        """``leaving`` is called before segments are deleted, for whoever must keep something of what they tell.

        Raises:
            SpoolError: the directory cannot be used, is used by another process, or holds what is no spool.
        """
        if limit_bytes < 2 * segment_bytes:
            raise SpoolError(f"{home}: a limit of {limit_bytes} bytes; two segments of {segment_bytes} are the least")
        self._home = home
        self._limit_bytes, self._segment_bytes = limit_bytes, segment_bytes
        self._leaving = leaving
        self._acknowledged = 0
        self.next = 0
        """Number of the next message."""
        self._lock = _locked(home)
        try:
            self._acknowledged = self._read_mark()
            found = self._found()
            self._segments = {first: self._checked(first, torn=first == found[-1]) for first in found}
        except OSError as error:
            self._lock.close()
            raise _unusable(home, error) from error
        except SpoolError:
            self._lock.close()
            raise
        self.next = max(self.next, self._acknowledged)
        self._writing: BinaryIO | None = None
        self._first = self.next

    @property
    def acknowledged(self) -> int:
        """Everything before this number is delivered."""
        return self._acknowledged

    @property
    def waiting(self) -> int:
        """Messages that are not acknowledged."""
        return self.next - self._acknowledged

    @property
    def segments(self) -> list[int]:
        """Number of the first message of each segment."""
        return sorted(self._segments)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(self._segments.values())

    def append(self, topic: str, key: str, value: bytes) -> Dropped | None:
        """Write a message; what had to go to make room for it, if anything.

        Raises:
            SpoolError: the disk refuses.
        """
        record = _encoded(Spooled(self.next, topic, key, value))
        try:
            if self._writing is None or self._segments[self._first] + len(record) > self._segment_bytes:
                self._roll()
            assert self._writing is not None  # noqa: S101  for the type checker: _roll opened it
            self._writing.write(record)
        except OSError as error:
            raise SpoolError(f"{self._home}: {error.strerror}; make room on the disk") from error
        self._segments[self._first] += len(record)
        self.next += 1
        return self._shrink()

    def read(self, start: int) -> Iterator[Spooled]:
        """Messages from number ``start`` on (or the oldest that is left), up to the last that is written. Raises as ``take``."""
        cursor = self.cursor(start)
        while found := cursor.take(1):
            yield from found

    def cursor(self, start: int) -> "Cursor":
        """A place from which to read on, as messages come."""
        return Cursor(self, start)

    def acknowledge(self, before: int) -> None:
        """Everything before this number is delivered; whole segments of it are deleted.

        Raises:
            SpoolError: the disk refuses.
        """
        if before <= self._acknowledged:
            return
        mark = _MARK.pack(before, google_crc32c.value(before.to_bytes(8, "little")))
        replace_file(self._home / "acknowledged", mark)
        self._acknowledged = before
        done = [first for first, following in pairwise(self.segments) if following <= before]
        if done:
            self._leaving()
        for first in done:
            self._delete(first)

    def close(self) -> None:
        if self._writing is not None:
            self._writing.close()
            self._writing = None
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _roll(self) -> None:
        if self._writing is not None:
            self._writing.close()
        self._first = self.next
        self._writing = self.path(self._first).open("ab", buffering=0)
        self._segments[self._first] = 0

    def _shrink(self) -> Dropped | None:
        messages = size = 0
        if self.size > self._limit_bytes:
            self._leaving()
        while self.size > self._limit_bytes:
            first, following = sorted(self._segments)[:2]
            messages += max(0, following - max(first, self._acknowledged))
            size += self._segments[first]
            self._delete(first)
            self._acknowledged = max(self._acknowledged, following)
        return Dropped(messages, size) if messages else None

    def _delete(self, first: int) -> None:
        self.path(first).unlink(missing_ok=True)
        del self._segments[first]

    def _found(self) -> list[int]:
        firsts = []
        for path in sorted(self._home.glob(f"*{_SUFFIX}")):
            if not path.stem.isdigit():
                raise SpoolError(f"{path} is no segment of a spool; move it away")
            firsts.append(int(path.stem))
        return firsts

    def _checked(self, first: int, *, torn: bool) -> int:
        """Size of a segment. Only the last one can have been torn: that is cut off."""
        path, good = self.path(first), 0
        for record, end in _records(path, torn=torn):
            good, self.next = end, record.number + 1
        if torn and path.stat().st_size > good:
            os.truncate(path, good)
        return good

    def _read_mark(self) -> int:
        path = self._home / "acknowledged"
        if not path.exists():
            return 0
        data = path.read_bytes()
        if len(data) != _MARK.size:
            raise SpoolError(f"{path} is damaged; delete it, and everything that is left is sent again")
        before, checksum = _MARK.unpack(data)
        if google_crc32c.value(int(before).to_bytes(8, "little")) != checksum:
            raise SpoolError(f"{path} is damaged; delete it, and everything that is left is sent again")
        return int(before)

    def path(self, first: int) -> Path:
        """File of the segment that begins with this message."""
        return self._home / f"{first:020d}{_SUFFIX}"


class Cursor:
    """Reads messages one after another, each once, and stays where it is until there are more."""

    def __init__(self, spool: Spool, start: int) -> None:
        self._spool, self._next = spool, start
        self._segment: int | None = None
        self._place = 0

    def take(self, limit: int, most_bytes: int = SEGMENT_BYTES) -> list[Spooled]:
        """The next messages, at most ``limit``, and none more once they hold ``most_bytes``; none where all that is written was
        read.

        Raises:
            SpoolError: a record's checksum is wrong: the disk changed it.
        """
        taken: list[Spooled] = []
        size = 0
        while len(taken) < limit and size < most_bytes and self._next < self._spool.next and self._enter():
            for record, end in _records(self._spool.path(self._segment or 0), self._place):
                self._place = end
                if record.number < self._next:
                    continue
                taken.append(record)
                self._next = record.number + 1
                size += len(record.value)
                if len(taken) == limit or size >= most_bytes or self._next == self._spool.next:
                    break
        return taken

    def _enter(self) -> bool:
        """Stand in the segment that holds the next message, or the oldest where that is gone."""
        segments = self._spool.segments
        if not segments:
            return False
        holding = max((first for first in segments if first <= self._next), default=segments[0])
        if holding != self._segment:
            self._segment, self._place = holding, 0
        return True


def replace_file(path: Path, content: bytes) -> None:
    """Whoever reads it meanwhile sees the old content or the new.

    Raises:
        SpoolError: the disk refuses.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        raise SpoolError(f"{path}: {error.strerror}; make room on the disk") from error


def _locked(home: Path) -> BinaryIO:
    """The spool's directory, made and held; the system lets go of it when the process ends, however it ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("ab")
    except OSError as error:
        raise _unusable(home, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SpoolError(f"{home}: another process sends from it; stop that one, or take another home") from error
    return lock


def _unusable(home: Path, error: OSError) -> SpoolError:
    return SpoolError(f"{home}: {error.strerror}; give the producer a directory that it may write")


def _encoded(message: Spooled) -> bytes:
    topic, key = message.topic.encode(), message.key.encode()
    head = _HEAD.pack(0, message.number, len(message.value), len(topic), len(key))[4:]
    body = b"".join((head, topic, key, message.value))
    return int(google_crc32c.value(body)).to_bytes(4, "little") + body


def _records(path: Path, place: int = 0, *, torn: bool = False) -> Iterator[tuple[Spooled, int]]:
    """Records from byte ``place`` on, and where each ends; ``torn``: stop at one that is not whole, instead of raising."""
    with path.open("rb") as file:
        end = file.seek(place)
        while head := file.read(_HEAD.size):
            whole = len(head) == _HEAD.size
            if whole:
                checksum, number, value_size, topic_size, key_size = _HEAD.unpack(head)
                body = file.read(topic_size + key_size + value_size)
                whole = len(body) == topic_size + key_size + value_size and google_crc32c.value(head[4:] + body) == checksum
            if not whole:
                if torn:
                    return
                raise SpoolError(f"{path}: the record at byte {end} is damaged; the disk changed it")
            end += len(head) + len(body)
            topic, key = body[:topic_size].decode(), body[topic_size : topic_size + key_size].decode()
            yield Spooled(number, topic, key, body[topic_size + key_size :]), end
