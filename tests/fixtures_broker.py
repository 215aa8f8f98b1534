"""The embedded broker, started once; and a broker that a fault test may kill."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded import kafka
from embedded.launch import launched

_PATIENCE_S = 300.0  # a first run of the tests fetches the jars


class EmbeddedBroker:
    """A broker of its own over ``home``: start, ``kill`` (-9) and start again on the same data and port.

    ``start`` must be called from a thread that outlives the broker (the kernel ties it to that thread): not within to_thread.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "kafka.log"
        port, controller_port = _free_ports(2)
        self._service = kafka.service(home, port, controller_port)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        assert self._service.address is not None
        return self._service.address

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Spawn and wait until the broker answers."""
        self.spawn()
        with ThreadPoolExecutor(1) as thread:  # a thread of its own: the caller's may already run a loop
            thread.submit(asyncio.run, self.ready()).result()

    def spawn(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                launched(self._service.argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    async def ready(self) -> None:
        """Wait until the broker answers; for async tests, after ``spawn``."""
        assert self._process is not None
        deadline = time.monotonic() + _PATIENCE_S
        while not await self._service.ready.answers(self.pid):
            assert self._process.poll() is None, f"the broker ended with {self._process.returncode}:\n{self._tail()}"
            assert time.monotonic() < deadline, f"the broker does not answer:\n{self._tail()}"
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Kill -9, and return when it is gone."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


@pytest.fixture(scope="session")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A fresh embedded Kafka, one for the whole run: to be looked at, not to be killed."""
    shared = EmbeddedBroker(tmp_path_factory.mktemp("broker"))
    shared.start()
    try:
        yield shared
    finally:
        shared.stop()


@pytest.fixture(scope="session")
def broker(shared_broker: EmbeddedBroker) -> str:
    """``127.0.0.1:PORT`` of the one broker: name your topics and groups for your test."""
    return shared_broker.address


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A started broker that the test may kill and start again."""
    own = EmbeddedBroker(tmp_path / "broker")
    own.start()
    try:
        yield own
    finally:
        own.stop()
