"""A platform of real parts for tests: a broker, an engine with its tables, and workers that may be killed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedded.launch import launched
from storage.client import StoreAddress
from storage.migrate import migrate
from tests.fixtures_broker import EmbeddedBroker
from tests.fixtures_engine import EmbeddedEngine

ROOT = Path(__file__).parent.parent


def until(condition: Callable[[], Any], patience_s: float, what: str, *, every_s: float = 0.05) -> Any:
    """Poll every so often until ``condition`` is true, and return its value; fail with ``what`` after ``patience_s``."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s:.0f} s for: {what}")
        time.sleep(every_s)
    return value


class LiveWorker:
    """One worker process."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self.log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill -9, and return when it is gone."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        self._process.terminate()
        return self._process.wait(30)

    def said(self, event: str) -> list[dict[str, Any]]:
        """Log lines of an event."""
        lines = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [entry for entry in map(json.loads, lines) if entry.get("event") == event]


class LivePlatform:
    """Broker, engine and workers over one directory. Everything that was started ends with ``stop``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.broker = EmbeddedBroker(home / "kafka")
        self.engine = EmbeddedEngine(home / "engine")
        self._workers: list[LiveWorker] = []
        self._begun: list[EmbeddedBroker | EmbeddedEngine] = []

    @property
    def store(self) -> StoreAddress:
        engine = self.engine
        return StoreAddress(engine.host, engine.port, engine.user, engine.password)

    def start(self) -> None:
        for part in (self.broker, self.engine):
            self._begun.append(part)
            part.start()
        migrate(self.store)

    def worker(self, name: str = "worker-1", **options: Any) -> LiveWorker:
        """Start a worker with options of ``tests/live_worker.py``."""
        arguments = {
            "kafka": self.broker.address,
            "store": [self.engine.host, self.engine.port, self.engine.user, self.engine.password],
            "data": str(self.home / name),
            "name": name,
            **options,
        }
        log = self.home / f"{name}.log"
        with log.open("ab") as sink:
            process = subprocess.Popen(
                launched([sys.executable, "-m", "tests.live_worker", json.dumps(arguments)]),
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=ROOT,
            )  # fmt: skip
        worker = LiveWorker(process, log)
        self._workers.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self._workers:
            if worker.alive:
                worker.kill()
        for part in reversed(self._begun):
            part.stop()
