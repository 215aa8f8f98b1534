"""kill -9 of the worker, 25 times: the store holds every tag and every pair exactly once. Without tokens it does not."""

import asyncio
import time
from collections import Counter
from random import Random

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import TIMETAGS
from storage.client import Client, connect
from tests.faults.paced_fleet import Comparison, Device, PacedFleet, sealed_messages
from tests.live import LivePlatform, LiveWorker, until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 25
MOMENTS = ("before an insert", "during an insert", "after an insert, before its commit")


def unsealed(store: Client) -> bool:
    """Whether rows are stored of a batch that is not in the ledger yet."""
    return bool(
        store.query(
            "SELECT count() AS n FROM (SELECT DISTINCT batch_partition, batch_lo FROM blocks) AS begun "
            "ANTI LEFT JOIN (SELECT partition, lo FROM ledger WHERE pipeline = 'tags-3') AS sealed "
            "ON begun.batch_partition = sealed.partition AND begun.batch_lo = sealed.lo"
        )["n"][0].as_py()
    )


def progress(store: Client) -> int:
    return int(store.query("SELECT count() AS n FROM ledger WHERE pipeline = 'tags-3'")["n"][0].as_py())


def kill_somewhere(worker: LiveWorker, store: Client, random: Random, *, aim: bool) -> None:
    """Let it store something, then kill it at a random moment (``aim``: in the middle of a batch)."""
    before = progress(store)
    until(lambda: progress(store) > before, 60, f"progress of worker {worker.pid}: {worker.log.read_text()[-2000:]}")
    if aim:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and not unsealed(store):
            pass
    else:
        deadline = time.monotonic() + random.uniform(0, 0.7)
        while time.monotonic() < deadline:
            progress(store)
    assert worker.alive
    worker.kill()


def where_it_was_hit(platform: LivePlatform, store: Client) -> set[str]:
    """Which of the three dangerous moments a kill met, in any partition."""
    sealed = {
        row["partition"]: row["hi"]
        for row in store.query(
            "SELECT partition, max(hi) AS hi FROM ledger WHERE pipeline = 'tags-3' GROUP BY partition"
        ).to_pylist()
    }
    committed, ends = asyncio.run(offsets(platform.broker.address))
    met = {"during an insert"} if unsealed(store) else set()
    met |= {"before an insert" for partition, end in ends.items() if end > sealed.get(partition, 0)}
    met |= {"after an insert, before its commit" for partition, hi in sealed.items() if committed.get(partition, 0) < hi}
    return met


async def offsets(bootstrap: str) -> tuple[dict[int, int], dict[int, int]]:
    """By partition of the tags topic: the group's committed offset, and the log's end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        held = await admin.list_consumer_group_offsets("photonwatch")
    finally:
        await admin.close()
    committed = {place.partition: one.offset for place, one in held.items() if place.topic == TIMETAGS.name}
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        ends = await consumer.end_offsets([TopicPartition(TIMETAGS.name, number) for number in range(TIMETAGS.partitions)])
    return committed, {place.partition: end for place, end in ends.items()}


def campaign(platform: LivePlatform, *, kills: int, seed: int, **options: object) -> tuple[Comparison, Counter[str]]:
    devices = [Device.simulated("sps-kill-1", 90, 200_000, seed), Device.simulated("qdp-kill-2", 90, 100_000, seed + 1)]
    fleet = PacedFleet(platform, devices, step_s=0.1)
    fleet.start()
    random, hits = Random(seed), Counter[str]()
    with connect(platform.store) as store:
        for number in range(kills):
            worker = platform.worker(**options)
            kill_somewhere(worker, store, random, aim=number % 2 == 1)
            hits.update(where_it_was_hit(platform, store))
        fleet.join(300)
        assert not fleet.is_alive()
        assert fleet.error is None
        platform.worker(**options)
        total = sum(len(device.blocks) for device in devices)
        until(lambda: sealed_messages(platform) >= total, 240, "all blocks")
    return Comparison.of(platform, devices), hits


def test_25_kills_change_nothing(platform: LivePlatform) -> None:
    comparison, hits = campaign(platform, kills=KILLS, seed=11)
    assert all(hits[moment] >= 3 for moment in MOMENTS), hits  # the fault took effect
    assert comparison.differences == ()


def test_without_tokens_kills_count_twice(platform: LivePlatform) -> None:
    comparison, hits = campaign(platform, kills=5, seed=12, insert_tokens=False)
    assert hits["during an insert"] >= 1, hits
    assert any("tag_runs" in difference or "blocks" in difference for difference in comparison.differences)
