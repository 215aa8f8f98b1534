"""Partitions take their messages in order and once, whatever the transport does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from storage.batch import Batch
from storage.errors import Unavailable
from storage.writer import Outcome
from streams.assignment import Assignment, Place
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished, Outgoing
from streams.runner import ByteBudget, Delivery, Surroundings

PLACE = ("timetags", 0)


@dataclass
class Echo:
    """A pipeline whose every message is a batch."""

    fed: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    retired: bool = False
    pending: bool = False

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        self.fed += [message.offset for message in messages]
        return [
            Finished(Batch("echo", *PLACE, one.offset, one.offset + 1, {}, 1, 0, b""), (), one.offset + 1) for one in messages
        ]

    def skip_to(self, offset: int) -> None:
        self.skipped.append(offset)

    def retire(self) -> None:
        self.retired = True


@dataclass
class Log:
    """A transport that remembers what it was asked."""

    sought: list[int] = field(default_factory=list)
    ticks: int = 0

    async def seek(self, _place: Place, offset: int) -> None:
        self.sought.append(offset)

    async def tick(self, _place: Place) -> None:
        self.ticks += 1

    def end(self, _place: Place) -> int | None:
        return None


@dataclass
class Store:
    """A writer that is away for the first ``away`` batches."""

    away: int = 0
    written: list[int] = field(default_factory=list)

    def write(self, batch: Batch) -> Outcome:
        if self.away:
            self.away -= 1
            raise Unavailable("gone for a moment")
        self.written.append(batch.lo)
        return Outcome.STORED


@dataclass
class Handle:
    offset: int
    acknowledged: list[int]

    def acknowledge(self) -> None:
        self.acknowledged.append(self.offset)


class Bench:
    """An assignment over the stand-ins above."""

    def __init__(self, *, budget: int = 1 << 20, away: int = 0) -> None:
        self.pipelines: list[Echo] = []
        self.log, self.store = Log(), Store(away)
        self.acknowledged: list[int] = []
        self.fatal: list[BaseException] = []
        self.budget = ByteBudget(budget)
        self.threads = ThreadPoolExecutor(2)

        async def publish(_outgoing: tuple[Outgoing, ...]) -> None:
            return None

        self.around = Surroundings(
            self.threads,
            self.threads,
            self.store,
            publish,
            self.budget,
            WorkerMetrics(CollectorRegistry()),  # type: ignore[arg-type]
        )
        self.assignment = Assignment(self._open, self.around, self.log, self.fatal.append)

    def _open(self, _topic: str, _partition: int) -> tuple[Any, int]:
        self.pipelines.append(Echo())
        return self.pipelines[-1], len(self.store.written)

    async def send(self, *offsets: int, size: int = 10) -> None:
        for offset in offsets:
            message = Message(offset, 0, bytes(size))
            await self.assignment.deliver(PLACE, Delivery(message, Handle(offset, self.acknowledged)))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.assignment.release({PLACE})
    made.threads.shutdown()


async def test_messages_are_stored_in_order_then_acknowledged(bench: Bench) -> None:
    await bench.send(*range(20))
    await bench.until(lambda: len(bench.acknowledged) == 20)
    assert bench.store.written == bench.acknowledged == list(range(20))


async def test_a_message_that_comes_again_is_only_acknowledged(bench: Bench) -> None:
    await bench.send(0, 1, 1, 0, 2)
    await bench.until(lambda: len(bench.store.written) == 3)
    assert bench.pipelines[0].fed == [0, 1, 2]


async def test_missing_offsets_are_asked_for_once_and_what_was_fetched_before_is_dropped(bench: Bench) -> None:
    await bench.send(0, 3, 4, 5)
    assert bench.log.sought == [1]
    await bench.send(1, 2, 3, 4, 5)
    await bench.until(lambda: len(bench.store.written) == 6)
    assert bench.pipelines[0].fed == [0, 1, 2, 3, 4, 5]
    await bench.send(9)
    assert bench.log.sought == [1, 6]


async def test_a_hole_in_the_log_is_passed_once_it_is_certain(bench: Bench) -> None:
    await bench.send(0, 3, 4)
    await bench.until(lambda: bench.store.written == [0])
    await bench.send(3, 4)  # read again from 1, and still nothing before 3
    await bench.until(lambda: bench.store.written == [0, 3, 4])
    assert bench.pipelines[0].retired
    assert bench.pipelines[1].skipped == [3]


async def test_a_store_that_is_away_is_waited_for() -> None:
    bench = Bench(away=3)
    await bench.send(0, 1)
    await bench.until(lambda: bench.acknowledged == [0, 1])
    await bench.assignment.release({PLACE})
    bench.threads.shutdown()


async def test_a_released_partition_gives_back_its_bytes() -> None:
    bench = Bench(budget=100, away=1_000_000)
    sending = asyncio.create_task(bench.send(*range(30), size=60))
    await bench.until(lambda: bool(bench.pipelines and bench.pipelines[0].fed))
    await bench.assignment.release({PLACE})
    bench.store.away = 0
    await asyncio.wait_for(sending, 10)
    await bench.assignment.release({PLACE})
    await asyncio.wait_for(bench.budget.take(100), 1)
    bench.threads.shutdown()


async def test_silence_is_ticked_only_where_something_waits(bench: Bench) -> None:
    await bench.send(0)
    await bench.until(lambda: bench.store.written == [0])
    bench.pipelines[0].pending = True
    await bench.assignment.tick()
    assert bench.log.ticks == 0  # not silent for long enough

    async with asyncio.timeout(10):
        while not bench.log.ticks:
            await asyncio.sleep(0.05)
            await bench.assignment.tick()
    bench.pipelines[0].pending = False
    await bench.assignment.tick()
    assert bench.log.ticks == 1
