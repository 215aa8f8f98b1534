"""``photonwatch gameday``: what it refuses before anything is played, and where its table goes."""

from pathlib import Path

import pytest

from console.commands import gameday
from console.refusal import ExitCode, Refusal
from tests.console.command_line import run


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--fault", "sps.F99"], ExitCode.NOT_FOUND, "no failure “sps.F99”"),
        (["--fault", "sps.F1", "--device", "nobody", "--rehearse"], ExitCode.NOT_FOUND, "no device “nobody”"),
        (["--rehearse", "--live"], ExitCode.USAGE, "not live"),
        (["--no-fault", "--fault", "sps.F1"], ExitCode.USAGE, "without a fault"),
        (["--healthy", "soon"], ExitCode.USAGE, "soon"),
        (["--fault", "sps.F6"], ExitCode.USAGE, "silence"),
        (["--fault", "sps.F1"], ExitCode.UNAVAILABLE, "photonwatch up"),
    ],
)
def test_refusals(arguments: list[str], code: ExitCode, said: str, tmp_path: Path) -> None:
    refused = run(tmp_path, "gameday", *arguments, "--json")
    assert refused.code == code
    error = refused.document["error"]
    assert said in f"{error['what']} {error['do']}"


def test_diagnose_without_a_platform_says_how_to_start_one(tmp_path: Path) -> None:
    refused = run(tmp_path, "diagnose", "sps-helios-01")
    assert refused.code == ExitCode.UNAVAILABLE
    assert "photonwatch up" in refused.err


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- scores -->\nold\n<!-- end of scores -->\nafter\n", "utf-8")
    gameday.write_table(page, "| new |\n")
    gameday.write_table(page, "| new |\n")
    assert page.read_text("utf-8") == "before\n<!-- scores -->\n\n| new |\n\n<!-- end of scores -->\nafter\n"
    fresh = tmp_path / "fresh.md"
    gameday.write_table(fresh, "| new |\n")
    assert "| new |" in fresh.read_text("utf-8")
    page.write_text("no marks\n", "utf-8")
    with pytest.raises(Refusal, match="no place for the table"):
        gameday.write_table(page, "| new |\n")
