"""``photonwatch gameday``: what it refuses before anything is played."""

from pathlib import Path

import pytest

from console.refusal import ExitCode
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
        (["--fault", "sps.F1", "--rehearse", "--markdown", __file__], ExitCode.BAD_INPUT, "no place for the table"),
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
