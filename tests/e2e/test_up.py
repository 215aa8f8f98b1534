"""``photonwatch up`` as a stranger meets it: it starts, survives what kills its parts, stops clean, and finds its data again."""

import json
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.e2e.running import Running
from tests.live import until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]


def test_up_down_and_up_again(tmp_path: Path) -> None:
    running = Running(tmp_path / "home")
    try:
        running.start()
        status = running.status()
        assert {part["name"] for part in status["parts"]} == {"kafka", "clickhouse", "worker", "page", "fleet"}
        assert all(part["state"] == "ready" and part["pid"] for part in status["parts"])
        address = running.part("page")["address"]

        def live() -> bool:
            with urllib.request.urlopen(f"http://{address}/api/v1/devices/sps-helios-01/g2", timeout=10) as answer:
                recent = json.load(answer)["recent"]
                return recent is not None and sum(recent["counts"]) > 0

        until(lambda: running.rows("SELECT count() AS n FROM v_correlations_1s")[0]["n"] not in (0, "0"), 60, "correlations")
        until(live, 60, "a live histogram")
        processes = running.processes()
        assert running.interrupt() == 0
        assert [process for process in processes if process.is_running()] == []
        assert running.command("status", "--json", check=False).returncode != 0
        again_s = running.start("--no-simulate")
        assert again_s < 20
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
            until(lambda pid=pid, name=name: running.part(name)["pid"] not in (None, pid), 30, f"another {name}")
            until(lambda: running.status()["state"] == "ready", 60, f"everything ready after {name} was killed")
            until(
                lambda b=before: int(running.rows("SELECT sum(tags) AS n FROM blocks")[0]["n"]) > b,
                60,
                f"tags after {name} was killed",
            )
        processes = running.processes()
        running.kill()
        until(lambda: not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE], 15, "no orphan")
        running.start("--no-simulate")
        assert int(running.rows("SELECT count() AS n FROM blocks")[0]["n"]) > 0
    finally:
        running.stop()
