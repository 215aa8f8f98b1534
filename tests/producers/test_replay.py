"""Replays through a real broker: what the file holds is what the topic holds, whatever happens to the broker."""

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from producers.errors import RecordingError
from producers.formats.ptu_writer import write_ptu_t2
from producers.publisher import Publisher, PublisherLimits
from producers.recording import Recording, open_recording
from producers.replay import Progress, blocks_of, replay
from producers.sources import PulsedParameters, PulsedSource
from schemas import topics
from schemas.block import TagBlock
from schemas.broker import BrokerConnection
from schemas.ids import DeviceId, DomainId, RunId
from schemas.wire import decode
from tests.fixtures_broker import EmbeddedBroker
from tests.producers.test_publisher import received, until

pytestmark = pytest.mark.stack


def simulated(path: Path, *, rate_hz: float = 3e5, duration_ps: int = 2 * 10**12, seed: int = 1) -> Recording:
    time_ps, channel = PulsedSource(PulsedParameters(rate_hz=rate_hz, g2=0.05), seed).advance(duration_ps)
    write_ptu_t2(path, time_ps, channel)
    return open_recording(path)


async def blocks_in(address: str, domain: str) -> list[TagBlock]:
    return [decode(value) for value in await received(address, topics.TIMETAGS, domain)]


def check(recording: Recording, blocks: list[TagBlock]) -> None:
    """The blocks are the file: each once, in order, touching, every tag with its time and channel."""
    assert [block.context.sequence for block in blocks] == list(range(len(blocks)))
    assert [block.context.final for block in blocks] == [False] * (len(blocks) - 1) + [True]
    chunks = list(recording.chunks())
    parts = [block.times() for block in blocks]
    assert np.array_equal(np.concatenate([time for time, _ in parts]), np.concatenate([chunk.time_ps for chunk in chunks]))
    assert np.array_equal(np.concatenate([channel for _, channel in parts]), np.concatenate([chunk.channel for chunk in chunks]))
    assert sum(block.context.reordered for block in blocks) == recording.reordered
    assert sum(block.context.overflows for block in blocks) == recording.overflows
    assert blocks[-1].context.reached_ps == recording.duration_ps


async def test_a_file_arrives_whole(broker: str, tmp_path: Path) -> None:
    recording = simulated(tmp_path / "tags.ptu")
    steps: list[Progress] = []
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        before_ns = time.time_ns()
        result = await replay(recording, publisher, DeviceId("sps-replay"), firmware="3.1", progress=steps.append)
        after_ns = time.time_ns()
    blocks = await blocks_in(broker, "sps-replay")
    check(recording, blocks)
    assert (result.tags, result.blocks) == (sum(recording.tags.values()), len(blocks))
    context = blocks[3].context
    assert (context.domain, context.device, context.source) == ("sps-replay", "sps-replay", f"sps-replay/{result.run}")
    assert context.labels == {"file": "tags.ptu", "format": "PicoQuant PTU T2"}
    assert (context.channels, context.firmware, context.resolution_ps) == (recording.channels, "3.1", 1)
    assert before_ns <= result.origin_unix_ns + recording.duration_ps // 1000 + 1 <= after_ns
    assert [step.tags for step in steps] == np.cumsum([block.tags for block in blocks]).tolist()
    assert steps[-1].of_tags == steps[-1].tags
    assert steps[-1].event_ps == steps[-1].of_event_ps == recording.duration_ps
    assert steps[-1].sent_bytes == result.sent_bytes


async def test_two_replays_of_one_file_never_collide(broker: str, tmp_path: Path) -> None:
    recording = simulated(tmp_path / "tags.ptu", duration_ps=10**11)
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        one = await replay(recording, publisher, DeviceId("twice"))
        two = await replay(
            recording, publisher, DeviceId("twice"), run=RunId("named"), origin_unix_ns=123, domain=DomainId("elsewhere")
        )
    assert one.source != two.source
    assert (two.run, two.source, two.domain) == ("named", "twice/named", "elsewhere")
    check(recording, await blocks_in(broker, "twice"))
    (first, *_) = await blocks_in(broker, "elsewhere")
    assert first.context.origin_unix_ns == 123


async def test_recorded_pace_sends_each_block_when_its_time_has_passed(broker: str, tmp_path: Path) -> None:
    recording = simulated(tmp_path / "tags.ptu", duration_ps=10**12)
    late: list[float] = []

    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        started_ns = time.time_ns()
        result = await replay(
            recording,
            publisher,
            DeviceId("paced"),
            pace="recorded",
            progress=lambda step: late.append((time.time_ns() - started_ns) / 1e9 - step.event_ps / 1e12),
        )
    assert result.origin_unix_ns >= started_ns
    assert min(late) >= 0
    assert result.seconds >= recording.duration_ps / 1e12
    check(recording, await blocks_in(broker, "paced"))


@pytest.mark.slow
async def test_a_broker_killed_during_a_replay_costs_nothing(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    recording = simulated(tmp_path / "tags.ptu", rate_hz=1e6, duration_ps=8 * 10**12)
    sent = 0

    def progress(step: Progress) -> None:
        nonlocal sent
        sent = step.tags

    async with Publisher(
        BrokerConnection(bootstrap=own_broker.address), limits=PublisherLimits(buffer_bytes=1 << 20)
    ) as publisher:
        replaying = asyncio.create_task(replay(recording, publisher, DeviceId("killed"), progress=progress))
        for part in (0.2, 0.6):
            await until(lambda part=part: sent > part * sum(recording.tags.values()))
            assert not replaying.done(), "the kill must come during the replay"
            await asyncio.to_thread(own_broker.kill)
            await until(lambda: publisher.statistics.waiting_bytes > 0)
            own_broker.spawn()
            await own_broker.ready()
        result = await replaying
    blocks = await blocks_in(own_broker.address, "killed")
    check(recording, blocks)
    assert result.blocks == len(blocks)


async def test_a_file_that_changed_meanwhile_is_said(broker: str, tmp_path: Path) -> None:
    recording = simulated(tmp_path / "tags.ptu", duration_ps=10**10)
    simulated(tmp_path / "tags.ptu", duration_ps=10**10, seed=2, rate_hz=1e5)
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        with pytest.raises(RecordingError, match=r"it changed|truncated"):
            await replay(recording, publisher, DeviceId("changed"))


@pytest.mark.parametrize(
    "name",
    ["200204_HH400_T2_320MHz_HBT.timeres", "200213_HH400_T3_80MHz_HBT.timeres", "19_qutag_80MHz_HBT_sync_filtered.qutag"],
)
async def test_real_files_arrive_whole(broker: str, measurements: Path, name: str) -> None:
    recording = open_recording(measurements / "hbt-raw-tags" / name)
    async with Publisher(BrokerConnection(bootstrap=broker)) as publisher:
        result = await replay(recording, publisher, DeviceId(name))
    blocks = await blocks_in(broker, name)
    check(recording, blocks)
    assert result.tags == sum(recording.tags.values())
    offline = list(blocks_of(recording, blocks[0].context))
    for here, there in zip(offline, blocks, strict=True):
        assert np.array_equal(here.gaps, there.gaps)
        assert np.array_equal(here.channel, there.channel)
