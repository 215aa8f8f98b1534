"""Every photon and counting indicator from a file, by the command: the value, its interval, its counts and its verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.console.command_line import Said

_BELL = [{"first": axis, "second": axis, "pp": 480, "pm": 20, "mp": 20, "mm": 480} for axis in "XZ"] + [
    {"first": "Y", "second": "Y", "pp": 20, "pm": 480, "mp": 480, "mm": 20}
]
_CHSH = [[427, 73, 73, 427]] * 3 + [[73, 427, 427, 73]]


def _event(number: int, what: dict[str, Any]) -> dict[str, Any]:
    second = 1_000_000_000
    return {
        "subject": "link-a",
        "device": "a",
        "run": "r",
        "source": "control",
        "sequence": number,
        "start_unix_ns": number * second,
        "end_unix_ns": (number + 1) * second,
        "what": what,
    }


def _heralds() -> list[dict[str, Any]]:
    generator = np.random.default_rng(1)
    return [
        _event(
            number,
            {
                "kind": "heralds",
                "attempts": 9_000,
                "latency_ns": (2e6 + generator.exponential(1e6, 100)).astype(int).tolist(),
                "outside_window": number % 2,
                "offset_error_ns": 50.0,
            },
        )
        for number in range(10)
    ]


def _arrivals() -> dict[str, Any]:
    times = np.random.default_rng(1).normal(5_000, 60, 20_000)
    counts, _ = np.histogram(times, 500, (0, 10_000))
    return {
        "kind": "delay-histogram",
        "of": "arrivals",
        "start_ps": 0,
        "bin_width_ps": 20,
        "counts": counts.tolist(),
        "triggers": 10**6,
    }


_CLICKS = {"kind": "detector-counts", "detected": 20_000, "integration_s": 1.0, "triggers": 100_000, "dark": 100, "dark_s": 1.0}
_PAIRS = {
    "kind": "pair-counts",
    "heralds": 10_000,
    "signals": 12_000,
    "coincidences": 2_600,
    "window_ps": 1000,
    "integration_s": 1.0,
}
_HOM = {"kind": "hom-scan", "parallel": 90, "perpendicular": 1_000}
_POWER = {
    "kind": "power-check",
    "reference_photons": 1e5,
    "detected": 24_000,
    "dark": 100,
    "efficiency": 0.8,
    "reference_error": 500.0,
}
_TRIALS = {"kind": "trials", "successes": 990, "trials": 1_000}
_SCAN = {
    "kind": "repetition-scan",
    "rate_hz": [1e7, 2e7, 4e7],
    "triggers": [10**6] * 3,
    "detected": [10**5, 10**5, 2 * 10**4],
    "central": [20, 25, 30],
    "side": [20_000] * 3,
    "side_peaks": 10,
}
_BITS = {"kind": "sifted-bits", "sifted_z": 10_000, "errors_z": 200, "sifted_x": 10_000, "errors_x": 200, "integration_s": 2.0}

_CASES: list[tuple[str, Any, tuple[str, ...], float | None, str | None]] = [
    ("spi.M1", _CLICKS, ("efficiency=0.5",), 0.398, "good"),
    ("spi.M2", {"kind": "pauli-correlations", "settings": _BELL}, (), 0.94, "good"),
    ("spi.M3", _heralds(), (), None, "good"),
    ("spi.M4", _HOM, (), 0.91, "good"),
    ("spi.M5", {**_CLICKS, "dark": 300, "dark_s": 2.0}, (), 150.0, "bad"),
    ("spi.M6", _arrivals(), (), None, "good"),
    ("spi.M7", _POWER, (), 0.29875, None),
    ("spi.M10", _TRIALS, ("objective=0.98",), 0.5, None),
    ("spc.M9", {"kind": "pauli-correlations", "settings": _BELL}, (), 0.94, None),
    ("sps.M2", _HOM, ("correction=ollivier", "g2=0.05"), (0.91 + 0.05) / 0.95, "good"),
    ("sps.M3", _CLICKS, ("dead_time_ps=1e7",), 20_000 / 0.8 / 1e5 - 100 / 0.999 / 1e5, None),
    ("sps.M4", _POWER, (), 0.29875, "good"),
    ("sps.M6", _PAIRS, (), (2_600 - 0.12) / 10_000, "good"),
    ("sps.M7", _arrivals(), ("response_rms_ps=30",), None, "good"),
    ("sps.M8", {**_CLICKS, "dark": 300, "dark_s": 2.0}, (), 150.0, None),
    ("sps.CAR", _PAIRS, (), 2_600 / 0.12 - 1, None),
    ("qic.M1", _heralds(), (), 99.5, None),
    ("qic.M2", {"kind": "chsh-counts", "outcomes": _CHSH}, (), None, None),
    ("qic.M3", _heralds(), ("quantile=0.5",), None, "good"),
    ("qic.M4", _CLICKS, (), 19_900.0, None),
    ("qic.M5", _heralds(), (), 0.005, "insufficient"),
    (
        "qic.M6",
        [_event(n, {"kind": "command", "name": "arm", "tries": 1 + (n == 3), "ok": True}) for n in range(50)],
        (),
        0.98,
        None,
    ),
    ("qic.M9", [_event(n, {"kind": "swaps", "attempts": 100, "acknowledged": 50}) for n in range(5)], (), 0.5, None),
    ("qic.M10", [*_heralds(), {"kind": "trials", "successes": 90, "trials": 100}], (), 89.55, None),
    ("qic.CHSH", {"kind": "chsh-counts", "outcomes": _CHSH}, (), 4 * 0.708, "good"),
    ("qic.QBER", _BITS, (), 0.02, "good"),
    ("qic.SKF", _BITS, (), 0.69449, None),
    ("qdp.M1", _CLICKS, (), 0.199, "good"),
    ("qdp.M3", _HOM, (), 0.91, "good"),
    ("qdp.M6", _SCAN, (), 2e7, None),
    ("qdp.M7", {"kind": "pauli-correlations", "settings": _BELL}, (), 0.94, "good"),
    (
        "qdp.M8",
        [_event(n, {"kind": "calibration", "routine": "tune", "passed": n != 4}) for n in range(300)],
        (),
        299 / 300,
        "good",
    ),
    ("qdp.M9", _TRIALS, ("objective=0.98",), 0.5, None),
    ("sps.M1", {"kind": "heralded-counts", "heralds": 10_000, "first": 500, "second": 500, "both": 1}, (), 0.04, "good"),
]


@pytest.mark.parametrize(("indicator", "content", "told", "value", "verdict"), _CASES, ids=[case[0] for case in _CASES])
def test_an_indicator_of_a_file(
    tmp_path: Path,
    here: Callable[..., Said],
    *,
    indicator: str,
    content: Any,
    told: tuple[str, ...],
    value: float | None,
    verdict: str | None,
) -> None:
    file, picture = tmp_path / "measured.json", tmp_path / "fit.svg"
    file.write_text(json.dumps(content), encoding="utf-8")
    settings = [argument for each in told for argument in ("--set", each)]
    said = here("estimate", indicator, str(file), *settings, "--json", "--plot", str(picture))
    assert said.code == 0, said.err
    found = said.document
    assert found["indicator"] == indicator
    if value is not None:
        assert found["value"] == pytest.approx(value, rel=2e-3)
        assert found["lower"] <= found["value"] <= found["upper"] or found["upper"] is None
    assert found["lower"] is not None or found["upper"] is not None
    assert any(found["counts"].values())
    assert found["unit"]
    assert ", v" in found["method"]
    assert found["parameters"]["interval"] == "fixed"
    if verdict is not None:
        assert found["verdict"] == verdict
    if found["verdict"] == "insufficient":
        assert found["more_counts"]
    assert picture.stat().st_size > 5_000


def test_each_kind_of_sequence_can_be_asked_for(tmp_path: Path, here: Callable[..., Said]) -> None:
    file = tmp_path / "measured.json"
    for indicator, content in (
        ("qic.M9", _TRIALS),
        ("sps.M3", _CLICKS),
        ("sps.M6", _PAIRS),
        ("sps.M2", _HOM),
        ("qic.M1", _heralds()),
    ):
        file.write_text(json.dumps(content), encoding="utf-8")
        once = here("estimate", indicator, str(file), "--json").document
        often = here("estimate", indicator, str(file), "--set", "interval=time-uniform", "--json").document
        assert often["parameters"]["interval"] == "time-uniform"
        assert "confidence sequence" in often["method"]
        assert often["upper"] - often["lower"] > once["upper"] - once["lower"]
