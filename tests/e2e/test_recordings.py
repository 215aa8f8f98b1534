"""Real recordings through the real broker, worker and store: the figures that a correct program reports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Running

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "hbt-raw-tags"
T2 = DATA / "200204_HH400_T2_320MHz_HBT.timeres"
T3 = DATA / "200213_HH400_T3_80MHz_HBT.timeres"
QUTAG = DATA / "19_qutag_80MHz_HBT_sync_filtered.qutag"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not DATA.is_dir():
        pytest.skip(f"the real measurements are not at {DATA}")
    running = Running(tmp_path_factory.mktemp("recordings") / "home")
    try:
        running.start("--no-simulate")
        yield running
    finally:
        running.stop()


def replayed(platform: Running, file: Path, device: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The store's report after a replay, and the offline analysis of the same file, histograms included."""
    platform.command("replay", str(file), "--device", device, "--wait")
    return (
        platform.json("report", "--device", device, "--histogram"),
        platform.json("analyse", str(file), "--histogram"),
    )


def same_figures(report: dict[str, Any], analysis: dict[str, Any]) -> None:
    for key in ("tags", "g2", "histogram", "reordered", "overflows", "channels"):
        assert report[key] == analysis[key], key
    assert report["duration_s"] == pytest.approx(analysis["duration_s"], rel=1e-9)


def sums_agree(platform: Running, device: str, tags: dict[str, int]) -> None:
    raw = {
        str(r["channel"]): int(r["n"])
        for r in platform.rows(f"SELECT channel, sum(n) AS n FROM tag_runs WHERE device = '{device}' GROUP BY channel")
    }
    assert raw == tags
    for level in ("1s", "1min", "1h"):
        sql = f"SELECT channel, sum(tags) AS n FROM v_singles_{level} WHERE device = '{device}' GROUP BY channel"
        assert {str(row["channel"]): int(row["n"]) for row in platform.rows(sql)} == tags, level


def test_t2_file(platform: Running) -> None:
    report, analysis = replayed(platform, T2, "sps-t2-01")
    same_figures(report, analysis)
    assert report["tags"] == {"0": 159_298, "1": 224_721}
    g2 = report["g2"]
    assert g2["period_ps"] == pytest.approx(3128.5, abs=0.5)
    assert g2["zero_delay_ps"] == pytest.approx(23_940, abs=60)
    assert g2["value"] == pytest.approx(0.0040, abs=0.00005)
    assert g2["lower"] < 2 / 505.4 < g2["upper"]
    assert g2["central_counts"] == 2
    assert report["verdict"] == "good"
    sums_agree(platform, "sps-t2-01", report["tags"])


def test_t3_file(platform: Running) -> None:
    report, analysis = replayed(platform, T3, "sps-t3-01")
    same_figures(report, analysis)
    assert report["tags"] == {"0": 160_953, "1": 235_373}
    assert (report["g2"]["value"], report["g2"]["side_peaks"]) == (pytest.approx(0.0027, abs=0.00005), 20)
    assert "nearest" in report["g2"]["normalisation"]
    assert report["g2_far"]["value"] == pytest.approx(0.0106, abs=0.0001)
    assert "far" in report["g2_far"]["normalisation"]
    assert report["g2"]["zero_delay_ps"] == pytest.approx(23_940, abs=60)
    sums_agree(platform, "sps-t3-01", report["tags"])


def test_qutag_file(platform: Running) -> None:
    report, analysis = replayed(platform, QUTAG, "sps-qutag-01")
    same_figures(report, analysis)
    assert report["tags"] == {"1": 79_314, "2": 94_287, "5": 94_200}
    assert report["reordered"] == 173
    assert report["g2"]["central_counts"] == 0
    assert report["g2"]["upper"] < 0.07
    assert report["g2"]["zero_delay_ps"] == pytest.approx(-1_250, abs=60)
    sums_agree(platform, "sps-qutag-01", report["tags"])
