"""``photonwatch simulate instruments`` and ``photonwatch probe``: an ill instrument's state is told, and the others are read."""

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from console.refusal import ExitCode
from tests.console.command_line import run
from tests.live import ROOT, until


def test_one_that_hangs_delays_nobody_and_is_told(tmp_path: Path) -> None:
    site = tmp_path / "laboratory.yaml"
    ill = ["--misbehave", "sps-helios-01/lakeshore-336=hang", "--misbehave", "qdp-borealis-01/keithley-2450=garbage"]
    laboratory = subprocess.Popen(
        [sys.executable, "-m", "console", "simulate", "instruments", "--out", str(site), *ill],
        env={**os.environ, "PHOTONWATCH_HOME": str(tmp_path)}, stdout=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    try:
        until(lambda: site.exists() and site.read_text().count("resource") == 7, 60, "the laboratory")
        said = run(tmp_path, "probe", str(site), "--once", "--dry-run", "--json")
    finally:
        laboratory.send_signal(signal.SIGINT)
        assert laboratory.wait(30) == 0
    assert said.code == 0, said.err
    readings: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in said.out.splitlines():
        telemetry = json.loads(line)
        for reading in telemetry["readings"]:
            readings[telemetry["device"], reading["metric"]].add(reading.get("state", "ok"))
    assert readings["sps-helios-01", "cryostat.temperature"] == {"timeout"}
    assert readings["qdp-borealis-01", "bias.current"] == {"garbage"}
    assert readings["sps-helios-01", "laser.frequency"] == {"ok"}
    assert readings["sps-helios-02", "cryostat.temperature"] == readings["spc-borealis-01", "vna.power"] == {"ok"}


def test_what_cannot_be_simulated_is_refused(tmp_path: Path) -> None:
    said = run(tmp_path, "simulate", "instruments", "--out", str(tmp_path / "x"), "--misbehave", "nobody=hang")
    assert said.code == ExitCode.USAGE
    assert "“nobody=hang” is no instrument and manner" in said.err
