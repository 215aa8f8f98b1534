"""Runs one partition's pipeline beside the event loop: feed, store, publish, acknowledge, in this order and never out of it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import structlog

from storage.client import Unavailable
from storage.writer import Outcome, Writer
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished, Outgoing, Pipeline

_log = structlog.get_logger(__name__)
_RETRY_FIRST_S = 0.1
_RETRY_LAST_S = 5.0
_MOST_AT_ONCE, _MOST_BYTES_AT_ONCE = 128, 2 << 20
"""What a thread is handed at a time: many small messages, or a few large ones."""


class Acknowledgeable(Protocol):
    """A message as its transport knows it."""

    def acknowledge(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and the handle by which its offset is released."""

    message: Message
    handle: Acknowledgeable


class ByteBudget:
    """Bounds the bytes of messages that wait in memory, over all partitions. A single message always passes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._freed = asyncio.Event()

    async def take(self, size: int) -> None:
        while self._held and self._held + size > self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._held += size

    def give(self, size: int) -> None:
        self._held -= size
        self._freed.set()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all runners of a worker share."""

    compute: Executor
    """Few threads: kernels release the interpreter's lock."""
    store: Executor
    writer: Writer
    publish: Callable[[tuple[Outgoing, ...]], Awaitable[None]]
    budget: ByteBudget
    metrics: WorkerMetrics


class PartitionRunner:
    """One task in flight per stage: while a batch is being stored the next one is computed.

    ``expected`` is the only offset that is taken next; deliveries before it are released, deliveries after it refused.
    """

    def __init__(self, name: str, pipeline: Pipeline, expected: int, around: Surroundings) -> None:
        self.name = name
        self.expected = expected
        self.last_delivery_s = 0.0
        self._pipeline = pipeline
        self._around = around
        self._inbox: asyncio.Queue[Delivery] = asyncio.Queue()
        self._finished: asyncio.Queue[Finished] = asyncio.Queue(maxsize=1)
        self._held: deque[tuple[int, Acknowledgeable]] = deque()
        self._bytes = 0
        self._abandoned = False

    async def put(self, delivery: Delivery, now_s: float) -> bool:
        """Take a delivery; waits while too many bytes are in memory. False when offsets are missing before it."""
        message = delivery.message
        if message.offset > self.expected:
            return False
        if message.offset < self.expected:
            delivery.handle.acknowledge()
            return True
        await self._around.budget.take(len(message.value))
        if self._abandoned:
            self._around.budget.give(len(message.value))
            return True
        self._bytes += len(message.value)
        self.expected = message.offset + 1
        self.last_delivery_s = now_s
        self._held.append((message.offset, delivery.handle))
        self._inbox.put_nowait(delivery)
        return True

    @property
    def waits_for_time(self) -> bool:
        """Whether only the passing of log time can bring this partition on."""
        return self._inbox.empty() and self._finished.empty() and self._pipeline.pending

    def abandon(self) -> None:
        """After the run was cancelled: give back the bytes of what was not computed, and show this partition no more."""
        self._abandoned = True
        self._give(self._bytes)
        self._pipeline.retire()

    async def run(self) -> None:
        """Work until cancelled. Any error that is not the store being away ends the run: nothing was acknowledged."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._compute())
            tasks.create_task(self._store())

    async def _compute(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            messages = [(await self._inbox.get()).message]
            size = len(messages[0].value)
            while not self._inbox.empty() and len(messages) < _MOST_AT_ONCE and size < _MOST_BYTES_AT_ONCE:
                messages.append(self._inbox.get_nowait().message)
                size += len(messages[-1].value)
            finished = await loop.run_in_executor(self._around.compute, self._pipeline.feed, messages)
            self._give(size)
            for batch in finished:
                await self._finished.put(batch)

    def _give(self, size: int) -> None:
        self._bytes -= size
        self._around.budget.give(size)

    async def _store(self) -> None:
        while True:
            finished = await self._finished.get()
            await self._around.publish(finished.outgoing)
            outcome = await self._write(finished)
            self._around.metrics.stored(finished.batch, outcome)
            while self._held and self._held[0][0] < finished.resume:
                self._held.popleft()[1].acknowledge()

    async def _write(self, finished: Finished) -> Outcome:
        loop = asyncio.get_running_loop()
        delay_s = _RETRY_FIRST_S
        while True:
            try:
                return await loop.run_in_executor(self._around.store, self._around.writer.write, finished.batch)
            except Unavailable as error:
                self._around.metrics.store_unavailable()
                _log.warning("store-unavailable", partition=self.name, retry_in_s=delay_s, error=str(error))
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, _RETRY_LAST_S)
