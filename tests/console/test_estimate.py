"""``photonwatch estimate``: real series as their authors found them, nothing told that cannot be, nonsense refused in words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from console.refusal import ExitCode
from tests.console.command_line import Said

_DATA = Path(__file__).parents[3] / "shared" / "data"
_QD = _DATA / "qd-hbt-pulsed"


def _needs(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not folder.is_dir(), reason=f"no real measurements at {folder}")


@_needs(_QD)
@pytest.mark.parametrize(
    ("files", "value", "error"),
    [
        (("4uW_4100cps_part1.txt.gz", "4uW_4100cps_part2.txt.gz"), 0.358, 0.023),
        (("10uW_6000cps.txt.gz",), 0.520, 0.036),
        (("30uW_7000cps.txt.gz",), 0.674, 0.044),
    ],
)
def test_a_quantum_dot_as_its_authors_found_it(
    here: Callable[..., Said], files: tuple[str, ...], value: float, error: float
) -> None:
    said = here("estimate", "sps.M1", *(str(_QD / file) for file in files), "--set", "delay_unit=ns", "--json")
    assert said.code == 0, said.err
    found = said.document
    assert found["value"] == pytest.approx(value, abs=2 * error)
    assert found["lower"] < value < found["upper"]
    assert found["raw"] > found["corrected"] + 0.15
    assert found["model"]["goodness"]["p_value"] > 0.01
    assert found["model"]["parameters"]["period"]["value"] == pytest.approx(12_500, abs=5)
    assert found["estimator"] == "g2-overlap"


@pytest.mark.slow
@_needs(_QD)
@pytest.mark.parametrize("told", [(), ("--set", "period_ps=12500"), ("--estimator", "g2-overlap")])
def test_cross_talk_gives_its_reason_and_no_number(tmp_path: Path, here: Callable[..., Said], told: tuple[str, ...]) -> None:
    picture = tmp_path / "why.png"
    file = str(_QD / "anomalous_0p45uW.txt.gz")
    said = here("estimate", "sps.M1", file, "--set", "delay_unit=ns", *told, "--json", "--plot", str(picture))
    assert said.code == ExitCode.BAD_INPUT
    assert said.document["value"] is said.document["lower"] is said.document["upper"] is None
    assert said.document["verdict"] == "insufficient"
    assert "cross-talk" in said.document["error"]["what"]
    assert "cross-talk" in said.err
    assert picture.stat().st_size > 10_000


@_needs(_DATA / "spdc-tomography")
def test_a_pair_source_as_its_authors_found_it(here: Callable[..., Said]) -> None:
    said = here("estimate", "qic.M2", str(_DATA / "spdc-tomography" / "counts.csv"), "--json")
    assert said.code == 0, said.err
    found, told = said.document, said.document["parameters"]
    assert found["value"] >= 0.99
    assert 0.99 < found["lower"] < found["value"] < found["upper"] < 1.01
    assert told["ml_fidelity"] == pytest.approx(0.9959, abs=1e-4)
    assert told["ml_concurrence"] == pytest.approx(0.994, abs=5e-4)
    assert told["visibility_z"] == pytest.approx(0.9970, abs=5e-5)
    assert told["visibility_x"] == pytest.approx(0.9944, abs=5e-5)
    assert found["verdict"] == "good"


def _write(path: Path, document: object) -> str:
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_an_undecided_ratio_says_what_it_lacks(tmp_path: Path, here: Callable[..., Said]) -> None:
    file = _write(tmp_path / "swaps.json", {"kind": "trials", "successes": 19, "trials": 20})
    said = here("estimate", "qic.M9", file, "--threshold", "0.9", "--json")
    assert said.document["verdict"] == "insufficient"
    assert said.document["criterion"] == "swap success rate ≥ 0.9"
    assert 50 < said.document["more_counts"]["trials"] < 200
    assert "a verdict needs about" in here("estimate", "qic.M9", file, "--threshold", "0.9").out


def test_settings_reach_estimator_and_reader(tmp_path: Path, here: Callable[..., Said]) -> None:
    table = tmp_path / "g2.csv"
    pulse = [90, 50, 20, 8, 2, 1, 0, 1, 0, 0, 1, 0, 2, 7, 22, 48]
    rows = [f"{i * 0.1:.1f};{c}" for i, c in enumerate((pulse * 20)[:320])]
    table.write_text("tau (ns);pairs\n" + "\n".join(rows), encoding="utf-8")
    said = here("estimate", "sps.M1", str(table), "--set", "confidence=0.9", "delay_column=tau (ns)", "--json")
    assert said.code == 0, said.err
    assert said.document["confidence"] == 0.9
    assert "320 bins of 100 ps" in said.document["format"]


@pytest.mark.parametrize(
    ("name", "content", "arguments", "code", "what"),
    [
        ("a.csv", "0,1\n1,2\n2,3\n", (), ExitCode.BAD_INPUT, "name no unit"),
        ("a.csv", "0,1\n1,2\n2,3\n", ("--set", "delay_unit=miles"), ExitCode.BAD_INPUT, "no unit of time"),
        ("a.csv", "0,1\n1,2\n5,3\n", ("--set", "delay_unit=ns"), ExitCode.BAD_INPUT, "not evenly spaced"),
        ("a.csv", "0,1\n1,nan\n2,3\n", ("--set", "delay_unit=ns"), ExitCode.BAD_INPUT, "is nan"),
        ("a.csv", "0,1\n1,-2\n2,3\n", ("--set", "delay_unit=ns"), ExitCode.BAD_INPUT, "-2 is no count"),
        ("a.csv", "0,1\n1,2,3\n2,3\n", ("--set", "delay_unit=ns"), ExitCode.BAD_INPUT, "row 1 has 3 columns"),
        ("a.csv", "0,1\n1,2\n", ("--set", "delay_unit=ns", "--set", "shape=round"), ExitCode.USAGE, "knows “shape”"),
        ("a.csv", "0,1\n1,2\n", ("--set", "delay_unit=ns", "--set", "confidence=much"), ExitCode.BAD_INPUT, "confidence"),
        ("a.csv", "0,0\n1,0\n", ("--set", "delay_unit=ns", "--estimator", "guess"), ExitCode.NOT_FOUND, "no estimator “guess”"),
        ("a.csv", "", (), ExitCode.BAD_INPUT, "empty"),
        ("a.gz", "no gzip", (), ExitCode.BAD_INPUT, "not of a form"),
        ("a.json", "{", (), ExitCode.BAD_INPUT, "not JSON"),
        ("a.json", "[1]", (), ExitCode.BAD_INPUT, "record 0 is none"),
        ("a.json", '{"kind": "trials", "successes": 1, "trials": 2}', (), ExitCode.BAD_INPUT, "wanted is delay-histogram"),
        ("a.json", '{"kind": "trials", "successes": 3, "trials": 2}', (), ExitCode.BAD_INPUT, "3 of 2"),
        ("a.json", '[{"kind": "trials", "successes": 1, "trials": 2}]', ("--set", "x"), ExitCode.USAGE, "sets nothing"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, here: Callable[..., Said], name: str, content: str, arguments: tuple[str, ...], code: ExitCode, what: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    said = here("estimate", "sps.M1", str(tmp_path / name), *arguments)
    assert said.code == code, said.err
    assert what in said.err
    assert said.out == ""
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [0, 1, 0, 0]])
def test_hardly_any_counts_are_insufficient(tmp_path: Path, here: Callable[..., Said], counts: list[int]) -> None:
    data = {"kind": "delay-histogram", "of": "coincidences", "start_ps": 0, "bin_width_ps": 100, "counts": counts}
    said = here("estimate", "sps.M1", _write(tmp_path / "few.json", data), "--json")
    assert said.code == 0, said.err
    assert said.document["value"] is None
    assert said.document["verdict"] == "insufficient"
    assert said.document["warnings"]


def test_an_unknown_indicator_is_refused_with_the_nearest(tmp_path: Path, here: Callable[..., Said]) -> None:
    file = _write(tmp_path / "a.json", {})
    said = here("estimate", "spsM1", file)
    assert said.code == ExitCode.NOT_FOUND
    assert "did you mean sps.M1?" in said.err
