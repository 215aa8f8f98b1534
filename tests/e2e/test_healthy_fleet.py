"""The demo fleet under ``photonwatch up``: every indicator comes after its own window, and none is bad."""

from pathlib import Path

import pytest

from producers.fleet_file import demo_fleet
from slo.catalogue import catalogue
from slo.evaluation import system_by_prefix
from tests.e2e.running import Running
from tests.live import until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1_500)]
LATER = {"qdp.M5", "qdp.M6", "qdp.M8", "spi.M8", "spc.M7", "qic.CHSH"}
"""Windows of two minutes and more, and calibrations: tests/console/test_healthy_fleet.py waits for them in simulated time."""


def test_every_indicator_comes_and_none_is_bad(tmp_path: Path) -> None:
    fleet = demo_fleet()
    speaks = {**{one.id: one.id for one in fleet.devices}, **{one.id: one.device for one in fleet.links}}
    wanted = {
        (str(device.id), str(row.id))
        for device in fleet.devices
        for row in catalogue().values()
        if system_by_prefix(device.id) in row.systems and row.id not in LATER
    }
    running = Running(tmp_path / "home")

    def missing() -> set[tuple[str, str]]:
        rows = running.rows("SELECT DISTINCT subject, indicator FROM indicator_samples")
        return wanted - {(str(speaks[row["subject"]]), str(row["indicator"])) for row in rows}

    try:
        running.start()
        until(lambda: not missing(), 600, "samples of every indicator of every device")
        bad = running.rows("SELECT subject, indicator, time FROM verdicts WHERE verdict = 'bad'")
        alerts = running.rows("SELECT alert, text FROM alert_transitions WHERE firing")
        assert (bad, alerts) == ([], [])
    finally:
        running.stop()
