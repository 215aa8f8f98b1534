"""``photonwatch up``: the whole platform as a person starts and stops it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from console.commands.up import Composition
from console.refusal import ExitCode
from console.settings import USUAL_PAGE_PORT, LoadedSettings
from embedded.credentials import Credentials
from embedded.ports import Ports
from embedded.stack import StackAddresses
from tests.console.command_line import run


def test_what_up_composes(tmp_path: Path) -> None:
    settings = LoadedSettings.load({"PHOTONWATCH_HOME": str(tmp_path)}, {"page.port": "0"}).tree
    addresses = StackAddresses(tmp_path, "k:1", "s:2", Credentials("u", "p", "r", "q"), Ports(tmp_path))
    flags = {"store.address": "s:2"}
    with_fleet, without = Composition(settings, flags, fleet=True), Composition(settings, flags, fleet=False)
    services = {service.name: service for service in with_fleet(addresses)}
    assert list(services) == ["worker", "page", "fleet"]
    assert services["page"].address == with_fleet.page
    assert services["worker"].env["PHOTONWATCH_STORE_ADDRESS"] == "s:2"
    assert "password" not in json.dumps({name: dict(service.env) for name, service in services.items()}).lower()
    assert [service.name for service in without(addresses)] == ["worker", "page"]


def test_the_usual_port_unless_somebody_has_it(tmp_path: Path) -> None:
    settings = LoadedSettings.load({"PHOTONWATCH_HOME": str(tmp_path)}).tree
    addresses = StackAddresses(tmp_path, "k:1", "s:2", Credentials("u", "p", "r", "q"), Ports(tmp_path))
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", USUAL_PAGE_PORT))
            other.listen()
        except OSError:
            pass  # somebody has it already
        composition = Composition(settings, {}, fleet=False)
        composition(addresses)
        assert composition.page not in ("", f"127.0.0.1:{USUAL_PAGE_PORT}")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PHOTONWATCH_")}
    with (tmp_path / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "up"],
            stdout=log,
            stderr=log,
            env={**environment, "PHOTONWATCH_HOME": str(tmp_path / "home")},
        )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.mark.stack
@pytest.mark.slow
def test_up_and_down(up: subprocess.Popen[bytes], tmp_path: Path) -> None:
    home = tmp_path / "home"

    def told() -> str:
        return (tmp_path / "up.log").read_text(encoding="utf-8")

    deadline = time.monotonic() + 300
    while "photonwatch is ready" not in told():
        assert up.poll() is None, told()
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)
    status = run(home, "status", "--json")
    assert status.code == 0, status.out
    parts = {part["name"]: part for part in status.document["parts"]}
    assert set(parts) == {"kafka", "clickhouse", "worker", "page", "fleet"}
    assert {part["state"] for part in parts.values()} == {"ready"}
    page = f"http://{parts['page']['address']}"
    assert page in told()

    def devices() -> list[dict[str, object]]:
        with urllib.request.urlopen(f"{page}/api/v1/fleet", timeout=30) as answer:  # noqa: S310
            found: list[dict[str, object]] = json.load(answer)["devices"]
            return found

    while not any(device["rates_hz"] for device in devices()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    again = run(home, "up")
    assert again.code == ExitCode.UNAVAILABLE
    assert "runs here already" in again.err
    pids = [part["pid"] for part in parts.values()]
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert run(home, "status").code == ExitCode.NEGATIVE
