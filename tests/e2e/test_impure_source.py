"""A source loses its purity: verdict, burning budget and alert within a minute; mended, it clears. Its neighbours stay quiet.

Times are event times, from the fault's to the alert's: how fast the machine is that runs all this is another matter.
"""

import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.running import Running
from tests.live import until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1_800)]
BROKEN = "sps-helios-01"
PATIENCE_S = 300.0


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("impure") / "home")
    try:
        running.start()
        yield running
    finally:
        running.stop()


def firing(platform: Running, severity: str = "") -> list[dict[str, Any]]:
    sql = (
        "SELECT alert, subject, severity, argMax(firing, time) AS now, argMax(text, time) AS text FROM alert_transitions "
        "GROUP BY ALL HAVING now"
    )
    return [one for one in platform.rows(sql) if severity in ("", one["severity"])]


def metric(platform: Running, pattern: str) -> bool:
    with urllib.request.urlopen(f"http://{platform.part('worker')['address']}/metrics", timeout=PATIENCE_S) as answer:
        return re.search(pattern, answer.read().decode()) is not None


def seconds_between(platform: Running, instant: str, turn: str) -> int:
    """From an instant of the fault to the last page that ``turn``s."""
    (row,) = platform.rows(
        f"SELECT toInt32((SELECT maxIf(time, {turn}) FROM alert_transitions WHERE severity = 'page')) - "
        f"toInt32(max({instant})) AS passed FROM annotations WHERE kind = 'fault' AND subject = '{BROKEN}'"
    )
    return int(row["passed"])


def test_a_broken_source_alerts_and_clears_and_nobody_else_does(platform: Running) -> None:
    judged = "SELECT count() AS n FROM verdicts WHERE verdict = 'good' AND objective LIKE '%g2-zero' AND subject = "
    until(lambda: int(platform.rows(f"{judged}'{BROKEN}'")[0]["n"]) >= 7, PATIENCE_S, "a minute of good samples")
    assert firing(platform) == []
    platform.command("simulate", "fault", "sps.F7", "--device", BROKEN)
    until(lambda: firing(platform, "page"), PATIENCE_S, "a page")
    (alert,) = firing(platform, "page")
    assert alert["subject"] == BROKEN
    assert "g²(0)" in alert["text"]
    assert 0 < seconds_between(platform, "annotations.time", "firing") < 60
    bad = platform.rows(f"SELECT count() AS n FROM verdicts WHERE verdict = 'bad' AND subject = '{BROKEN}'")
    assert int(bad[0]["n"]) >= 1
    purity = f"subject = '{BROKEN}' AND objective LIKE '%g2-zero'"
    remaining = platform.rows(f"SELECT argMax(remaining, time) AS left FROM budgets WHERE {purity}")
    assert remaining[0]["left"] < 0.9
    until(lambda: BROKEN in platform.page("/api/v1/alerts"), PATIENCE_S, "the page's alert")
    assert metric(platform, rf'photonwatch_alert_firing\{{[^}}]*subject="{BROKEN}"[^}}]*\}} 1\.0')
    assert "alert-fires" in (platform.home / "logs" / "worker.log").read_text()
    platform.command("simulate", "fault", "sps.F7", "--device", BROKEN, "--off")
    until(lambda: not firing(platform), 3 * PATIENCE_S, "the alert to clear")
    assert 0 < seconds_between(platform, "until", "NOT firing") < 420
    others = platform.rows(f"SELECT count() AS n FROM alert_transitions WHERE subject != '{BROKEN}'")
    assert int(others[0]["n"]) == 0
