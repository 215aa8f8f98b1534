"""Sends blocks and records to Kafka: in order, once each, and bounded in memory. The only file that knows aiokafka."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

import msgspec
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, TopicAlreadyExistsError, for_code

from producers.errors import PublishError
from producers.thinning import ThinOut
from schemas import topics
from schemas.block import TagBlock
from schemas.broker import BrokerConnection
from schemas.topics import Topic
from schemas.wire import SMALL, encode

_NOISY_LOGS = ("aiokafka", "aiokafka.client", "aiokafka.conn", "aiokafka.cluster", "aiokafka.producer.sender")
_REPLICAS = 3
_RETRY_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherLimits:
    """``buffer_bytes`` may wait for the broker's word before sends wait too. ``send_timeout_s`` bounds that wait, and is also how
    long a broker may be away (or without a leader) before what waits is given up. ``linger_ms`` gathers small messages.
    """

    buffer_bytes: int = 32 << 20
    connect_timeout_s: float = 30.0
    send_timeout_s: float = 120.0
    close_timeout_s: float = 15.0
    linger_ms: int = 0


@dataclass(slots=True)
class PublisherStatistics:
    """Counts since the start: handed over, and acknowledged by the broker; what lies between them waits."""

    blocks: int = 0
    tags: int = 0
    records: int = 0
    sent_bytes: int = 0
    acknowledged: int = 0
    acknowledged_bytes: int = 0
    waiting_bytes: int = 0


class Publisher:
    """An idempotent producer (acks=all): what it took is written once, in the order of its key, or an error says so.

    While a broker is away it retries by itself. After an error it takes nothing more: close it, and start another.
    Use it as an async context manager, from one event loop.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        *,
        limits: PublisherLimits | None = None,
        wanted: Iterable[Topic] = topics.ALL,
    ) -> None:
        """``wanted`` are the topics that must exist; missing ones are created. A larger cluster may have made them with more
        partitions.
        """
        self._connection = connection
        self._limits = limits or PublisherLimits()
        self._wanted = tuple(wanted)
        self._producer: Any = None
        self._statistics = PublisherStatistics()
        self._failure: PublishError | None = None
        self._changed = asyncio.Event()
        self._thin_out = ThinOut()
        self._log = structlog.get_logger("producers.publisher")

    @property
    def statistics(self) -> PublisherStatistics:
        return replace(self._statistics)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Connect, waiting for a broker that is still starting, and ensure the topics.

        Raises:
            PublishError: no broker answers in time, or a topic exists with another number of partitions.
        """
        for name in _NOISY_LOGS:
            logging.getLogger(name).addFilter(self._thin_out)
        try:
            await self._connected(self._ensure_topics)
            await self._connected(self._start_producer)
        except BaseException:
            self._restore_logs()
            raise

    async def send_block(self, block: TagBlock) -> int:
        """Hand over a block, keyed by its domain, to the tag topic; returns its size in bytes once it is in the buffer.

        Waits while the buffer is full. A cancelled or failed call has sent nothing.

        Raises:
            PublishError: the buffer stayed full for ``send_timeout_s``, or an earlier message was lost.
            WireError: the block is too large.
        """
        message = await encoded(block)
        what = f"block {block.context.sequence} of {block.context.source}"
        await self._send(topics.TIMETAGS, block.context.domain, message, what)
        self._statistics.blocks += 1
        self._statistics.tags += block.tags
        return len(message)

    async def send_message(self, topic: Topic, key: str, message: bytes, settled: Callable[[], None]) -> None:
        """Hand over bytes as they are; ``settled`` is called once the broker has them. Waits, raises as ``send_block`` does."""
        await self._send(topic, key, message, f"message of {key}", settled)

    async def send_record(self, topic: Topic, key: str, record: msgspec.Struct) -> None:
        """Hand over a small record as JSON. Waits and raises as ``send_block`` does."""
        await self._send(topic, key, msgspec.json.encode(record), f"{type(record).__name__} of {key}")
        self._statistics.records += 1

    def check(self) -> None:
        """
        Raises:
            PublishError: something handed over was lost.
        """
        self._refuse_after_failure()

    async def flush(self, timeout_s: float | None = None) -> None:
        """Wait until the broker has acknowledged everything handed over.

        Raises:
            PublishError: something was lost, or is not acknowledged after ``timeout_s`` (the send time-out where not given).
        """
        patience_s = self._limits.send_timeout_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(patience_s):
                while self._statistics.waiting_bytes and self._failure is None:
                    await self._change()
        except TimeoutError:
            raise self._unanswered(patience_s) from None
        self._refuse_after_failure()

    async def close(self) -> None:
        """Flush for at most ``close_timeout_s`` and disconnect; a second call does nothing.

        Raises:
            PublishError: something handed over was not acknowledged.
        """
        if self._producer is None:
            return
        producer, self._producer = self._producer, None
        try:
            await self.flush(self._limits.close_timeout_s)
        except PublishError:
            await _abandon(producer)
            raise
        finally:
            await producer.stop()
            self._restore_logs()

    async def _send(self, topic: Topic, key: str, message: bytes, what: str, settled: Callable[[], None] | None = None) -> None:
        if self._producer is None:
            raise PublishError(f"{what}: the publisher is not started")
        size = len(message)
        try:
            if self._full(size):  # a time-out costs more than the rest of a send
                async with asyncio.timeout(self._limits.send_timeout_s):
                    while self._full(size) and self._failure is None:
                        await self._change()
            self._refuse_after_failure()
            acknowledged = await self._producer.send(topic.name, message, key=key.encode())
        except (TimeoutError, KafkaTimeoutError):
            raise self._unanswered(self._limits.send_timeout_s) from None
        except KafkaError as error:
            raise PublishError(f"{what} was not taken by {self._connection.bootstrap}: {error!r}") from error
        self._statistics.sent_bytes += size
        self._statistics.waiting_bytes += size
        acknowledged.add_done_callback(lambda done: self._settle(done, size, what, settled))

    def _full(self, size: int) -> bool:
        waiting = self._statistics.waiting_bytes
        return waiting > 0 and waiting + size > self._limits.buffer_bytes

    def _settle(self, done: "asyncio.Future[Any]", size: int, what: str, settled: Callable[[], None] | None) -> None:
        error = None if done.cancelled() else done.exception()
        self._statistics.waiting_bytes -= size
        if done.cancelled() or error is not None:
            self._failure = self._failure or PublishError(
                f"{what} was given up, and so may be what follows it: {error!r}; start again from there"
            )
        else:
            self._statistics.acknowledged += 1
            self._statistics.acknowledged_bytes += size
            if settled is not None:
                settled()
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _unanswered(self, patience_s: float) -> PublishError:
        return PublishError(
            f"no word from {self._connection.bootstrap} for {patience_s:g} s, {self._statistics.waiting_bytes} bytes wait; "
            "check that the broker runs"
        )

    async def _connected(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Run ``attempt`` until a broker answers it."""
        deadline = asyncio.get_running_loop().time() + self._limits.connect_timeout_s
        while True:
            try:
                await attempt()
            except KafkaConnectionError as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise PublishError(
                        f"no Kafka answers at {self._connection.bootstrap} after {self._limits.connect_timeout_s:g} s ({error}); "
                        "start it, or name another address"
                    ) from error
            except KafkaError as error:
                raise PublishError(f"{self._connection.bootstrap} refuses: {error!r}; check credentials and rights") from error
            else:
                return
            await asyncio.sleep(_RETRY_S)

    async def _start_producer(self) -> None:
        producer = AIOKafkaProducer(
            **self._client_settings(),
            enable_idempotence=True,
            acks="all",
            max_batch_size=topics.MAX_MESSAGE_BYTES,
            max_request_size=topics.MAX_MESSAGE_BYTES,
            linger_ms=self._limits.linger_ms,
            request_timeout_ms=round(self._limits.send_timeout_s * 1000),
        )
        await _or_close(producer.start(), producer.stop)
        self._producer = producer

    async def _ensure_topics(self) -> None:
        admin = AIOKafkaAdminClient(**self._client_settings())
        await _or_close(admin.start(), admin.close)
        try:
            held = await _held(admin)
            missing = [topic for topic in self._wanted if topic.name not in held]
            if missing:
                await _create(admin, missing)
        finally:
            await admin.close()

    def _client_settings(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": self._connection.bootstrap,
            "security_protocol": self._connection.security_protocol,
            "ssl_context": self._connection.ssl_context(),
            "sasl_mechanism": self._connection.sasl_mechanism,
            "sasl_plain_username": self._connection.username,
            "sasl_plain_password": self._connection.password,
        }

    def _restore_logs(self) -> None:
        for name in _NOISY_LOGS:
            logging.getLogger(name).removeFilter(self._thin_out)


