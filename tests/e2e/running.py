"""A whole platform as a user starts it: ``photonwatch up`` in a home of its own, and the commands beside it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from console.refusal import ExitCode
from tests.live import until

_PATIENCE_S = 180.0
"""With a machine that has much else to do."""


class Running:
    """``photonwatch up`` over ``home``; every other command talks to it as a user would."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.log = home.with_name(f"{home.name}.log")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PHOTONWATCH_")},
            "PHOTONWATCH_HOME": str(home),
            "PHOTONWATCH_PAGE_PORT": "0",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, patience_s: float = 600.0) -> float:
        """Start and wait until everything is ready; seconds that it took."""
        started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "console", "up", *options],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while self.status()["state"] != "ready":
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() - started < patience_s, self.log.read_text()[-4000:]
            time.sleep(0.2)
        return time.monotonic() - started

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        supervisor = psutil.Process(self.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def kill(self) -> None:
        """Kill -9 of the supervisor."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def interrupt(self, patience_s: float = _PATIENCE_S) -> int:
        """Ctrl-C; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(patience_s)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def status(self) -> dict[str, Any]:
        return json.loads(self.command("status", "--json", check=False).stdout)

    def part(self, name: str) -> dict[str, Any]:
        return next(part for part in self.status()["parts"] if part["name"] == name)

    def command(self, *arguments: str, check: bool = True, timeout_s: float = 180.0) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str, **options: Any) -> Any:
        return json.loads(self.command(*arguments, "--json", **options).stdout)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What ``photonwatch sql`` prints; asked again while the store cannot be reached, as its exit code says."""

        def answered() -> "subprocess.CompletedProcess[str] | None":
            done = self.command("sql", sql, "--format", "json", check=False)
            return None if done.returncode == ExitCode.UNAVAILABLE else done

        done = until(answered, _PATIENCE_S, f"an answer to {sql}")
        assert done.returncode == 0, f"{sql}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)["data"]

    def page(self, path: str) -> str:
        """What the page answers; empty while it does not, or knows nothing of it yet."""
        try:
            with urllib.request.urlopen(f"http://{self.part('page')['address']}{path}", timeout=_PATIENCE_S) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, TimeoutError):
            return ""
