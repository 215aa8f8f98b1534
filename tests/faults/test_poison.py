"""Messages that nobody can use: each a dead letter with its reason, in table and topic; the good ones are exact."""

import asyncio

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas import wire
from schemas.records import DeadLetter
from schemas.topics import DEAD_LETTERS, TIMETAGS
from storage.client import connect
from tests.faults.paced_fleet import Comparison, Device, PacedFleet, sealed_messages
from tests.live import LivePlatform, until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(300)]


def poisons(good: bytes) -> dict[str, bytes]:
    """By the reason that each must be given."""
    flipped = bytearray(good)
    flipped[100] ^= 0x40
    unknown = bytearray(good)
    unknown[-12] = 9  # the version, low byte
    return {
        "checksum": bytes(flipped),
        "unknown-version": bytes(unknown),
        "truncated": good[: len(good) // 2],
    }


async def inject(bootstrap: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(TIMETAGS.name, value, key=b"poisoned")


async def letters(bootstrap: str, count: int) -> list[DeadLetter]:
    async with AIOKafkaConsumer(DEAD_LETTERS.name, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        return [msgspec.json.decode((await consumer.getone()).value, type=DeadLetter) for _ in range(count)]


def test_poison_is_buried_with_its_reason_and_the_worker_lives(platform: LivePlatform) -> None:
    device = Device.simulated("sps-poison-1", 8, 60_000, 31)
    worker = platform.worker()
    fleet = PacedFleet(platform, [device], step_s=0.05)
    fleet.start()
    until(lambda: sealed_messages(platform) > 5, 60, "the worker to store something")
    bad = poisons(wire.encode(device.blocks[0]))
    asyncio.run(inject(platform.broker.address, [*bad.values(), b"\x00" * 40]))
    fleet.join(60)
    until(lambda: sealed_messages(platform) >= len(device.blocks) + len(bad) + 1, 60, "everything")
    expected = sorted([*bad, "truncated"])
    with connect(platform.store) as store:
        rows = store.query("SELECT reason, detail, offset FROM dead_letters ORDER BY reason").to_pylist()
    assert [row["reason"] for row in rows] == expected
    assert all(row["detail"] for row in rows)
    assert sorted(one.reason for one in asyncio.run(letters(platform.broker.address, len(expected)))) == expected
    assert worker.alive
    assert Comparison.of(platform, [device]).differences == ()
