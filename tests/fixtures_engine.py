"""The embedded ClickHouse engine, started once; and an engine that a fault test may kill."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.engine.users import Role, User, hashed, write_users

_PATIENCE_S = 60.0


class EmbeddedEngine:
    """An engine of its own over ``home``: ``start``, ``kill`` (-9) and ``start`` again on the same data, users and port.

    ``user`` may do everything, ``readonly_user`` may read within limits. ``data`` is the engine's directory.
    """

    host = "127.0.0.1"
    user, password = "photonwatch", "tag'ged \\ pässword"
    readonly_user, readonly_password = "viewer", "look, don't touch"

    def __init__(self, home: Path, *arguments: str) -> None:
        self.data = home / "data"
        self.log = home / "engine.log"
        self._users = home / "users.json"
        self._arguments = arguments
        with socket.create_server((self.host, 0)) as free:
            self.port: int = free.getsockname()[1]
        home.mkdir(parents=True, exist_ok=True)
        write_users(
            self._users,
            [
                User(name=self.user, role=Role.ADMIN, password=hashed(self.password)),
                User(name=self.readonly_user, role=Role.READER, password=hashed(self.readonly_password)),
            ],
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Spawn and wait until the engine answers; a crash of its library at start is not what is tested: see embedded.part."""
        for attempt in range(4):
            if self._started(attempt):
                return

    def _started(self, attempt: int) -> bool:
        command = [sys.executable, "-m", "embedded.engine", "--data", str(self.data), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--users", str(self._users), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PHOTONWATCH_ATTEMPT": "x" * (1_040 * attempt)},
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not self.answers():
            if attempt < 3 and self._process.poll() == -signal.SIGSEGV:
                return False
            assert self._process.poll() is None, f"the engine ended with {self._process.returncode}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"the engine does not answer:\n{self.tail()}"
            time.sleep(0.02)
        return True

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill -9, and return when it is gone."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """End it as the supervisor does; its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._process.returncode

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """A running engine, one for the whole run: make a database of your own for your test."""
    shared = EmbeddedEngine(tmp_path_factory.mktemp("engine"))
    shared.start()
    try:
        yield shared
    finally:
        shared.stop()


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    """A started engine that the test may kill and start again."""
    own = EmbeddedEngine(tmp_path / "engine")
    own.start()
    try:
        yield own
    finally:
        own.stop()
