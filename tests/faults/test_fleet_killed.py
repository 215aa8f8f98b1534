"""``photonwatch simulate`` under load: the broker is away, the fleet is killed (-9) meanwhile; then every tag is there, once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from producers.fleet_file import Fleet, load_fleet
from schemas import topics
from schemas.block import TagBlock
from schemas.wire import decode
from storage.client import connect
from tests.faults.paced_fleet import Comparison, Device, sealed_messages
from tests.live import ROOT, LivePlatform, until
from tests.producers.test_past import feed, made
from tests.producers.test_publisher import received

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]
AWAY_S = float(os.environ.get("PHOTONWATCH_TEST_AWAY_S", "20"))
FLEET = """
sites: [{id: lab, name: The lab}]
devices:
  - {id: pulsed-1, kind: single-photon-source, site: lab, seed: 1, duties: {heartbeat_s: 1},
     source: {model: pulsed, rate_hz: 2e5, g2: 0.02}}
  - {id: steady-2, kind: quantum-dot-source, site: lab, seed: 2, duties: {heartbeat_s: 1}, source: {model: cw, rate_hz: 1e5}}
"""


class SimulatedFleet:
    """``photonwatch simulate`` in a process of its own."""

    def __init__(self, platform: LivePlatform, fleet: Path) -> None:
        home = platform.home / "fleet"
        with (platform.home / "fleet.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "console", "--set", f"fleet.file={fleet}", "simulate"],
                env={**os.environ, "PHOTONWATCH_HOME": str(home), "PHOTONWATCH_KAFKA_ADDRESS": platform.broker.address},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
            )  # fmt: skip

    def end(self, how: signal.Signals) -> int:
        self._process.send_signal(how)
        return self._process.wait(180)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def assert_made_by_seeds_alone(fleet: Fleet, blocks: list[TagBlock]) -> None:
    """The fleet's own seeds give every tag of every block: the log says only how far each process came."""
    (resumed,) = [index for index, block in enumerate(blocks) if block.context.losses]
    last, origin = blocks[resumed - 1].context, blocks[0].context.origin_unix_ns
    before = made(feed(fleet, last.device, origin), resumed)
    resumed_ns = origin + blocks[resumed].context.start_ps // 1000
    after = made(feed(fleet, last.device, resumed_ns, last), len(blocks) - resumed - 1)
    assert blocks[-1].context.final
    for sent, mine in zip(blocks[:-1], before + after, strict=True):
        for one, other in zip(sent.times(), mine.times(), strict=True):
            np.testing.assert_array_equal(one, other)


def in_order_once(messages: list[bytes]) -> list[TagBlock]:
    """As a reader takes them: what comes again is passed over."""
    blocks: list[TagBlock] = []
    for block in map(decode, messages):
        if not blocks or block.context.sequence > blocks[-1].context.sequence:
            blocks.append(block)
    assert [block.context.sequence for block in blocks] == list(range(len(blocks)))
    return blocks


def test_broker_away_and_the_fleet_killed_in_the_middle(platform: LivePlatform, tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET)
    fleet = load_fleet(file)
    worker = platform.worker()
    with SimulatedFleet(platform, file) as killed:
        until(lambda: sealed_messages(platform) > 40, 300, "the worker to store something")
        platform.broker.kill()
        time.sleep(AWAY_S / 2)
        killed.end(signal.SIGKILL)
    with SimulatedFleet(platform, file) as running:
        time.sleep(AWAY_S / 2)
        platform.broker.start()
        back = sealed_messages(platform)
        until(lambda: sealed_messages(platform) > back + 40, 120, "the worker to go on by itself")
        assert running.end(signal.SIGTERM) == 0
    said = (platform.home / "fleet.log").read_text()
    assert "delivering what the last process left" in said
    messages = {d.id: asyncio.run(received(platform.broker.address, topics.TIMETAGS, d.id)) for d in fleet.devices}
    devices = [Device(name, in_order_once(values)) for name, values in messages.items()]
    with connect(platform.store) as store:
        expected = sum(len(device.blocks) for device in devices)
        until(lambda: store.query("SELECT count() AS n FROM blocks")["n"][0].as_py() >= expected, 120, "everything")
        until(lambda: sealed_messages(platform) >= sum(map(len, messages.values())), 60, "the rest")
        events = store.query("SELECT subject, count() AS n, max(sequence) AS last FROM events GROUP BY subject").to_pylist()
    for device in devices:
        assert len({block.context.run for block in device.blocks}) == 1
        assert device.blocks[-1].context.reached_ps > (AWAY_S + 5) * 1e12
        assert_made_by_seeds_alone(fleet, list(device.blocks))
    assert worker.alive
    assert Comparison.of(platform, devices).differences == ()
    assert {event["subject"] for event in events} == {"pulsed-1", "steady-2"}
    assert all(event["n"] == event["last"] + 1 > AWAY_S for event in events), events
    print({name: (len(values), len(device.blocks)) for device, (name, values) in zip(devices, messages.items(), strict=True)})
