"""The publisher against a real broker: order, bounds, outages, refusals."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import msgspec
import numpy as np
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from producers.errors import PublishError
from producers.publisher import Publisher, PublisherLimits
from schemas import topics
from schemas.block import BlockContext, Channel, TagBlock
from schemas.broker import BrokerConnection
from schemas.ids import DeviceId, DomainId, RunId, SourceId, SubjectId
from schemas.records import Annotation
from schemas.topics import Topic
from schemas.wire import decode, encode
from tests.fixtures_broker import EmbeddedBroker

pytestmark = pytest.mark.stack


def block(sequence: int, *, device: str, tags: int = 1000, seed: int = 1) -> TagBlock:
    start = sequence * 10**9
    random = np.random.default_rng(seed + sequence)
    context = BlockContext(
        domain=DomainId(device),
        source=SourceId(f"{device}/run"),
        device=DeviceId(device),
        run=RunId("run"),
        sequence=sequence,
        origin_unix_ns=0,
        start_ps=start,
        reached_ps=start + 10**9,
        channels=(Channel(0), Channel(1)),
    )
    time_ps = start + np.sort(random.integers(0, 10**9, tags))
    return TagBlock.from_times(context, time_ps, random.integers(0, 2, tags).astype(np.uint8))


async def received(address: str, topic: Topic, key: str | None = None) -> list[bytes]:
    """All values of a topic, partition by partition, of one key where it is given."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        values: list[bytes] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                values += [record.value for record in records if key is None or record.key == key.encode()]
        return values
    finally:
        await consumer.stop()


async def until(condition: Callable[[], bool], patience_s: float = 30.0) -> None:
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
async def publisher(broker: str) -> AsyncIterator[Publisher]:
    async with Publisher(BrokerConnection(bootstrap=broker)) as opened:
        yield opened


async def test_blocks_arrive_in_order_and_whole(broker: str, publisher: Publisher) -> None:
    sent = [block(n, device="order") for n in range(40)]
    sizes = [await publisher.send_block(one) for one in sent]
    await publisher.flush()
    arrived = await received(broker, topics.TIMETAGS, "order")
    assert arrived == [encode(one) for one in sent]
    assert publisher.statistics.blocks == publisher.statistics.acknowledged == 40
    assert publisher.statistics.tags == 40_000
    assert publisher.statistics.waiting_bytes == 0
    assert publisher.statistics.sent_bytes == publisher.statistics.acknowledged_bytes == sum(sizes)


async def test_large_blocks_encoded_aside_keep_their_order(broker: str, publisher: Publisher) -> None:
    for n in range(12):
        await publisher.send_block(block(n, device="large", tags=150_000))
    await publisher.flush()
    assert [decode(value).context.sequence for value in await received(broker, topics.TIMETAGS, "large")] == list(range(12))


async def test_records_are_json(broker: str, publisher: Publisher) -> None:
    note = Annotation(kind="note", subject=SubjectId("here"), start_unix_s=1.5, text="hello")
    await publisher.send_record(topics.ANNOTATIONS, "json-here", note)
    await publisher.flush()
    assert [msgspec.json.decode(value, type=Annotation) for value in await received(broker, topics.ANNOTATIONS, "json-here")] == [
        note
    ]


async def test_topics_are_made_as_declared(broker: str, publisher: Publisher) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        held = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    assert {topic.name: held[topic.name] for topic in topics.ALL} == {topic.name: topic.partitions for topic in topics.ALL}


async def test_a_topic_that_has_more_partitions_is_used_as_it_is(broker: str) -> None:
    async with Publisher(BrokerConnection(bootstrap=broker), wanted=[Topic("publisher-wide", 3)]):
        pass
    async with Publisher(BrokerConnection(bootstrap=broker), wanted=[Topic("publisher-wide", 1)]):
        pass


async def test_no_broker_is_said_with_its_address() -> None:
    limits = PublisherLimits(connect_timeout_s=0.5)
    with pytest.raises(PublishError, match=r"no Kafka answers at 127\.0\.0\.1:9 after 0\.5 s"):
        await Publisher(BrokerConnection(bootstrap="127.0.0.1:9"), limits=limits).start()


async def test_too_large_a_record_is_refused_and_the_publisher_lives(broker: str, publisher: Publisher) -> None:
    huge = Annotation(kind="note", subject=SubjectId("here"), start_unix_s=0, text="x" * topics.MAX_MESSAGE_BYTES)
    with pytest.raises(PublishError, match="Annotation of huge was not taken"):
        await publisher.send_record(topics.ANNOTATIONS, "huge", huge)
    await publisher.send_block(block(0, device="after-huge"))
    await publisher.flush()


@pytest.mark.slow
async def test_a_broker_killed_while_blocks_flow_loses_and_doubles_nothing(own_broker: EmbeddedBroker) -> None:
    blocks = 240
    async with Publisher(
        BrokerConnection(bootstrap=own_broker.address), limits=PublisherLimits(buffer_bytes=1 << 20)
    ) as publisher:
        sending = asyncio.create_task(_send_all(publisher, blocks))
        for kill_at in (40, 120):
            await until(lambda kill_at=kill_at: publisher.statistics.acknowledged >= kill_at)
            assert not sending.done(), "the kill must come while blocks flow"
            await asyncio.to_thread(own_broker.kill)
            await until(lambda: publisher.statistics.waiting_bytes > 0)
            own_broker.spawn()
            await own_broker.ready()
        await sending
    assert [decode(value).context.sequence for value in await received(own_broker.address, topics.TIMETAGS)] == list(
        range(blocks)
    )


async def _send_all(publisher: Publisher, blocks: int) -> None:
    for n in range(blocks):
        await publisher.send_block(block(n, device="killed", tags=30_000))
    await publisher.flush()


async def test_a_full_buffer_holds_back_and_then_gives_up(own_broker: EmbeddedBroker) -> None:
    limits = PublisherLimits(buffer_bytes=200_000, send_timeout_s=1.0, close_timeout_s=0.5)
    publisher = Publisher(BrokerConnection(bootstrap=own_broker.address), limits=limits)
    await publisher.start()
    await asyncio.to_thread(own_broker.kill)
    with pytest.raises(PublishError, match=r"no word from 127\.0\.0\.1:\d+ for 1 s, \d+ bytes wait"):
        await _send_all(publisher, 100)
    assert publisher.statistics.waiting_bytes <= 200_000
    started = time.monotonic()
    with pytest.raises(PublishError):
        await publisher.close()
    assert time.monotonic() - started < 5
