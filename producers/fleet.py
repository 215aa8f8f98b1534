"""Runs a fleet of simulated devices in real time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from producers.fault_catalogue import load_failures
from producers.fault_watch import FaultWatch
from producers.fleet_file import Fleet
from producers.naps import Naps
from producers.past import Past
from producers.run_ids import new_run
from producers.simulation import SimulatedDevice, Simulation
from schemas import topics
from schemas.block import TagBlock
from schemas.ids import DeviceId, RunId
from schemas.topics import Topic

_FAULTS_EVERY_S = 0.5
_PS_A_NS = 1000


class Sender(Protocol):
    """Whoever takes what the devices say to the broker."""

    async def send_block(self, block: TagBlock) -> int: ...

    async def send_record(self, topic: Topic, key: str, record: msgspec.Struct) -> None: ...


@dataclass(frozen=True, slots=True)
class DeviceTotals:
    """What a device sent in its last run, by its own count."""

    device: DeviceId
    run: RunId
    tags: int
    lost_ps: int
    records: int


async def run_fleet(
    fleet: Fleet,
    sender: Sender,
    home: Path,
    stop: asyncio.Event,
    *,
    past: Past | None = None,
    unix_ns: Callable[[], int] = time.time_ns,
    elapsed_ns: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
) -> tuple[DeviceTotals, ...]:
    """Send every device's blocks and records as their time comes, until ``stop`` is set; then the final blocks.

    Each start is a new run of each device, unless ``past`` knows of one that was cut off lately: that goes on. Pace follows a
    clock that counts through suspension and is never set back. Faults asked for under ``home`` are taken over within half a
    second, each change announced as an annotation.

    Raises:
        ProducerError: ``sender`` takes no more.
    """
    origin_unix_ns, started_ns = unix_ns(), elapsed_ns()
    simulation = Simulation(fleet, lambda: new_run(unix_ns), origin_unix_ns, past=past)

    def elapsed_ps() -> int:
        return (elapsed_ns() - started_ns) * _PS_A_NS

    turn, naps = asyncio.Lock(), Naps(stop)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(naps.end(), name="fleet-stop")
        running = [
            tasks.create_task(_run_device(device, sender, naps, elapsed_ps, turn), name=f"fleet-{device.device.id}")
            for device in simulation.devices
        ]
        watch = FaultWatch(simulation, load_failures(), home, origin_unix_ns)
        tasks.create_task(_watch_faults(watch, sender, naps, unix_ns, elapsed_ps), name="fleet-faults")
    return tuple(task.result() for task in running)


async def _run_device(
    device: SimulatedDevice, sender: Sender, naps: Naps, elapsed_ps: Callable[[], int], turn: asyncio.Lock
) -> DeviceTotals:
    """``turn``: one device at a time, so that between two of a thousand that are due the sender has its turn."""
    name, tags, records = device.device.id, device.tags, 0
    log = structlog.get_logger("producers.fleet").bind(device=name, run=device.run)
    log.info("device started", kind=device.device.kind)
    lost_ps = 0
    while not await naps.nap(device.next_due_s - elapsed_ps() / 1e12):
        async with turn:
            complete = list(device.advance(elapsed_ps()))
        for said in complete:
            if isinstance(said, TagBlock):
                await sender.send_block(said)
            else:
                await sender.send_record(said.topic, said.key, said.record)
                records += 1
        if tags is not None and tags.lost_ps > lost_ps:
            log.warning("device fell behind: time was skipped and declared lost", lost_s=(tags.lost_ps - lost_ps) / 1e12)
            lost_ps = tags.lost_ps
    for block in device.close():
        await sender.send_block(block)
    totals = DeviceTotals(name, device.run, tags.tags if tags else 0, lost_ps, records)
    log.info("device stopped", tags=totals.tags, records=records, lost_s=lost_ps / 1e12)
    return totals


async def _watch_faults(
    watch: FaultWatch, sender: Sender, naps: Naps, unix_ns: Callable[[], int], elapsed_ps: Callable[[], int]
) -> None:
    log = structlog.get_logger("producers.fleet")
    said: str | None = None
    while True:
        for note in watch.look(unix_ns() / 1e9, elapsed_ps() / 1e12):
            log.info(note.text, device=note.subject)
            await sender.send_record(topics.ANNOTATIONS, note.subject, note)
        if watch.trouble != said:
            said = watch.trouble
            if said is not None:
                log.warning("a fault cannot be switched", reason=said)
        if await naps.nap(_FAULTS_EVERY_S):
            return
