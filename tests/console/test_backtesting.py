"""`photonwatch slo backtest` over files, as scripts and people meet it; over the store it is test_past_samples.py's."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from console.refusal import ExitCode
from schemas.exercise import exercise_name
from schemas.records import Verdict
from tests.console.command_line import Said
from tests.console.written import AVAILABILITY, purity
from tests.slo.samples import sample
from tests.slo.test_composite_watch import PATH

T = 1_790_000_000


@pytest.fixture
def definition(tmp_path: Path) -> str:
    (tmp_path / "strict.yaml").write_text(purity("systems: sps"), encoding="utf-8")
    return str(tmp_path / "strict.yaml")


def lines(tmp_path: Path, name: str, bad: range, count: int = 2_160) -> str:
    """Six hours of two sources, of which the first is bad for a while."""
    file = tmp_path / name
    with file.open("wb") as sink:
        for index in range(count):
            for subject in ("sps-one", "sps-two"):
                verdict = Verdict.BAD if subject == "sps-one" and index in bad else Verdict.GOOD
                sink.write(msgspec.json.encode(sample(T + 10 * index, verdict, subject=subject)) + b"\n")
    return str(file)


def test_new_beside_what_is_in_force(here: Callable[..., Said], tmp_path: Path, definition: str) -> None:
    samples = lines(tmp_path, "samples.jsonl", range(900, 930))
    found = here("slo", "backtest", definition, "--samples", samples, "--json").document
    assert found["from"] == "2026-09-21T14:13:19Z"
    new, old = (found["sides"][side]["alerts"]["page"] for side in ("new", "old"))
    assert (new["count"], old["count"]) == (0, 1)
    assert [(trial["objective"], trial["subject"]) for trial in found["trials"]] == [
        ("sps-g2-zero", "sps-one"),
        ("sps-g2-zero", "sps-two"),
    ]
    one = found["trials"][0]
    assert (one["new"]["target"], one["old"]["target"]) == ("99/100", "999/1000")
    assert (one["new"]["bad"], one["new"]["remaining_ratio"], one["old"]["remaining_ratio"]) == (30, "-7/18", "-116/9")
    page = next(alert for alert in one["old"]["alerts"] if alert["severity"] == "page")
    assert page["start"] == "2026-09-21T16:43:30Z"  # the second bad one: 2 of 90 in a quarter of an hour are above 0.0144
    assert page["end"] > "2026-09-21T16:50:00Z"


def test_samples_under_another_calibration_beside_the_old_ones(here: Callable[..., Said], tmp_path: Path) -> None:
    new, old = lines(tmp_path, "new.jsonl", range(900, 903)), lines(tmp_path, "old.jsonl", range(900, 930))
    said = here("slo", "backtest", "--samples", new, "--against-samples", old, "--subject", "*-one", "--json").document
    assert [(trial["new"]["bad"], trial["old"]["bad"]) for trial in said["trials"]] == [(3, 30)]
    shown = here("slo", "backtest", "--samples", new, "--against-samples", old)
    assert "as it is: 1 page" in shown.out
    assert "these definitions: 1 page (28 a week)" in shown.out
    assert "-1289 % → " in shown.out


def test_a_series_of_events_excluded_and_cut(here: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(AVAILABILITY, encoding="utf-8")
    rows = (f"{T + 60 * index},{90 if 300 <= index < 320 else 100},{10 if 300 <= index < 320 else 0}" for index in range(600))
    (tmp_path / "web.csv").write_text("time,good,bad\n" + "\n".join(rows), encoding="utf-8")
    (tmp_path / "out.csv").write_text(f"start,end,reason\n{T + 60 * 305},{T + 60 * 310},pump\n", encoding="utf-8")
    asked = ("slo", "backtest", str(tmp_path / "web.yaml"), "--events", str(tmp_path / "web.csv"))
    (whole,) = here(*asked, "--json").document["trials"]
    assert (whole["subject"], whole["new"]["bad"], whole["new"]["attained"]) == ("*", 200, "299/300")
    (cut,) = here(*asked, "--exclude", str(tmp_path / "out.csv"), "--to", str(T + 60 * 310), "--json").document["trials"]
    assert (cut["new"]["bad"], cut["new"]["excluded"], cut["new"]["excluded_s"]) == (50, 500, "300")
    assert "page  availability  *" in here(*asked).out


def test_what_a_plan_takes_out_takes_all_that_depends_on_it(
    here: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "topology.yaml").write_text("sps-one: {depends_on: [cryo]}\n", encoding="utf-8")
    monkeypatch.setenv("PHOTONWATCH_OBJECTIVES_TOPOLOGY", str(tmp_path / "topology.yaml"))
    (tmp_path / "out.csv").write_text(f"start,end,reason,subject\n{T + 8_995},{T + 9_095},pump,cryo\n", encoding="utf-8")
    samples = lines(tmp_path, "samples.jsonl", range(900, 930))
    asked = ("slo", "backtest", "--samples", samples, "--exclude", str(tmp_path / "out.csv"))
    one, other = here(*asked, "--json").document["trials"]
    assert (one["subject"], one["new"]["bad"], one["new"]["excluded"]) == ("sps-one", 20, 10)
    assert (other["subject"], other["new"]["excluded"]) == ("sps-two", 0)


def test_refusals_say_what_to_do(here: Callable[..., Said], tmp_path: Path, definition: str) -> None:
    samples = lines(tmp_path, "samples.jsonl", range(0), count=3)
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_text("\n{}\n", encoding="utf-8")
    none = tmp_path / "none.jsonl"
    none.write_text("", encoding="utf-8")
    for arguments, code, what in (
        (("--samples", str(damaged)), ExitCode.BAD_INPUT, f"({damaged}:2): write one sample as JSON a line"),
        (("--samples", str(none)), ExitCode.NOT_FOUND, "there are no samples of these objectives' indicators"),
        (("--samples", samples, "--subject", "nobody"), ExitCode.NOT_FOUND, "widen --from, --to and --subject"),
        (("--samples", samples, "--from", "yesterday"), ExitCode.USAGE, "(--from): write for example 2026-01-01T00:00:00Z"),
        (("--samples", samples, "--from", str(T + 9), "--to", str(T)), ExitCode.USAGE, "ends before it begins"),
        (("--events", "none.csv"), ExitCode.NOT_FOUND, "there is no such file (none.csv)"),
        (("--events", "other=none.csv"), ExitCode.USAGE, "write NAME=FILE; names: sps-g2-zero"),
        ((), ExitCode.UNAVAILABLE, "start the platform with “photonwatch up”"),
    ):
        said = here("slo", "backtest", definition, *arguments)
        assert (said.code, said.out) == (code, "")
        assert what in said.err


def test_exercises_are_left_out_and_a_path_is_judged_by_its_members(
    here: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "path.yaml").write_text(PATH, encoding="utf-8")
    (tmp_path / "topology.yaml").write_text("link-ab: {path: [sps-one, sps-two]}\n", encoding="utf-8")
    monkeypatch.setenv("PHOTONWATCH_OBJECTIVES_TOPOLOGY", str(tmp_path / "topology.yaml"))
    samples = lines(tmp_path, "samples.jsonl", range(90), count=300)
    with Path(samples).open("ab") as sink:
        exercise = sample(T + 10, Verdict.BAD, subject=exercise_name("sps-one", "k3"))
        sink.write(msgspec.json.encode(exercise) + b"\n")
    asked = ("slo", "backtest", str(tmp_path / "path.yaml"), "--samples", samples, "--json")
    trials = here(*asked).document["trials"]
    assert [(trial["objective"], trial["subject"]) for trial in trials] == [
        ("path", "link-ab"),
        ("path.1", "sps-one"),
        ("path.1", "sps-two"),
    ]
    assert Fraction(trials[0]["new"]["remaining_ratio"]) == 1 - Fraction(90, 300) / (1 - Fraction("0.81"))
    named = here(*asked, "--subject", "*-exercise-*").document["trials"]
    assert [trial["subject"] for trial in named] == [exercise_name("sps-one", "k3")]
