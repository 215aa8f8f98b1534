"""``photonwatch up`` as a stranger meets it: it starts, survives what kills its parts, stops clean, and finds its data again."""

import json
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from console.refusal import ExitCode
from tests.e2e.running import Running
from tests.live import until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1_800)]
PATIENCE_S = 180.0
SMALLEST_COMMANDS = 60
"""A start over a home that was there before takes no more than so many of the smallest command, however busy the machine is.
Some 20 s where nothing else runs.
"""


def all_ready(running: Running) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = running.status()["parts"]
    return parts if all(part["state"] == "ready" for part in parts) else []


def test_up_down_and_up_again(tmp_path: Path) -> None:
    running = Running(tmp_path / "home")
    try:
        running.start()
        parts = until(lambda: all_ready(running), PATIENCE_S, "every part ready at one look")
        assert {part["name"] for part in parts} == {"kafka", "clickhouse", "worker", "page", "fleet"}
        assert all(part["pid"] for part in parts)
        assert f"http://{running.part('page')['address']}" in running.log.read_text()
        again = running.command("up", check=False)
        assert (again.returncode, "runs here already" in again.stderr) == (ExitCode.UNAVAILABLE, True)

        def live() -> bool:
            answer = running.page("/api/v1/devices/sps-helios-01/g2")
            recent = json.loads(answer)["recent"] if answer else None
            return recent is not None and sum(recent["counts"]) > 0

        def loud() -> bool:
            answer = running.page("/api/v1/fleet")
            return bool(answer) and any(device["rates_hz"] for device in json.loads(answer)["devices"])

        correlated = "SELECT count() AS n FROM v_correlations_1s"
        until(lambda: int(running.rows(correlated)[0]["n"]), PATIENCE_S, "correlations")
        until(live, PATIENCE_S, "a live histogram")
        until(loud, PATIENCE_S, "rates of the fleet")
        processes = running.processes()
        assert running.interrupt() == 0
        assert [process for process in processes if process.is_running()] == []
        began = time.monotonic()
        assert running.command("status", "--json", check=False).returncode != 0
        before_s = time.monotonic() - began
        again_s = running.start("--no-simulate")
        began = time.monotonic()
        running.status()
        assert again_s < SMALLEST_COMMANDS * max(before_s, time.monotonic() - began)
        assert int(running.rows("SELECT sum(tags) AS n FROM blocks")[0]["n"]) > 10_000
    finally:
        running.stop()


def test_killed_parts_come_back_and_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    running = Running(tmp_path / "home")
    try:
        running.start()
        for name in ("worker", "clickhouse", "kafka"):
            before = int(running.rows("SELECT sum(tags) AS n FROM blocks")[0]["n"])
            pid = running.part(name)["pid"]
            psutil.Process(pid).kill()
            until(lambda pid=pid, name=name: running.part(name)["pid"] not in (None, pid), PATIENCE_S, f"another {name}")
            until(lambda: running.status()["state"] == "ready", PATIENCE_S, f"everything ready after {name} was killed")
            until(
                lambda b=before: int(running.rows("SELECT sum(tags) AS n FROM blocks")[0]["n"]) > b,
                PATIENCE_S,
                f"tags after {name} was killed",
            )
        processes = running.processes()
        running.kill()
        until(
            lambda: not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE], PATIENCE_S, "no orphan"
        )
        running.start("--no-simulate")
        assert int(running.rows("SELECT count() AS n FROM blocks")[0]["n"]) > 0
    finally:
        running.stop()
