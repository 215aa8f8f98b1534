"""Broker and store, killed (-9) and started again under a live worker: it goes on by itself, and everything is exact."""

import time
from collections.abc import Callable

import pytest

from tests.faults.paced_fleet import Comparison, Device, PacedFleet, sealed_messages
from tests.live import LivePlatform, until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(600)]
GOES_ON_S = 60
AWAY_S = 5.0


def campaign(platform: LivePlatform, fault: Callable[[], None], times: int) -> None:
    devices = [Device.simulated("sps-part-1", 40, 150_000, 21), Device.simulated("qdp-part-2", 40, 80_000, 22)]
    worker = platform.worker()
    fleet = PacedFleet(platform, devices, step_s=0.1)
    fleet.start()
    for _ in range(times):
        before = sealed_messages(platform)
        until(lambda before=before: sealed_messages(platform) > before + 20, 120, "the worker to store something")
        fault()
        stored = sealed_messages(platform)
        until(lambda stored=stored: sealed_messages(platform) > stored, GOES_ON_S, "the worker to go on by itself")
    fleet.join(240)
    assert not fleet.is_alive()
    assert fleet.error is None
    until(lambda: sealed_messages(platform) >= sum(len(device.blocks) for device in devices), 120, "everything")
    assert worker.alive
    assert Comparison.of(platform, devices).differences == ()


def test_broker_killed_and_back(platform: LivePlatform) -> None:
    def fault() -> None:
        platform.broker.kill()
        time.sleep(AWAY_S)
        platform.broker.start()

    campaign(platform, fault, times=2)


def test_store_killed_and_back(platform: LivePlatform) -> None:
    def fault() -> None:
        platform.engine.kill()
        time.sleep(AWAY_S)
        platform.engine.start()

    campaign(platform, fault, times=3)


def test_the_worker_says_that_the_store_is_away(platform: LivePlatform) -> None:
    device = Device.simulated("sps-part-1", 10, 50_000, 23)
    worker = platform.worker()
    fleet = PacedFleet(platform, [device], step_s=0.1)
    fleet.start()
    until(lambda: sealed_messages(platform) > 10, 60, "the worker to store something")
    platform.engine.kill()
    until(lambda: worker.said("store-unavailable"), 60, "a word about it")
    platform.engine.start()
    fleet.join(60)
    until(lambda: sealed_messages(platform) >= len(device.blocks), 60, "everything")
    assert Comparison.of(platform, [device]).differences == ()
