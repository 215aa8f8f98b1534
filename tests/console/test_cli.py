"""The command line's promises: quick help, one line for a refusal, codes that scripts can use, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import run as run_here
from console.failures import refusal_of
from console.refusal import ExitCode, Refusal
from embedded.errors import HomeHeldError
from producers.errors import PublishError, RecordingError
from storage.errors import Refused, Unavailable
from tests.console.command_line import run

_HEAVY = ("numba", "numpy", "pyarrow", "matplotlib", "chdb", "clickhouse_connect", "fastapi", "faust", "aiokafka", "scipy")


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys, console.cli; console.cli.build(); print([m for m in {_HEAVY!r} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_help_names_every_command(tmp_path: Path) -> None:
    said = run(tmp_path, "--help")
    assert said.code == 0
    for command in ("up", "status", "replay", "analyse", "report", "sql", "doctor", "simulate", "slo", "worker", "version"):
        assert f" {command} " in said.out


def test_version(tmp_path: Path) -> None:
    assert run(tmp_path, "version").out.startswith("photonwatch 0.")
    assert run(tmp_path, "version", "--json").document["photonwatch"].startswith("0.")


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (("fly",), ExitCode.USAGE, "No such command 'fly'"),
        (("replay", "a.ptu"), ExitCode.USAGE, "--device"),
        (("analyse", "absent.ptu"), ExitCode.BAD_INPUT, "absent.ptu"),
        (("analyse", "absent.ptu", "--channels", "1"), ExitCode.USAGE, "no pair of channels"),
        (("analyse", "absent.ptu", "--bin", "0 ps"), ExitCode.USAGE, "--bin"),
        (("analyse", "absent.ptu", "--bin", "3 ps"), ExitCode.USAGE, "multiple"),
        (("analyse", "absent.ptu", "--objective", "fame"), ExitCode.NOT_FOUND, "no objective “fame”"),
        (("report", "--device", "x"), ExitCode.UNAVAILABLE, "no clickhouse runs"),
        (("sql", "SELECT 1"), ExitCode.UNAVAILABLE, "no clickhouse runs"),
        (("simulate", "fault", "sps.F7", "--device", "nobody"), ExitCode.NOT_FOUND, "laser “nobody”"),
        (("--set", "page.prot=1", "status"), ExitCode.SETTINGS, "unknown setting “page.prot”"),
        (("--set", "page", "status"), ExitCode.USAGE, "sets nothing"),
        (("--set", "page.host=0.0.0.0", "page"), ExitCode.SETTINGS, "no login"),
    ],
)
def test_a_refusal_is_one_line_with_a_cure(tmp_path: Path, arguments: tuple[str, ...], code: ExitCode, what: str) -> None:
    said = run(tmp_path, *arguments)
    assert said.code == code
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("photonwatch: ")
    assert what in said.err
    assert "Traceback" not in said.err


def test_with_json_a_refusal_is_an_object(tmp_path: Path) -> None:
    said = run(tmp_path, "report", "--device", "x", "--json")
    assert said.code == ExitCode.UNAVAILABLE
    assert set(said.document["error"]) == {"what", "where", "do"}
    assert "no clickhouse runs" in said.document["error"]["what"]
    assert str(tmp_path) in said.document["error"]["where"]
    assert "photonwatch up" in said.document["error"]["do"]
    assert run(tmp_path, "fly", "--json").document["error"]["what"].startswith("No such command")
    assert run(tmp_path, "sql", "SELECT 1", "--format", "json").document["error"]


def test_every_family_of_errors_has_its_words() -> None:
    held = refusal_of(HomeHeldError("a stack runs here", where="/home", do="stop it"))
    assert (held.code, held.where, held.do) == (ExitCode.UNAVAILABLE, "/home", "stop it")
    file = refusal_of(RecordingError("a.ptu: cut off; copy it again"))
    assert (file.code, file.where, file.what, file.do) == (ExitCode.BAD_INPUT, "a.ptu", "cut off", "copy it again")
    assert refusal_of(PublishError("no word")).code is ExitCode.UNAVAILABLE
    assert refusal_of(Unavailable("connecting to http://x: refused")).where == "connecting to http://x"
    engine = refusal_of(Refused("query at http://x: driver said: Code: 60. DB::Exception: Unknown table t. (for url http://x)"))
    assert (engine.code, engine.what) == (ExitCode.BAD_INPUT, "Unknown table t.")
    fault = refusal_of(RuntimeError("boom\nbang"))
    assert fault.code is ExitCode.INTERNAL
    assert "RuntimeError: boom bang" in fault.what


def test_a_fault_of_ours_shows_its_traceback_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr("console.commands.version.package_version", broken)
    monkeypatch.delenv("PHOTONWATCH_DEBUG", raising=False)
    code = run_here(["version"])
    said = capsys.readouterr()
    assert code == ExitCode.INTERNAL
    assert "Traceback" not in said.err
    assert said.err.count("\n") == 1
    monkeypatch.setenv("PHOTONWATCH_DEBUG", "1")
    with pytest.raises(RuntimeError, match="boom"):
        run_here(["version"])


def test_a_refusal_is_always_one_line() -> None:
    assert Refusal(ExitCode.USAGE, "a\nb", where="c\td", do=" e ").line() == "photonwatch: a b (c d): e"


def test_status_of_nothing(tmp_path: Path) -> None:
    said = run(tmp_path, "status", "--json")
    assert said.code == ExitCode.NEGATIVE
    unknown = {"alerts": None, "devices": None, "fleet": None}
    assert said.document == {"state": "stopped", "home": str(tmp_path), "supervisor_pid": None, "parts": [], **unknown}
    assert "stopped" in run(tmp_path, "status").out


def test_doctor_checks_everything_and_shows_where_settings_come_from(tmp_path: Path) -> None:
    (tmp_path / "photonwatch.toml").write_text('[log]\nlevel = "debug"\n', encoding="utf-8")
    said = run(tmp_path, "doctor", "--json", PHOTONWATCH_PAGE_PORT="0", PHOTONWATCH_PAGEPORT="1")
    assert said.code == 0, said.out
    checks = {check["name"]: check for check in said.document["checks"]}
    assert set(checks) == {
        "python", "packages", "cores", "memory", "disk", "java", "engine", "landlock", "ports", "kafka", "store", "clock",
        "settings",
    }  # fmt: skip
    assert checks["engine"]["outcome"] == "ok"
    assert "PHOTONWATCH_PAGEPORT" in checks["settings"]["finding"]
    assert all(check["cure"] for check in checks.values() if check["outcome"] != "ok")
    origins = {row["key"]: row["origin"] for row in said.document["settings"]}
    assert origins["page.port"] == "environment PHOTONWATCH_PAGE_PORT"
    assert origins["log.level"] == f"file {tmp_path / 'photonwatch.toml'}"


def test_faults_are_asked_of_the_fleet(tmp_path: Path) -> None:
    said = run(
        tmp_path, "simulate", "fault", "sps.F7", "--device", "sps-helios-01", "--size", "1.2", "--duration", "5min", "--json"
    )
    assert said.document == {"device": "sps-helios-01", "fault": "sps.F7", "size": 1.2, "duration_s": 300.0}
    assert b"sps.F7" in (tmp_path / "faults.json").read_bytes()
    listed = run(tmp_path, "simulate", "faults", "--json").document
    assert len(listed["failures"]) == 39
    assert [(one["target"], one["fault"]) for one in listed["acting"]] == [("sps-helios-01", "sps.F7")]
    assert "now: sps-helios-01 has sps.F7" in run(tmp_path, "simulate", "faults").out
    off = run(tmp_path, "simulate", "fault", "sps.F7", "--device", "sps-helios-01", "--off")
    assert off.out == "sps-helios-01: sps.F7 taken back\n"
    assert b"sps.F7" not in (tmp_path / "faults.json").read_bytes()
    assert run(tmp_path, "simulate", "fault", "--off").out == "nothing was broken\n"


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (("sps.F99", "--device", "sps-helios-01"), ExitCode.NOT_FOUND, "no failure “sps.F99”"),
        (("sps.F7", "--device", "spc-helios-01"), ExitCode.BAD_INPUT, "is a failure of: single-photon-source"),
        (("sps.F7",), ExitCode.USAGE, "which failure, of which device?"),
        (("sps.F7", "--device", "sps-helios-01", "--size", "0"), ExitCode.BAD_INPUT, "give a number above 0"),
        (("sps.F7", "--device", "sps-helios-01", "--duration", "soon"), ExitCode.USAGE, "“soon” is no duration"),
    ],
)
def test_faults_that_cannot_be(tmp_path: Path, arguments: tuple[str, ...], code: ExitCode, what: str) -> None:
    said = run(tmp_path, "simulate", "fault", *arguments)
    assert said.code == code
    assert what in said.err
    assert not (tmp_path / "faults.json").exists()


def test_slo_commands(tmp_path: Path) -> None:
    assert "sps-g2-zero" in run(tmp_path, "slo", "validate", "--json").document["objectives"]
    explained = run(tmp_path, "slo", "explain", "--json").document["objectives"]
    tiers = {tier["name"]: tier for tier in next(o for o in explained if o["objective"] == "sps-g2-zero")["tiers"]}
    assert tiers["page-quick"]["factor"] == "14.4"
    assert tiers["page-quick"]["detection_s"]["1"] == "51.84"
    assert "page-quick" in run(tmp_path, "slo", "explain").out
    rules = tmp_path / "rules.yml"
    assert run(tmp_path, "slo", "rules", "--out", str(rules)).code == 0
    assert "PhotonwatchBudgetBurn" in rules.read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: x}\nspec: {}\n", encoding="utf-8")
    said = run(tmp_path, "slo", "validate", str(wrong))
    assert said.code == ExitCode.BAD_INPUT
    assert f"{wrong}:" in said.err
