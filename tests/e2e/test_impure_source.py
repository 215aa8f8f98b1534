"""A source loses its purity: verdict, burning budget and alert within a minute; mended, it clears. Its neighbours stay quiet."""

import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.running import Running
from tests.live import until

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]
BROKEN = "sps-helios-01"


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("impure") / "home")
    try:
        running.start()
        yield running
    finally:
        running.stop()


def firing(platform: Running) -> list[dict[str, Any]]:
    sql = (
        "SELECT alert, subject, severity, argMax(firing, time) AS now, argMax(text, time) AS text FROM alert_transitions "
        "GROUP BY ALL HAVING now"
    )
    return platform.rows(sql)


def page(platform: Running, path: str) -> str:
    with urllib.request.urlopen(f"http://{platform.part('page')['address']}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def metric(platform: Running, pattern: str) -> bool:
    with urllib.request.urlopen(f"http://{platform.part('worker')['address']}/metrics", timeout=10) as answer:
        return re.search(pattern, answer.read().decode()) is not None


def within(patience_s: float, condition: Callable[[], Any], what: str) -> float:
    started = time.monotonic()
    until(condition, patience_s, what)
    return time.monotonic() - started


def test_a_broken_source_alerts_and_clears_and_nobody_else_does(platform: Running) -> None:
    judged = "SELECT count() AS n FROM verdicts WHERE verdict = 'good' AND objective LIKE '%g2-zero' AND subject = "
    until(lambda: int(platform.rows(f"{judged}'{BROKEN}'")[0]["n"]) >= 7, 180, "a minute of good samples")
    assert firing(platform) == []
    platform.command("simulate", "fault", "sps.F7", "--device", BROKEN)
    took_s = within(60, lambda: firing(platform), "an alert within a minute")
    (alert,) = [one for one in firing(platform) if one["severity"] == "page"]
    assert alert["subject"] == BROKEN
    assert "g²(0)" in alert["text"]
    bad = platform.rows(f"SELECT count() AS n FROM verdicts WHERE verdict = 'bad' AND subject = '{BROKEN}'")
    assert int(bad[0]["n"]) >= 1
    purity = f"subject = '{BROKEN}' AND objective LIKE '%g2-zero'"
    remaining = platform.rows(f"SELECT argMax(remaining, time) AS left FROM budgets WHERE {purity}")
    assert remaining[0]["left"] < 0.9
    until(lambda: BROKEN in page(platform, "/api/v1/alerts"), 10, "the page's alert")
    assert metric(platform, rf'photonwatch_alert_firing\{{[^}}]*subject="{BROKEN}"[^}}]*\}} 1\.0')
    assert "alert-fires" in (platform.home / "logs" / "worker.log").read_text()
    platform.command("simulate", "fault", "sps.F7", "--device", BROKEN, "--off")
    clearing_s = within(420, lambda: not firing(platform), "the alert to clear")
    others = platform.rows(f"SELECT count() AS n FROM alert_transitions WHERE subject != '{BROKEN}'")
    assert int(others[0]["n"]) == 0
    assert took_s < 60
    assert clearing_s < 420
