"""The platform on one machine: Kafka, the ClickHouse engine, and the parts that the console adds, over one home."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
from structlog.typing import FilteringBoundLogger

from embedded import kafka
from embedded.credentials import Credentials, credentials, users_file
from embedded.errors import EmbeddedError
from embedded.holding import hold
from embedded.ports import Ports
from embedded.probes import HttpAnswers, KafkaAnswers, Probe
from embedded.service import Service
from embedded.state import Part, PartState, ProcessId, read_state
from embedded.supervisor import Supervisor

_HOST = "127.0.0.1"
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
KAFKA, STORE = "kafka", "clickhouse"


@dataclass(frozen=True, slots=True)
class ExternalStore:
    """A ClickHouse that runs already: ``address`` is ``host:port`` of its HTTP endpoint."""

    address: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class StackSettings:
    """``home`` holds all data. An address replaces the embedded part; a port of 0 is chosen, and kept."""

    home: Path
    kafka_address: str = ""
    kafka_port: int = 0
    store: ExternalStore | None = None
    store_port: int = 0


@dataclass(frozen=True, slots=True)
class StackAddresses:
    """What a part needs to reach the others. ``ports`` gives it a port of its own that stays."""

    home: Path
    kafka: str
    store: str
    credentials: Credentials
    ports: Ports


Compose = Callable[[StackAddresses], Sequence[Service]]
"""The console's parts (worker, page, fleet), once the addresses are known. They may be ``after`` KAFKA and STORE."""


class Stack:
    """Composes the services and keeps them running."""

    def __init__(self, settings: StackSettings, compose: Compose, *, say: FilteringBoundLogger, random: Random) -> None:
        self._settings = settings
        self._compose = compose
        self._say = say
        self._random = random

    async def run(self, on_ready: Callable[[StackAddresses], None]) -> None:
        """Run until SIGINT or SIGTERM, or until cancelled; a second signal does not wait for parts that are slow to stop.

        Call it in the main thread. Returns after a signal, and then no process is left. Raises HomeHeldError, LeftoverError,
        PortTakenError, PartStartError.
        """
        settings = self._settings
        with hold(settings.home, self._say) as holding:
            addresses, own, external = self._plan()
            await _answering(external)
            services = (*own, *self._compose(addresses))
            supervisor = Supervisor(holding, services, say=self._say, random=self._random, external=external)
            task = asyncio.create_task(supervisor.run(lambda: on_ready(addresses)))
            loop = asyncio.get_running_loop()
            for number in _STOP_SIGNALS:
                loop.add_signal_handler(number, lambda: supervisor.kill() if task.cancelling() else task.cancel())
            try:
                await task
            except asyncio.CancelledError:
                this = asyncio.current_task()
                if this is not None and this.cancelling():  # not by a signal
                    raise
            finally:
                for number in _STOP_SIGNALS:
                    loop.remove_signal_handler(number)

    def _plan(self) -> tuple[StackAddresses, tuple[Service, ...], tuple[Part, ...]]:
        """Addresses, the services of our own, and the parts that run elsewhere."""
        settings, ports = self._settings, Ports(self._settings.home)
        own: list[Service] = []
        external: list[Part] = []
        kafka_address, store = settings.kafka_address, settings.store
        if kafka_address:
            external.append(_external(KAFKA, kafka_address, KafkaAnswers(kafka_address)))
        else:
            own.append(kafka.service(settings.home, ports.choose(KAFKA, settings.kafka_port), ports.choose("kafka-controller")))
            kafka_address = str(own[-1].address)
        if store is not None:
            external.append(_external(STORE, store.address, HttpAnswers(store.address, "/ping")))
        else:
            port = ports.choose(STORE, settings.store_port)
            store = ExternalStore(f"{_HOST}:{port}", credentials(settings.home))
            own.append(_engine(settings.home, port))
        return StackAddresses(settings.home, kafka_address, store.address, store.credentials, ports), tuple(own), tuple(external)


class StackStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a home's stack is now: looked at, not only read. ``supervisor`` is None where none runs."""

    home: str
    supervisor: ProcessId | None
    parts: tuple[Part, ...]

    @property
    def ready(self) -> bool:
        return self.supervisor is not None and all(part.state in (PartState.READY, PartState.EXTERNAL) for part in self.parts)


async def status(home: Path) -> StackStatus:
    """The state file's parts, each with its process and its probe checked now. Raises StateUnreadableError."""
    state = read_state(home)
    if state is None:
        return StackStatus(home=str(home), supervisor=None, parts=())
    parts = tuple(await asyncio.gather(*(_seen(part) for part in state.parts)))
    supervisor = state.supervisor if state.supervisor.process() else None
    return StackStatus(home=str(home), supervisor=supervisor, parts=parts)


async def _seen(part: Part) -> Part:
    if part.process is not None and part.process.process() is None:
        return msgspec.structs.replace(part, state=PartState.GONE, process=None, detail="its process is gone")
    if part.state in (PartState.READY, PartState.EXTERNAL):
        pid = part.process.pid if part.process else None
        if not await part.ready.answers(pid):
            return msgspec.structs.replace(part, state=PartState.SILENT, detail="does not answer")
    return part


async def _answering(external: Sequence[Part]) -> None:
    for part in external:
        if not await part.ready.answers(None):
            raise EmbeddedError(
                f"no {part.name} answers at the address that was given",
                where=str(part.address),
                do="start it, mend the address, or leave it out for an embedded one",
            )


def _external(name: str, address: str, ready: Probe) -> Part:
    return Part(name=name, state=PartState.EXTERNAL, address=address, process=None, ready=ready)


def _engine(home: Path, port: int) -> Service:
    address = f"{_HOST}:{port}"
    arguments = ("--data", str(home / "engine"), "--port", str(port), "--users", str(users_file(home)))
    return Service(
        name=STORE,
        argv=(sys.executable, "-P", "-m", "embedded.engine", *arguments),
        address=address,
        ready=HttpAnswers(address, "/ping"),
        stop_timeout_s=30.0,
    )
