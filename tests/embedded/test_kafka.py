"""The broker keeps what it was given, and listens where it should."""

import uuid

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from embedded.kafka import cluster_id
from tests.embedded.messages import consume, create, produce
from tests.fixtures_broker import EmbeddedBroker

pytestmark = pytest.mark.stack


def test_cluster_ids_are_no_options() -> None:
    ids = {cluster_id() for _ in range(2000)}  # 1 in 64 would begin with a hyphen
    assert len(ids) == 2000
    assert all(len(text) == 22 and not text.startswith("-") for text in ids)


async def test_messages_come_back(broker: str) -> None:
    topic = f"kafka-{uuid.uuid4().hex}"
    values = [bytes([number]) * 1000 for number in range(50)]
    await create(broker, topic)
    await produce(broker, topic, values)
    assert await consume(broker, topic, len(values)) == values


@pytest.mark.slow
async def test_killed_broker_keeps_its_messages_and_port(own_broker: EmbeddedBroker) -> None:
    values = [bytes([number]) * 1000 for number in range(50)]
    await create(own_broker.address, "kept")
    await produce(own_broker.address, "kept", values)
    own_broker.kill()
    own_broker.spawn()
    await own_broker.ready()
    assert await consume(own_broker.address, "kept", len(values)) == values


def test_listens_on_loopback_only(shared_broker: EmbeddedBroker) -> None:
    listening = [c.laddr for c in psutil.Process(shared_broker.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert len(listening) == 2
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


@pytest.mark.slow
async def test_half_formatted_directory_is_formatted_again(own_broker: EmbeddedBroker) -> None:
    """As a kill in the midst of the first start leaves it."""
    own_broker.kill()
    data = own_broker.home / "kafka"
    (data / "log").rename(data / "formatting")
    (data / "formatting" / "meta.properties").unlink()
    own_broker.spawn()
    await own_broker.ready()
    await create(own_broker.address, "new")


async def test_unknown_topic_is_not_made_by_writing_to_it(broker: str) -> None:
    name = f"absent-{uuid.uuid4().hex}"
    async with AIOKafkaProducer(bootstrap_servers=broker, request_timeout_ms=500) as producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.send(name, b"lost")
