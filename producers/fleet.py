"""Runs a fleet of simulated devices in real time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from producers.device_feed import DeviceFeed
from producers.errors import FleetError, SourceError
from producers.faults import read_faults
from producers.fleet_file import Fleet
from producers.publisher import Publisher
from producers.run_ids import new_run
from schemas import topics
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.records import Annotation

_FAULTS_EVERY_S = 0.5
_PS_A_NS = 1000


@dataclass(frozen=True, slots=True)
class DeviceTotals:
    """What a device sent in one run, by its own count."""

    device: DeviceId
    run: RunId
    tags: int
    lost_ps: int


async def run_fleet(
    fleet: Fleet,
    publisher: Publisher,
    home: Path,
    stop: asyncio.Event,
    *,
    unix_ns: Callable[[], int] = time.time_ns,
    elapsed_ns: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
) -> tuple[DeviceTotals, ...]:
    """Send every device's blocks as their time comes, until ``stop`` is set; then their final blocks.

    Each start is a new run of each device. Pace follows a clock that counts through suspension and is never set back. Faults
    asked for under ``home`` are taken over within half a second, each change announced as an annotation.

    Raises:
        PublishError: the broker stayed away too long or refused.
    """
    origin_unix_ns, started_ns = unix_ns(), elapsed_ns()
    feeds = [
        DeviceFeed(
            device,
            lambda: new_run(unix_ns),
            origin_unix_ns,
            block_ps=fleet.block_ms * 10**9,
            max_lag_ps=round(fleet.max_lag_s * 10**12),
        )
        for device in fleet.devices
    ]

    def elapsed_ps() -> int:
        return (elapsed_ns() - started_ns) * _PS_A_NS

    async with asyncio.TaskGroup() as tasks:
        for feed in feeds:
            tasks.create_task(_run_device(feed, publisher, stop, elapsed_ps), name=f"fleet-{feed.device.id}")
        tasks.create_task(_watch_faults(feeds, publisher, home, stop, unix_ns), name="fleet-faults")
    await publisher.flush()
    return tuple(DeviceTotals(feed.device.id, feed.run, feed.tags, feed.lost_ps) for feed in feeds)


async def _run_device(feed: DeviceFeed, publisher: Publisher, stop: asyncio.Event, elapsed_ps: Callable[[], int]) -> None:
    log = structlog.get_logger("producers.fleet").bind(device=feed.device.id, run=feed.run)
    log.info("device started", kind=feed.device.kind)
    while not await _stopped(stop, (feed.next_due_ps - elapsed_ps()) / 1e12):
        lost_ps = feed.lost_ps
        for block in feed.blocks(elapsed_ps()):
            await publisher.send_block(block)
        if feed.lost_ps > lost_ps:
            log.warning("device fell behind: time was skipped and declared lost", lost_s=(feed.lost_ps - lost_ps) / 1e12)
    for block in feed.close():
        await publisher.send_block(block)
    log.info("device stopped", tags=feed.tags, lost_s=feed.lost_ps / 1e12)


async def _watch_faults(
    feeds: list[DeviceFeed], publisher: Publisher, home: Path, stop: asyncio.Event, unix_ns: Callable[[], int]
) -> None:
    log = structlog.get_logger("producers.fleet")
    by_device = {feed.device.id: feed for feed in feeds}
    applied: dict[DeviceId, float] = {}
    broken_since: dict[DeviceId, float] = {}
    refused: str | None = None
    while True:
        try:
            wanted = read_faults(home).purity
            unknown = sorted(wanted.keys() - by_device.keys())
            trouble = f"no device {', '.join(unknown)} in this fleet" if unknown else None
        except FleetError as error:
            wanted, trouble = applied, str(error)
        for device, feed in by_device.items():
            g2 = wanted.get(device)
            if g2 == applied.get(device):
                continue
            try:
                feed.set_g2(g2)
            except SourceError as error:
                trouble = f"{device}: {error}"
                continue
            now_s = unix_ns() / 1e9
            since_s = broken_since.setdefault(device, now_s)
            if g2 is None:
                del applied[device], broken_since[device]
                note = _annotation(device, f"purity mended: g2(0) = {feed.g2:g} again", since_s, now_s, feed.g2)
            else:
                applied[device] = g2
                note = _annotation(device, f"purity broken on request: g2(0) = {g2:g}", since_s, None, g2)
            log.info(note.text, device=device)
            await publisher.send_record(topics.ANNOTATIONS, device, note)
        if trouble != refused:
            refused = trouble
            if trouble is not None:
                log.warning("a fault cannot be switched", reason=trouble)
        if await _stopped(stop, _FAULTS_EVERY_S):
            return


def _annotation(device: DeviceId, text: str, start_s: float, end_s: float | None, g2: float) -> Annotation:
    """One fault is one annotation: it comes again with its end when it is mended."""
    return Annotation(
        kind="fault",
        subject=SubjectId(device),
        start_unix_s=start_s,
        end_unix_s=end_s,
        text=text,
        author="fleet",
        attributes={"g2": g2},
    )


async def _stopped(stop: asyncio.Event, within_s: float) -> bool:
    """Wait at most so long for the stop; at least one turn of the loop."""
    try:
        async with asyncio.timeout(max(within_s, 0.0)):
            await stop.wait()
    except TimeoutError:
        return False
    return True
