"""The partitions that a worker holds: each opened where the ledger says, fed in order, ticked when silent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from storage.client import Unavailable
from streams.pipeline import Pipeline
from streams.runner import Delivery, PartitionRunner, Surroundings

_log = structlog.get_logger(__name__)
SILENCE_S = 0.5
"""A partition that waits for time to pass and was silent for this long gets a tick."""

Place = tuple[str, int]
"""Topic and partition."""


class Transport(Protocol):
    """What the log's client can do beyond delivering."""

    async def seek(self, place: Place, offset: int) -> None:
        """Deliver from ``offset`` on."""

    async def tick(self, place: Place) -> None:
        """Append an empty message."""

    def end(self, place: Place) -> int | None:
        """The offset that the next message will get, as far as known."""


Open = Callable[[str, int], tuple[Pipeline, int]]
"""Makes a partition's pipeline, restored from the store, and says which offset it wants first. It blocks: run in a thread."""


@dataclass(slots=True)
class _Held:
    runner: PartitionRunner
    task: asyncio.Task[None]
    refused: int | None = None
    """The earliest offset that came although others were missing before it; the log was read again from there."""


class Assignment:
    """Runners by partition. ``fatal`` is called with the error that ended one: the process must end, nothing was acknowledged."""

    def __init__(
        self, open_pipeline: Open, around: Surroundings, transport: Transport, fatal: Callable[[BaseException], None]
    ) -> None:
        self._open_pipeline = open_pipeline
        self._around = around
        self._transport = transport
        self._fatal = fatal
        self._held: dict[Place, _Held] = {}
        self._generation = 0

    async def deliver(self, place: Place, delivery: Delivery) -> None:
        """Hand a message to its partition; waits while too much is in memory.

        Offsets missing before it are asked for once. If the log still has none of them, it lost them or never had them
        (retention, transactions): the partition is opened anew behind the hole.
        """
        held = self._held.get(place) or await self._hold(place)
        if held is None or await self._put(held, delivery):
            return
        offset = delivery.message.offset
        if held.refused is not None and offset > held.refused:
            return  # fetched before the log was read again
        if held.refused is None:
            held.refused = offset
            _log.info("seek", topic=place[0], partition=place[1], to=held.runner.expected, instead_of=offset)
            await self._transport.seek(place, held.runner.expected)
            return
        _log.error("log-hole", topic=place[0], partition=place[1], wanted=held.runner.expected, first=offset)
        await self.release({place})
        reopened = await self._hold(place, skip_to=offset)
        if reopened is not None and not await self._put(reopened, delivery):
            raise RuntimeError(f"{place[0]}[{place[1]}]: opened at {reopened.runner.expected}, but {offset} came")

    async def release(self, places: set[Place]) -> None:
        """Drop partitions that are assigned no longer, and their state: the store has what is needed to go on."""
        self._generation += 1
        dropped = [self._held.pop(place) for place in places if place in self._held]
        for held in dropped:
            held.task.cancel()
        await asyncio.gather(*(held.task for held in dropped), return_exceptions=True)
        for held in dropped:
            held.runner.abandon()

    async def tick(self) -> None:
        """Let time pass in partitions that fell silent while something in them waits for it."""
        now_s = asyncio.get_running_loop().time()
        for place, held in tuple(self._held.items()):
            end = self._transport.end(place)
            if end is not None:
                self._around.metrics.lag(*place, max(0, end - held.runner.expected))
            if held.runner.waits_for_time and now_s - held.runner.last_delivery_s >= SILENCE_S:
                await self._transport.tick(place)

    async def _put(self, held: _Held, delivery: Delivery) -> bool:
        taken = await held.runner.put(delivery, asyncio.get_running_loop().time())
        if taken and held.refused is not None and delivery.message.offset >= held.refused:
            held.refused = None
        return taken

    async def _hold(self, place: Place, *, skip_to: int | None = None) -> _Held | None:
        """Open a partition; None if any was released meanwhile: this one may be ours no more, and is read again if it is."""
        generation = self._generation
        pipeline, expected = await self._opened(place)
        if generation != self._generation:
            return None
        if skip_to is not None and skip_to > expected:
            pipeline.skip_to(skip_to)
            expected = skip_to
        runner = PartitionRunner(f"{place[0]}[{place[1]}]", pipeline, expected, self._around)
        task = asyncio.create_task(runner.run(), name=runner.name)
        task.add_done_callback(self._ended)
        held = self._held[place] = _Held(runner, task)
        return held

    async def _opened(self, place: Place) -> tuple[Pipeline, int]:
        loop, delay_s = asyncio.get_running_loop(), 0.1
        while True:
            try:
                return await loop.run_in_executor(self._around.store, self._open_pipeline, *place)
            except Unavailable as error:
                self._around.metrics.store_unavailable()
                _log.warning("store-unavailable", topic=place[0], partition=place[1], retry_in_s=delay_s, error=str(error))
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, 5.0)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fatal(error)
