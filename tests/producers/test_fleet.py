"""A fleet in real time against a real broker: every device's own count, faults on request, stalls."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from producers.faults import break_purity, mend
from producers.fleet import DeviceTotals, run_fleet
from producers.fleet_file import Device, Fleet, Site
from producers.publisher import Publisher
from producers.sources import CwParameters, PulsedParameters
from schemas import topics
from schemas.block import TagBlock
from schemas.broker import BrokerConnection
from schemas.ids import DeviceId
from schemas.records import Annotation
from schemas.wire import decode
from tests.producers.test_publisher import received, until

pytestmark = pytest.mark.stack


def fleet(name: str, *, max_lag_s: float = 60.0) -> Fleet:
    return Fleet(
        sites=(Site(id="lab", name="Lab"),),
        devices=(
            Device(id=DeviceId(f"{name}-01"), kind="k", site="lab", seed=1, source=PulsedParameters(rate_hz=2e5, g2=0.01)),
            Device(id=DeviceId(f"{name}-02"), kind="k", site="lab", seed=2, source=CwParameters(rate_hz=1e5, g2=0.02)),
            Device(id=DeviceId(f"{name}-03"), kind="k", site="lab", seed=3, source=PulsedParameters(rate_hz=0)),
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


async def test_purity_breaks_on_request_and_each_change_is_announced(broker: str, tmp_path: Path) -> None:
    device = DeviceId("broken-01")
    stop = asyncio.Event()
    break_purity(tmp_path, DeviceId("nobody"), 0.5)
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        running = asyncio.create_task(run_fleet(fleet("broken"), publisher, tmp_path, stop))
        await until(lambda: publisher.statistics.blocks > 2)
        break_purity(tmp_path, device, 0.45)
        await until(lambda: publisher.statistics.records == 1)
        mend(tmp_path, device)
        await until(lambda: publisher.statistics.records == 2)
        stop.set()
        await running
    notes = [msgspec.json.decode(value, type=Annotation) for value in await received(broker, topics.ANNOTATIONS, device)]
    assert [(note.kind, note.subject, note.attributes["g2"], note.end_unix_s is None) for note in notes] == [
        ("fault", device, 0.45, True),
        ("fault", device, 0.01, False),
    ]
    assert notes[0].start_unix_s == notes[1].start_unix_s < (notes[1].end_unix_s or 0)
    assert notes[0].text == "purity broken on request: g2(0) = 0.45"


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
    for one in totals:
        losses = [loss for block in blocks[one.device] for loss in block.context.losses]
        assert len(losses) == 1
        assert losses[0].end_ps - losses[0].start_ps == one.lost_ps
        assert 3_599 < one.lost_ps / 1e12 < 3_601
        assert sum(block.tags for block in blocks[one.device]) == one.tags
