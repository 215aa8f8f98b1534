"""The durable publisher against a real broker: away, back, the producer killed in between; every block once for its reader."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.durable_publisher import DurablePublisher
from producers.errors import SpoolError
from producers.publisher import Publisher, PublisherLimits
from schemas import topics
from schemas.broker import BrokerConnection
from schemas.ids import DomainId
from schemas.wire import decode
from tests.fixtures_broker import EmbeddedBroker
from tests.live import until
from tests.producers.test_publisher import block, received

pytestmark = [pytest.mark.stack]
LIMIT = 64 << 20
ROOT = Path(__file__).parents[2]


def durable(home: Path, bootstrap: str, limit: int = LIMIT) -> DurablePublisher:
    limits = PublisherLimits(connect_timeout_s=1.0, send_timeout_s=2.0, close_timeout_s=1.0)
    return DurablePublisher(home, lambda: Publisher(BrokerConnection(bootstrap=bootstrap), limits=limits), limit_bytes=limit)


async def sequences(bootstrap: str, device: str) -> list[int]:
    """As a reader takes them: what comes again is passed over."""
    seen: list[int] = []
    for value in await received(bootstrap, topics.TIMETAGS, device):
        sequence = decode(value).context.sequence
        if not seen or sequence > seen[-1]:
            seen.append(sequence)
    return seen


async def test_what_is_taken_arrives_in_order(broker: str, tmp_path: Path) -> None:
    async with durable(tmp_path, broker) as publisher:
        for sequence in range(50):
            await publisher.send_block(block(sequence, device="durable-a", tags=50))
        await publisher.flush(30)
        assert publisher.statistics.waiting == 0
    assert await sequences(broker, "durable-a") == list(range(50))


async def test_without_a_broker_everything_waits_for_the_next_start(broker: str, tmp_path: Path) -> None:
    async with durable(tmp_path, "127.0.0.1:9") as publisher:
        for sequence in range(20):
            await publisher.send_block(block(sequence, device="durable-b", tags=50))
        assert publisher.statistics.waiting == 20
    async with durable(tmp_path, broker) as publisher:
        last = publisher.last_of(DomainId("durable-b"))
        assert last is not None
        assert (last.sequence, last.reached_ps) == (19, 20 * 10**9)
        await publisher.send_block(block(20, device="durable-b", tags=50))
        await publisher.flush(30)
    assert await sequences(broker, "durable-b") == list(range(21))


async def test_a_full_disk_budget_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    async with durable(tmp_path, "127.0.0.1:9", 16 << 20) as publisher:
        for sequence in range(96):
            await publisher.send_block(block(sequence, device="durable-c", tags=100_000))
        statistics = publisher.statistics
        assert statistics.dropped > 0
        assert statistics.waiting + statistics.dropped == 96
        assert statistics.waiting_bytes <= 16 << 20


async def test_what_a_source_said_last_outlives_its_segment_and_a_death(tmp_path: Path) -> None:
    async with durable(tmp_path / "queue", "127.0.0.1:9", 16 << 20) as publisher:
        await publisher.send_block(block(7, device="durable-f", tags=50))
        for sequence in range(96):
            await publisher.send_block(block(sequence, device="durable-g", tags=100_000))
        assert publisher.statistics.dropped > 0
        shutil.copytree(tmp_path / "queue", tmp_path / "died")  # as a death at this moment leaves it
    async with durable(tmp_path / "died", "127.0.0.1:9", 16 << 20) as publisher:
        for device, sequence in (("durable-f", 7), ("durable-g", 95)):
            last = publisher.last_of(DomainId(device))
            assert last is not None
            assert last.sequence == sequence


async def test_a_disk_that_refuses_ends_delivering_and_says_so(broker: str, tmp_path: Path) -> None:
    async def send() -> None:
        async with durable(tmp_path, broker) as publisher:
            (tmp_path / "acknowledged.new").mkdir()
            await publisher.send_block(block(0, device="durable-e", tags=50))
            await publisher.flush(30)

    with pytest.raises(SpoolError, match="acknowledged: "):
        await send()


PRODUCER = """
import asyncio, sys
from pathlib import Path
from schemas.ids import DomainId
from tests.producers.test_durable_publisher import durable
from tests.producers.test_publisher import block

async def main(home, bootstrap):
    async with durable(Path(home), bootstrap) as publisher:
        last = publisher.last_of(DomainId("durable-d"))
        sequence = 0 if last is None else last.sequence + 1
        while True:
            await publisher.send_block(block(sequence, device="durable-d", tags=200))
            sequence += 1
            await asyncio.sleep(0.01)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path / "kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_broker_and_producer_die_and_every_block_is_there_once(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    def started() -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-c", PRODUCER, str(spool), own_broker.address]
        return subprocess.Popen(arguments, cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""})

    def taken() -> int:
        """Bytes; too few for a segment of them to be deleted."""
        return sum(path.stat().st_size for path in spool.glob("*.spool"))

    def acknowledged() -> bytes:
        mark = spool / "acknowledged"
        return mark.read_bytes() if mark.exists() else b""

    def goes_on(more: int = 50_000) -> None:
        before = taken()
        until(lambda: taken() > before + more, 60, "more blocks")

    spool = tmp_path / "spool"
    producer = started()
    try:
        goes_on()
        until(lambda: bool(acknowledged()), 60, "the broker's word")
        own_broker.kill()
        goes_on()
        producer.send_signal(signal.SIGKILL)
        producer.wait()
        producer = started()
        goes_on()
        own_broker.start()
        before = acknowledged()
        until(lambda: acknowledged() != before, 60, "the broker's word again")
        goes_on()
    finally:
        producer.kill()
        producer.wait()

    async def rest() -> int:
        async with durable(spool, own_broker.address) as publisher:
            await publisher.flush(60)
            last = publisher.last_of(DomainId("durable-d"))
            assert last is not None
            return last.sequence

    last = asyncio.run(rest())
    found = asyncio.run(sequences(own_broker.address, "durable-d"))
    assert found == list(range(last + 1)), json.dumps(found[:20])
