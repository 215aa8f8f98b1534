"""The worker process: a Faust app whose agents hand each message to its partition and acknowledge only what is stored."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import faust
import msgspec
import structlog
from faust.types import TP
from prometheus_client import CollectorRegistry, start_http_server

from schemas.broker import BrokerConnection
from schemas.topics import ANNOTATIONS, EVENTS, INDICATORS, MEASUREMENTS, TELEMETRY, TICK, TIMETAGS, Topic
from slo.definitions import load
from storage.client import connect
from storage.writer import Writer
from streams.assignment import Assignment, Place
from streams.kernels.warm import warm
from streams.log import Message
from streams.memory import collect_rarely, keep_freed_memory
from streams.metrics import WorkerMetrics
from streams.opening import Opener
from streams.pipeline import Outgoing
from streams.runner import ByteBudget, Delivery, Surroundings
from streams.settings import WorkerSettings

_log = structlog.get_logger(__name__)
_TICK_S = 0.25
_FATAL_EXIT = 70
_NULL = b"null"
"""Stands for a message without a value, which is no tick: it becomes a dead letter."""
_READ: tuple[Topic, ...] = (TIMETAGS, EVENTS, TELEMETRY, MEASUREMENTS, INDICATORS, ANNOTATIONS)


class _Handle:
    """Releases a message's offset in Faust. Keeps no bytes: offsets wait for panes to close, bytes need not."""

    __slots__ = ("_consumer", "_message")

    def __init__(self, event: Any) -> None:
        self._consumer, self._message = event.app.consumer, event.message
        self._message.value = None

    def acknowledge(self) -> None:
        self._message.ack(self._consumer)


class _FaustTransport:
    """What the partitions need of Faust's consumer and producer."""

    def __init__(self, app: faust.App) -> None:
        self._app = app

    async def seek(self, place: Place, offset: int) -> None:
        await self._app.consumer.seek(TP(*place), offset)

    async def tick(self, place: Place) -> None:
        await self._app.producer.send_and_wait(place[0], None, TICK, place[1], None, None)

    def end(self, place: Place) -> int | None:
        end = self._app.consumer.highwater(TP(*place))
        return None if end is None else int(end)

    async def publish(self, outgoing: tuple[Outgoing, ...]) -> None:
        """Send records and wait until the broker has all of them."""
        sent = [
            await self._app.producer.send(one.topic.name, one.key.encode(), msgspec.json.encode(one.record), None, None, None)
            for one in outgoing
        ]
        await asyncio.gather(*sent)


def build_app(settings: WorkerSettings) -> faust.App:
    """The Faust app. Topics must exist; nothing is declared, no table is kept, the leader's topics are off."""
    kafka = settings.kafka
    return faust.App(
        settings.group,
        broker=[f"kafka://{address.strip()}" for address in kafka.bootstrap.split(",")],
        broker_credentials=_credentials(kafka),
        datadir=str(settings.data),
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        broker_rebalance_timeout=20.0,
        broker_commit_interval=1.0,
        consumer_group_instance_id=settings.instance,
        stream_wait_empty=False,  # the default hangs a stop or a rebalance while anything is un-acknowledged
        stream_buffer_maxsize=16,  # counts messages, up to 1 MiB each
        consumer_max_fetch_size=2 << 20,  # of each partition at once: what one answer holds is copied four times on its way
        producer_max_request_size=2 << 20,
        producer_acks=-1,
    )


def attach(app: faust.App, settings: WorkerSettings, registry: CollectorRegistry) -> None:
    """Give the app its agents."""
    metrics = WorkerMetrics(registry)
    transport = _FaustTransport(app)
    around = Surroundings(
        compute=ThreadPoolExecutor(settings.compute_threads, "compute"),
        store=ThreadPoolExecutor(4, "store"),
        writer=Writer(settings.store, settings.name, tokens=settings.insert_tokens),
        publish=transport.publish,
        budget=ByteBudget(settings.waiting_bytes),
        metrics=metrics,
    )
    opener = Opener(settings, load(settings.definitions), connect(settings.store), metrics)
    assignment = Assignment(opener, around, transport, _end_process)

    for topic in _READ:
        app.agent(
            app.topic(topic.name, key_type=bytes, key_serializer="raw", value_type=bytes, value_serializer="raw"),
            name=f"streams.{topic.name}",
        )(_deliver_to(assignment))

    async def released(_app: Any, revoked: set[TP], **_: Any) -> None:
        await assignment.release({(tp.topic, tp.partition) for tp in revoked})

    app.on_partitions_revoked.connect(cast("Any", released), weak=False)
    app.timer(interval=_TICK_S)(assignment.tick)


def _deliver_to(assignment: Assignment) -> Callable[[Any], Awaitable[None]]:
    async def deliver(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            value = _NULL if event.value is None else event.value
            delivery = Message(message.offset, round(message.timestamp * 1000), value)
            try:
                await assignment.deliver((message.topic, message.partition), Delivery(delivery, _Handle(event)))
            except Exception as error:  # noqa: BLE001  the agent would be started again without this message
                _end_process(error)

    return deliver


def run_worker(settings: WorkerSettings) -> None:
    """Run a worker until SIGINT or SIGTERM; does not return."""
    settings.data.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    warm()  # before the group counts on this worker: compiling holds no lock, but takes seconds
    registry = CollectorRegistry()
    app = build_app(settings)
    attach(app, settings, registry)
    collect_rarely()
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, settings.metrics_host, registry)
    worker = faust.Worker(app, loglevel="WARNING", redirect_stdouts=False, override_logging=False, quiet=True)
    worker.execute_from_commandline()


def _end_process(error: BaseException) -> None:
    """Crash only: what is not acknowledged is read again by whoever comes next."""
    _log.critical("worker-ends", exc_info=error)
    sys.stderr.flush()
    os._exit(_FATAL_EXIT)


def _credentials(kafka: BrokerConnection) -> Any:
    tls = kafka.ssl_context()
    if kafka.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=kafka.username, password=kafka.password, mechanism=kafka.sasl_mechanism, ssl_context=tls
        )
    return None if tls is None else faust.SSLCredentials(tls)
