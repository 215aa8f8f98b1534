"""The broker keeps what it was given."""

import uuid

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.fixtures_broker import EmbeddedBroker

pytestmark = pytest.mark.stack


async def _create(address: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _produce(address: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def _consume(address: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=address)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_messages_come_back(broker: str) -> None:
    topic = f"kafka-{uuid.uuid4().hex}"
    values = [bytes([number]) * 1000 for number in range(50)]
    await _create(broker, topic)
    await _produce(broker, topic, values)
    assert await _consume(broker, topic, len(values)) == values


async def test_killed_broker_keeps_its_messages_and_port(own_broker: EmbeddedBroker) -> None:
    values = [bytes([number]) * 1000 for number in range(50)]
    await _create(own_broker.address, "kept")
    await _produce(own_broker.address, "kept", values)
    own_broker.kill()
    own_broker.spawn()
    await own_broker.ready()
    assert await _consume(own_broker.address, "kept", len(values)) == values
