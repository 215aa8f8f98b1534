"""How fast the simulator makes and sends tags: processor time of one core, each source with all that its detectors do."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.result import Result, at_least
from producers.apparatus import Apparatus
from producers.condition import Condition
from producers.device_feed import DeviceFeed, Tagged
from producers.durable_publisher import DurablePublisher
from producers.publisher import Publisher
from producers.sources import CwParameters, CwSource, Detection, PulsedParameters, PulsedSource
from schemas.block import TagBlock
from schemas.broker import BrokerConnection
from schemas.ids import DeviceId, RunId
from tests.fixtures_broker import EmbeddedBroker

RATE_HZ = 4e6
STRETCH_PS = 100_000_000_000
STRETCHES = 20
ROUNDS = 5
BAR = 20
"""Mtags/s of one core."""
DETECTION = Detection(background_hz=(100.0, 100.0), jitter_ps=40.0, dead_time_ps=20_000.0, afterpulse_ratio=0.005)
PULSED = PulsedParameters(rate_hz=RATE_HZ, g2=0.02, detection=DETECTION)
CW = CwParameters(rate_hz=RATE_HZ, g2=0.02, detection=DETECTION)


def measure() -> list[Result]:
    what = f"{RATE_HZ / 1e6:.0f} Mcps with jitter, dead time, dark counts and afterpulses"
    pulsed, cw = PulsedSource(PULSED, 1), CwSource(CW, 1)
    source = _speed(lambda: pulsed.advance(STRETCH_PS)[0].size)
    device, blocks = _device()
    queued, bare = _sending(blocks)
    a_tag = 1 / device + 1 / queued
    return [
        at_least(f"pulsed source, {what}, one core", source, "Mtags/s", BAR),
        at_least(f"continuous source, {what}, one core", _speed(lambda: cw.advance(STRETCH_PS)[0].size), "Mtags/s", BAR),
        Result("a pulsed device: clock, tagger and batching, too", f"{device:.3g} Mtags/s"),
        Result("publishing: encoding and Kafka's client, one core", f"{bare:.3g} Mtags/s"),
        Result("publishing by way of the queue on disk, one core", f"{queued:.3g} Mtags/s"),
        Result("a pulsed device with publishing, one core", f"{1 / a_tag:.3g} Mtags/s"),
        Result("share of that which publishing takes", f"{1 / queued / a_tag:.0%}"),
    ]


def _speed(make: Callable[[], int]) -> float:
    """Mtags/s of processor time: the best of some rounds, since others use this machine too."""
    make()
    best = 0.0
    for _ in range(ROUNDS):
        started = time.thread_time()
        tags = sum(make() for _ in range(STRETCHES))
        best = max(best, tags / (time.thread_time() - started) / 1e6)
    return best


def _device() -> tuple[float, list[TagBlock]]:
    """Mtags/s of a whole device up to its blocks, and some of them."""
    condition = Condition(Apparatus(source=PULSED), 1, {})
    feed = DeviceFeed(
        Tagged(device=DeviceId("bench")), condition, 1, lambda: RunId("r"), 0, block_ps=STRETCH_PS, max_lag_ps=10 * STRETCH_PS
    )

    def blocks() -> list[TagBlock]:
        return list(feed.blocks(feed.next_due_ps))

    speed = _speed(lambda: sum(block.tags for block in blocks()))
    return speed, [block for _ in range(STRETCHES) for block in blocks()]


def _sending(blocks: Sequence[TagBlock]) -> tuple[float, float]:
    """Mtags/s of processor time that sending takes, with the queue on disk and without, until the broker has them."""
    with tempfile.TemporaryDirectory(prefix="photonwatch-bench-") as home:
        broker = EmbeddedBroker(Path(home) / "kafka")
        broker.start()
        connection = BrokerConnection(bootstrap=broker.address)
        try:
            return asyncio.run(_queued(blocks, Path(home), connection)), asyncio.run(_bare(blocks, connection))
        finally:
            broker.stop()


async def _queued(blocks: Sequence[TagBlock], home: Path, connection: BrokerConnection) -> float:
    async with DurablePublisher(home / "queue", lambda: Publisher(connection), limit_bytes=1 << 30) as publisher:
        return max([await _sent(publisher, blocks, lambda: publisher.flush(60.0)) for _ in range(ROUNDS)])


async def _bare(blocks: Sequence[TagBlock], connection: BrokerConnection) -> float:
    async with Publisher(connection) as publisher:
        return max([await _sent(publisher, blocks, publisher.flush) for _ in range(ROUNDS)])


async def _sent(
    publisher: Publisher | DurablePublisher, blocks: Sequence[TagBlock], flush: Callable[[], Awaitable[None]]
) -> float:
    started = time.process_time()
    for block in blocks:
        await publisher.send_block(block)
    await flush()
    return sum(block.tags for block in blocks) / (time.process_time() - started) / 1e6
