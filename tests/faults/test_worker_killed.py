"""kill -9 of the worker, 25 times: the store holds every tag and every pair exactly once. Without tokens it does not."""

import time
from collections import Counter
from random import Random

import pytest

from storage.client import Client, connect
from tests.faults.paced_fleet import Comparison, Device, PacedFleet, sealed_messages
from tests.live import LivePlatform, LiveWorker, until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 25


def unsealed(store: Client) -> bool:
    """Whether rows are stored of a batch that is not in the ledger yet."""
    return bool(
        store.query(
            "SELECT count() AS n FROM (SELECT DISTINCT batch_partition, batch_lo FROM blocks) AS begun "
            "ANTI LEFT JOIN (SELECT partition, lo FROM ledger WHERE pipeline = 'tags-1') AS sealed "
            "ON begun.batch_partition = sealed.partition AND begun.batch_lo = sealed.lo"
        )["n"][0].as_py()
    )


def progress(store: Client) -> int:
    return int(store.query("SELECT count() AS n FROM ledger WHERE pipeline = 'tags-1'")["n"][0].as_py())


def kill_somewhere(worker: LiveWorker, store: Client, random: Random, *, aim: bool) -> str:
    """Let it store something, kill it at a random moment (``aim``: in the middle of a batch), and say where it was hit."""
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
    return "between its inserts" if unsealed(store) else "between batches"


def campaign(platform: LivePlatform, *, kills: int, seed: int, **options: object) -> tuple[Comparison, Counter[str]]:
    devices = [Device.simulated("sps-kill-1", 90, 200_000, seed), Device.simulated("qdp-kill-2", 90, 100_000, seed + 1)]
    fleet = PacedFleet(platform, devices, step_s=0.1)
    fleet.start()
    random, hits = Random(seed), Counter[str]()
    with connect(platform.store) as store:
        for number in range(kills):
            worker = platform.worker(**options)
            hits[kill_somewhere(worker, store, random, aim=number % 2 == 1)] += 1
        fleet.join(300)
        assert not fleet.is_alive()
        assert fleet.error is None
        platform.worker(**options)
        total = sum(len(device.blocks) for device in devices)
        until(lambda: sealed_messages(platform) >= total, 240, "all blocks")
    return Comparison.of(platform, devices), hits


def test_25_kills_change_nothing(platform: LivePlatform) -> None:
    comparison, hits = campaign(platform, kills=KILLS, seed=11)
    assert hits["between its inserts"] >= 3, hits  # the fault took effect
    assert hits["between batches"] >= 3, hits
    assert comparison.differences == ()


def test_without_tokens_kills_count_twice(platform: LivePlatform) -> None:
    comparison, hits = campaign(platform, kills=5, seed=12, insert_tokens=False)
    assert hits["between its inserts"] >= 1, hits
    assert any("tag_runs" in difference or "blocks" in difference for difference in comparison.differences)
