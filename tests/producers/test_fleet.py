"""A fleet in real time against a real broker: every device's own count, records on their topics, faults on request, stalls."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from producers.apparatus import Cryostat
from producers.faults import Asked, ask, take_back
from producers.fleet import DeviceTotals, run_fleet
from producers.fleet_file import Device, Fleet, Site
from producers.publisher import Publisher
from producers.record_feed import Duties
from producers.sources import CwParameters, PulsedParameters
from schemas import topics
from schemas.block import TagBlock
from schemas.broker import BrokerConnection
from schemas.events import Event, Heartbeat, State
from schemas.ids import DeviceId
from schemas.records import Annotation
from schemas.telemetry import Telemetry
from schemas.wire import decode
from tests.producers.test_publisher import received, until

pytestmark = pytest.mark.stack
QUIET = Duties(heartbeat_s=0, telemetry_s=0, told_s=0)


def fleet(name: str, *, max_lag_s: float = 60.0) -> Fleet:
    kind = "single-photon-source"
    sources = (PulsedParameters(rate_hz=2e5, g2=0.01), CwParameters(rate_hz=1e5, g2=0.02), PulsedParameters(rate_hz=0))
    return Fleet(
        sites=(Site(id="lab", name="Lab"),),
        devices=tuple(
            Device(id=DeviceId(f"{name}-0{n}"), kind=kind, site="lab", seed=n, source=source, duties=QUIET)
            for n, source in enumerate(sources, 1)
        ),
        max_lag_s=max_lag_s,
    )


async def blocks_of(address: str, totals: tuple[DeviceTotals, ...]) -> dict[DeviceId, list[TagBlock]]:
    return {one.device: [decode(value) for value in await received(address, topics.TIMETAGS, one.device)] for one in totals}


async def test_a_fleet_sends_its_own_count_in_its_own_time(broker: str, tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        started = time.monotonic()
        running = asyncio.create_task(run_fleet(fleet("real"), publisher, tmp_path, stop))
        await until(lambda: publisher.statistics.blocks >= 18)
        elapsed_s = time.monotonic() - started
        stop.set()
        totals = await running
    assert elapsed_s > 0.45, "blocks left before their time had passed"
    blocks = await blocks_of(broker, totals)
    for one in totals:
        mine = blocks[one.device]
        assert sum(block.tags for block in mine) == one.tags
        assert [block.context.sequence for block in mine] == list(range(len(mine)))
        assert mine[-1].context.final
        assert {block.context.run for block in mine} == {one.run}
        assert one.lost_ps == 0
    assert [block.tags for block in blocks[DeviceId("real-03")]] == [0] * len(blocks[DeviceId("real-03")])
    assert len({one.run for one in totals}) == 3


async def test_records_go_to_their_topics(broker: str, tmp_path: Path) -> None:
    device = Device(
        id=DeviceId("told-01"),
        kind="spin-photon-coupling",
        site="lab",
        seed=1,
        cryostat=Cryostat(),
        duties=Duties(heartbeat_s=0.2, telemetry_s=0.2, told_s=0),
    )
    stop = asyncio.Event()
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        small = Fleet(sites=(Site(id="lab", name="Lab"),), devices=(device,))
        running = asyncio.create_task(run_fleet(small, publisher, tmp_path, stop))
        await until(lambda: publisher.statistics.records >= 6)
        stop.set()
        (totals,) = await running
        assert (totals.tags, totals.records) == (0, publisher.statistics.records)
    events = [msgspec.json.decode(value, type=Event) for value in await received(broker, topics.EVENTS, "told-01")]
    read = [msgspec.json.decode(value, type=Telemetry) for value in await received(broker, topics.TELEMETRY, "told-01")]
    assert len(events) + len(read) == totals.records
    assert [event.sequence for event in events] == list(range(len(events)))
    assert {event.what for event in events} == {Heartbeat(state=State.OPERATIONAL)}
    assert "cryostat.temperature" in {reading.metric for reading in read[0].readings}


async def test_a_device_breaks_on_request_and_each_change_is_announced(broker: str, tmp_path: Path) -> None:
    device = DeviceId("broken-01")
    stop = asyncio.Event()
    ask(tmp_path, Asked(target="nobody", fault="sps.F7", asked_unix_s=time.time()))
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        running = asyncio.create_task(run_fleet(fleet("broken"), publisher, tmp_path, stop))
        await until(lambda: publisher.statistics.blocks > 2)
        ask(tmp_path, Asked(target=device, fault="sps.F7", asked_unix_s=time.time()))
        await until(lambda: publisher.statistics.records == 1)
        take_back(tmp_path, device)
        await until(lambda: publisher.statistics.records == 2)
        stop.set()
        await running
    notes = [msgspec.json.decode(value, type=Annotation) for value in await received(broker, topics.ANNOTATIONS, device)]
    assert [(note.kind, note.attributes["fault"], note.end_unix_s is None) for note in notes] == [
        ("fault", "sps.F7", True),
        ("fault", "sps.F7", False),
    ]
    assert notes[0].start_unix_s == notes[1].start_unix_s < (notes[1].end_unix_s or 0)


async def test_a_stall_beyond_the_lag_is_declared(broker: str, tmp_path: Path) -> None:
    stop = asyncio.Event()
    skipped_ns = 0
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        running = asyncio.create_task(
            run_fleet(
                fleet("stalled", max_lag_s=0.5), publisher, tmp_path, stop, elapsed_ns=lambda: time.monotonic_ns() + skipped_ns
            )
        )
        await until(lambda: publisher.statistics.blocks >= 6)
        skipped_ns = 3_600 * 10**9
        sent = publisher.statistics.blocks
        await until(lambda: publisher.statistics.blocks >= sent + 18)
        stop.set()
        totals = await running
    blocks = await blocks_of(broker, totals)
    assert len(totals) > 1
    for one in totals:
        lost_ps = [loss.end_ps - loss.start_ps for block in blocks[one.device] for loss in block.context.losses]
        assert sum(lost_ps) == one.lost_ps
        (hour_ps,) = (each for each in lost_ps if each > 60 * 10**12)  # a busy machine may stall for itself, too
        assert 3_599 < hour_ps / 1e12 < 3_601
        assert sum(block.tags for block in blocks[one.device]) == one.tags
