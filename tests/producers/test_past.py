"""``photonwatch simulate`` without a broker, killed (-9) and started again: what waits on disk is every tag, once, of one run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from producers.device_feed import DeviceFeed
from producers.fleet_file import Fleet, load_fleet
from producers.past import LastEvent
from producers.simulation import Simulation
from producers.spool import Spool
from schemas import topics
from schemas.block import BlockContext, TagBlock
from schemas.events import Event, Heartbeat, State
from schemas.ids import DeviceId, DomainId, RunId, SubjectId
from schemas.wire import decode
from tests.live import ROOT, until

FLEET = """
sites: [{id: lab, name: The lab}]
devices:
  - {id: pulsed-1, kind: single-photon-source, site: lab, seed: 1, duties: {heartbeat_s: 0.5},
     source: {model: pulsed, rate_hz: 1e4}}
"""


class Before:
    """A device's last block, and no more."""

    def __init__(self, last: BlockContext) -> None:
        self._last = last

    def last_of(self, domain: DomainId) -> BlockContext | None:
        return self._last if domain == self._last.domain else None

    def last_event_of(self, subject: SubjectId) -> None:
        del subject


def started(home: Path, fleet: Path) -> subprocess.Popen[bytes]:
    arguments = ["--set", f"fleet.file={fleet}", "--set", "kafka.address=127.0.0.1:9", "simulate"]
    return subprocess.Popen(
        [sys.executable, "-m", "console", *arguments],
        env={**os.environ, "PHOTONWATCH_HOME": str(home)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip


def waiting(home: Path) -> int:
    """Bytes in the queue on disk."""
    return sum(path.stat().st_size for path in (home / "spool" / "fleet").glob("*.spool"))


def feed(fleet: Fleet, device: str, origin_unix_ns: int, last: BlockContext | None = None) -> DeviceFeed:
    """What the fleet's own seeds make of a device, after ``last`` if there was one."""
    all_of_them = Simulation(fleet, lambda: RunId("offline"), origin_unix_ns, past=None if last is None else Before(last))
    return next(one.tags for one in all_of_them.devices if one.device.id == device and one.tags is not None)


def made(device: DeviceFeed, count: int) -> list[TagBlock]:
    blocks: list[TagBlock] = []
    while len(blocks) < count:
        blocks += device.blocks(device.next_due_ps)
    return blocks


def test_an_event_is_read_as_what_its_source_goes_on_from() -> None:
    event = Event(
        subject=SubjectId("link-1"),
        device=DeviceId("q-1"),
        run=RunId("r1"),
        source="link-1/r1",
        sequence=7,
        start_unix_ns=1,
        end_unix_ns=9,
        what=Heartbeat(state=State.OPERATIONAL),
        firmware="1.0",
    )
    assert msgspec.json.decode(msgspec.json.encode(event), type=LastEvent) == LastEvent.of(event)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_fleet_that_is_killed_goes_on(tmp_path: Path) -> None:
    file, home = tmp_path / "fleet.yaml", tmp_path / "home"
    file.write_text(FLEET)
    fleet = load_fleet(file)
    for ending in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        before = waiting(home)
        process = started(home, file)
        try:
            until(lambda before=before: waiting(home) > before + 30_000, 100, "some blocks")
        finally:
            process.send_signal(ending)
            process.wait(100)
    with Spool(home / "spool" / "fleet", limit_bytes=1 << 30) as spool:
        found = list(spool.read(0))
    blocks = [decode(one.value) for one in found if one.topic == topics.TIMETAGS.name]
    events = [msgspec.json.decode(one.value, type=Event) for one in found if one.topic == topics.EVENTS.name]
    assert len({(block.context.run, block.context.origin_unix_ns) for block in blocks}) == 1
    assert [block.context.sequence for block in blocks] == list(range(len(blocks)))
    assert [block.context.final for block in blocks] == [False] * (len(blocks) - 1) + [True]
    assert len({event.run for event in events} | {blocks[0].context.run}) == 1
    assert [event.sequence for event in events] == list(range(len(events)))

    begins = [0, *(index for index, block in enumerate(blocks) if block.context.losses)]
    assert len(begins) == 3, "each death costs the time until the next start, and no other"
    origin, tags = blocks[0].context.origin_unix_ns, 0
    for begin, end in zip(begins, [*begins[1:], len(blocks) - 1], strict=True):
        last = blocks[begin - 1].context if begin else None
        mine = made(feed(fleet, "pulsed-1", origin + blocks[begin].context.start_ps // 1000, last), end - begin)
        for sent, own in zip(blocks[begin:end], mine, strict=True):
            for one, other in zip(sent.times(), own.times(), strict=True):
                np.testing.assert_array_equal(one, other)
            tags += own.tags
    assert sum(block.tags for block in blocks) == tags > 5_000
