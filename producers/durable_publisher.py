"""Sends by way of a queue on disk: whoever produces never waits for the broker, and nothing is lost while it is away.

What was handed over survives the death of this process; the next one delivers it. What the broker had but could not say any more
is sent again: whoever reads recognises it by its source and number. When the queue is full the oldest messages are dropped,
counted and said aloud.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog

from producers.errors import PublishError
from producers.past import LastEvent
from producers.publisher import Publisher, encoded
from producers.spool import SEGMENT_BYTES, Spool, replace_file
from schemas import topics
from schemas.block import BlockContext, TagBlock
from schemas.events import Event
from schemas.ids import DomainId, SubjectId
from schemas.topics import Topic
from schemas.wire import decode

_BY_NAME = {topic.name: topic for topic in topics.ALL}
_MARK_S = 0.5
_RETRY_FIRST_S, _RETRY_LAST_S = 0.5, 10.0
_READ_AT_ONCE = 256
_SEGMENTS = 32
"""In a full queue, or more: a large queue has larger ones, since what each source said last is written whenever one goes."""


@dataclass(slots=True)
class DurableStatistics:
    """Counts since the start of this process; ``waiting`` and ``waiting_bytes`` are on disk now."""

    taken: int = 0
    delivered: int = 0
    dropped: int = 0
    dropped_bytes: int = 0
    outages: int = 0
    waiting: int = 0
    waiting_bytes: int = 0


class DurablePublisher:
    """Use it as an async context manager, from one event loop. ``publisher`` makes a fresh way to the broker, again after each
    outage.
    """

    def __init__(self, home: Path, publisher: Callable[[], Publisher], *, limit_bytes: int, gather_s: float = 0.0) -> None:
        """``gather_s``: a message may wait so long for others that go with it, which costs broker and readers less.

        Raises:
            SpoolError: the directory cannot be used.
        """
        self._publisher = publisher
        self._gather_s = gather_s
        segment_bytes = max(SEGMENT_BYTES, limit_bytes // _SEGMENTS)
        self._spool = Spool(home, limit_bytes=limit_bytes, segment_bytes=segment_bytes, leaving=self._remember)
        self._sources = _Sources(home / "sources.json", self._spool)
        self._statistics = DurableStatistics()
        self._more = asyncio.Event()
        self._emptied = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("producers.durable_publisher")

    @property
    def statistics(self) -> DurableStatistics:
        self._statistics.waiting, self._statistics.waiting_bytes = self._spool.waiting, self._spool.size
        return self._statistics

    def last_of(self, domain: DomainId) -> BlockContext | None:
        """The context of the last block of a domain that was ever taken; its source goes on behind it."""
        return self._sources.said.blocks.get(domain)

    def last_event_of(self, subject: SubjectId) -> LastEvent | None:
        """The last event of a subject that was ever taken; its source goes on behind it."""
        return self._sources.said.events.get(subject)

    async def __aenter__(self) -> Self:
        if self._spool.waiting:
            self._log.info("delivering what the last process left", messages=self._spool.waiting, size=self._spool.size)
        self._task = asyncio.create_task(self._deliver(), name="deliver")
        self._task.add_done_callback(lambda _: self._emptied.set())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])
                if error is None:
                    self._check()
            self._remember()
        finally:
            self._spool.close()

    async def send_block(self, block: TagBlock) -> int:
        """Take a block, keyed by its domain; its size in bytes.

        Raises:
            WireError: the block is too large.
            SpoolError: the disk refuses, or did while delivering.
        """
        message = await encoded(block)
        self._append(topics.TIMETAGS, block.context.domain, message)
        self._sources.said.blocks[block.context.domain] = block.context
        return len(message)

    async def send_record(self, topic: Topic, key: str, record: msgspec.Struct) -> None:
        """Take a small record as JSON. Raises as ``send_block`` does."""
        self._append(topic, key, msgspec.json.encode(record))
        if isinstance(record, Event):
            self._sources.said.events[record.subject] = LastEvent.of(record)

    async def flush(self, timeout_s: float) -> None:
        """Wait until everything is delivered.

        Raises:
            PublishError: it is not after ``timeout_s``; what is left stays on disk for the next start.
            SpoolError: the disk refuses.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self._spool.waiting:
                    self._check()
                    self._emptied.clear()
                    await self._emptied.wait()
        except TimeoutError:
            raise PublishError(
                f"{self._spool.waiting} messages are not delivered after {timeout_s:g} s; they wait on disk for the next start"
            ) from None

    def _remember(self) -> None:
        self._sources.write()

    def _check(self) -> None:
        """Raises what ended the delivery."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def _append(self, topic: Topic, key: str, message: bytes) -> None:
        self._check()
        dropped = self._spool.append(topic.name, key, message)
        self._statistics.taken += 1
        if dropped is not None:
            self._statistics.dropped += dropped.messages
            self._statistics.dropped_bytes += dropped.size
            self._log.error(
                "the queue is full: the oldest messages are lost",
                messages=dropped.messages,
                size=dropped.size,
                lost_so_far=self._statistics.dropped,
            )
        self._more.set()

    async def _deliver(self) -> None:
        delay_s = _RETRY_FIRST_S
        while True:
            before = self._statistics.delivered
            try:
                async with self._publisher() as publisher:
                    await self._pump(publisher)
            except PublishError as error:
                delay_s = _RETRY_FIRST_S if self._statistics.delivered > before else min(2 * delay_s, _RETRY_LAST_S)
                self._statistics.outages += 1
                self._log.warning("the broker is away", waiting=self._spool.waiting, retry_in_s=delay_s, error=str(error))
                await asyncio.sleep(delay_s)

    async def _pump(self, publisher: Publisher) -> None:
        """Send from the queue for ever. Raises PublishError: begin again at what was acknowledged."""
        window = _Window(self._spool.acknowledged)
        cursor = self._spool.cursor(self._spool.acknowledged)
        loop = asyncio.get_running_loop()
        marked_s = loop.time()
        while True:
            batch = cursor.take(_READ_AT_ONCE)
            for message in batch:
                await publisher.send_message(_BY_NAME[message.topic], message.key, message.value, window.settled(message.number))
            if loop.time() - marked_s >= _MARK_S or not batch:
                self._mark(window)
                marked_s = loop.time()
            if not batch:
                # Wakes also without new messages, to take note of what was acknowledged and to see a broken publisher.
                if await _set_within(self._more, _MARK_S):
                    await asyncio.sleep(self._gather_s)
                self._more.clear()
                publisher.check()

    def _mark(self, window: "_Window") -> None:
        if window.done > self._spool.acknowledged:
            self._statistics.delivered += window.done - self._spool.acknowledged
            self._spool.acknowledge(window.done)
        if not self._spool.waiting:
            self._emptied.set()


class _Window:
    """Which numbers are acknowledged: ``done`` is the first that is not."""

    def __init__(self, start: int) -> None:
        self.done = start
        self._sent: deque[int] = deque()
        self._settled: set[int] = set()

    def settled(self, number: int) -> Callable[[], None]:
        self._sent.append(number)

        def settle() -> None:
            self._settled.add(number)
            while self._sent and self._sent[0] in self._settled:
                self._settled.discard(first := self._sent.popleft())
                self.done = first + 1

        return settle


class _Said(msgspec.Struct):
    """The last block of every domain and the last event of every subject."""

    blocks: dict[DomainId, BlockContext] = {}
    events: dict[SubjectId, LastEvent] = {}


class _Sources:
    """What each source said last: in a file beside the queue, and in what the queue still holds."""

    def __init__(self, path: Path, spool: Spool) -> None:
        self._path = path
        self.said = msgspec.json.decode(path.read_bytes(), type=_Said) if path.exists() else _Said()
        for message in spool.read(0):
            if message.topic == topics.TIMETAGS.name:
                context = decode(message.value).context
                self.said.blocks[context.domain] = context
            elif message.topic == topics.EVENTS.name:
                event = msgspec.json.decode(message.value, type=LastEvent)
                self.said.events[event.subject] = event

    def write(self) -> None:
        replace_file(self._path, msgspec.json.encode(self.said))


async def _set_within(event: asyncio.Event, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            return await event.wait()
    except TimeoutError:
        return False