async def encoded(block: TagBlock) -> bytes:
    """A block's bytes; those of a large one are made in a thread, so that the loop goes on sending meanwhile.

    Raises:
        WireError: the block is too large.
    """
    return encode(block) if block.channel.size <= SMALL else await asyncio.to_thread(encode, block)


async def _or_close(start: Awaitable[Any], close: Any) -> None:
    try:
        await start
    except BaseException:
        await close()
        raise


async def _abandon(producer: Any) -> None:
    """Drop what a producer still holds: its own stop would wait for ever for a broker that is away."""
    ending = asyncio.create_task(producer._sender.close())  # noqa: SLF001
    await producer.client.close()
    await ending
    held = producer._message_accumulator  # noqa: SLF001
    held._batches.clear()  # noqa: SLF001
    held._pending_batches.clear()  # noqa: SLF001


async def _held(admin: Any) -> set[str]:
    return {topic["topic"] for topic in await admin.describe_topics()}


async def _create(admin: Any, missing: list[Topic]) -> None:
    replicas = min(_REPLICAS, len((await admin.describe_cluster())["brokers"]))
    response = await admin.create_topics(
        [NewTopic(topic.name, topic.partitions, replicas, topic_configs=dict(topic.settings)) for topic in missing]
    )
    for name, code, *text in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise PublishError(f"topic {name} cannot be created: {error.__name__} {text[0] if text else ''}")
