"""``photonwatch clock``: what scripts rely on, and what people read."""

from pathlib import Path

import numpy as np
import pytest

from console.clock_answer import offset_text
from console.refusal import ExitCode
from tests.console.command_line import run
from tests.streams.clocks import SECOND_PS, TwoNodes, two_nodes


@pytest.fixture(scope="module")
def nodes() -> TwoNodes:
    """12 s of two nodes 0.3 s apart, dark for two seconds; the tags of either on channels 0 and 1, pairs on any."""
    dark = ((6 * SECOND_PS, 8 * SECOND_PS),)
    return two_nodes(21, seconds=12, singles_hz=5e4, shared_hz=2e3, offset_ps=-3 * 10**11, frequency=-6e-7, dark=dark)


@pytest.fixture(scope="module")
def files(nodes: TwoNodes, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("clock")
    for name, tags in (("alice", nodes.ours_ps), ("bob", nodes.other_ps)):
        time_ps = tags[tags >= 0]
        np.savez(folder / f"{name}.npz", time_ps=time_ps, channel=(time_ps % 2).astype(np.uint8))
    return [str(folder / f"{name}.npz") for name in ("alice", "bob")]


@pytest.mark.slow
def test_what_was_put_in_is_found(nodes: TwoNodes, files: list[str], tmp_path: Path) -> None:
    picture, merged = tmp_path / "c.svg", tmp_path / "m.parquet"
    said = run(
        tmp_path,
        "clock",
        *files,
        "--json",
        "--search",
        "400ms",
        "--every",
        "500ms",
        "--plot",
        str(picture),
        "--merged",
        str(merged),
    )
    assert said.code == 0, said.err
    found = said.document
    assert found["state"] == "locked"
    truth_ps = nodes.offset_ps(found["as_of_s"] * SECOND_PS)
    assert found["offset_ps"]["lower"] < truth_ps < found["offset_ps"]["upper"]
    assert found["offset_ps"]["upper"] - found["offset_ps"]["lower"] < 60
    assert found["frequency"]["value"] == pytest.approx(-6e-7, abs=1e-10)
    assert found["shared_hz"] == pytest.approx(2e3, rel=0.1)
    assert found["peak_width_ps"] == pytest.approx(141, rel=0.1)
    assert found["found_s"] < 4
    assert [change["to"] for change in found["changes"]] == ["drifting", "locked", "drifting", "lost", "drifting", "locked"]
    assert 6 < found["changes"][2]["time_s"] < 6.5
    assert sum(found["seconds"].values()) == pytest.approx(12, abs=0.4)
    assert len(found["course"]) == pytest.approx(24, abs=1)
    for reading in found["course"]:
        assert (reading["offset_exact_ps"] is None) == (reading["error_ps"] is None) == (reading["state"] == "lost")
        if reading["state"] == "locked":
            assert abs(reading["offset_exact_ps"] - nodes.offset_ps(reading["time_s"] * SECOND_PS)) < 60
    assert "channels of bob.npz have other numbers in m.parquet: 0 is 2, 1 is 3" in found["warnings"]
    assert "alice.npz → bob.npz" in picture.read_text(encoding="utf-8")
    pairs = run(tmp_path, "correlate", str(merged), "--channels", "0,2", "--window", "1ns", "--bin", "1ns", "--json").document
    known_s = found["seconds"]["locked"] + found["seconds"]["drifting"]
    assert sum(pairs["counts"]) == pytest.approx(2e3 / 4 * (known_s - 0.7), rel=0.15)
    assert run(tmp_path, "clock", *files, "--json", "--channels", "0,1", "--search", "400ms").document["shared_hz"] < 700


def test_people_get_words_and_a_picture(files: list[str], tmp_path: Path) -> None:
    said = run(tmp_path, "clock", *files, "--around=-250ms", "--search", "100ms")
    assert said.code == 0, said.err
    assert "B's clock is ahead by  -0.300 007" in said.out
    assert "600 ns a second" in said.out or "599." in said.out
    assert "● locked at the end" in said.out
    assert "did not show" in said.out
    assert "offset beyond a straight line, in ps" in said.out
    assert "\x1b" not in said.out


@pytest.mark.slow
def test_nothing_found_is_the_answer_no(files: list[str], tmp_path: Path) -> None:
    said = run(tmp_path, "clock", *files, "--around", "5s", "--search", "100ms", "--json")
    assert said.code == ExitCode.NEGATIVE
    assert said.document["state"] == "lost"
    assert said.document["offset_ps"] is None
    assert said.document["course"][0]["offset_exact_ps"] is None
    told = run(tmp_path, "clock", *files, "--around", "5s", "--search", "100ms")
    assert told.code == ExitCode.NEGATIVE
    assert "not found in 10.6 s within 0.1 s of 5 s: no tags stand out as shared" in told.out


@pytest.mark.slow
def test_clocks_without_a_common_time_are_compared_from_their_starts(nodes: TwoNodes, files: list[str], tmp_path: Path) -> None:
    far_ps = 4 * 10**17
    time_ps = nodes.other_ps[nodes.other_ps >= 0] + far_ps
    np.savez(tmp_path / "far.npz", time_ps=time_ps, channel=np.zeros(time_ps.size, np.uint8))
    found = run(tmp_path, "clock", files[0], str(tmp_path / "far.npz"), "--json", "--search", "400ms").document
    truth_ps = far_ps + round(nodes.offset_ps(found["as_of_s"] * SECOND_PS))
    assert abs(found["offset_exact_ps"] - truth_ps) < 40
    assert found["offset_ps"]["value"] == pytest.approx(truth_ps, rel=1e-15)
    assert any("taken to have begun together" in warning for warning in found["warnings"])


def test_two_tags_are_too_few(tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", time_ps=np.array([5, 7]), channel=np.array([0, 1], np.uint8))
    said = run(tmp_path, "clock", str(tmp_path / "few.npz"), str(tmp_path / "few.npz"))
    assert said.code == ExitCode.NEGATIVE
    assert "ended before it was found" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["--channels", "0,7"], ExitCode.BAD_INPUT, "channel 7 holds no tags"),
        (["--channels", "0"], ExitCode.USAGE, "--channels"),
        (["--frequency", "1"], ExitCode.USAGE, "up to 2e-05"),
        (["--search", "1000s"], ExitCode.USAGE, "search a narrower range"),
        (["--search", "5 parsec"], ExitCode.USAGE, "--search"),
        (["--around", "soon"], ExitCode.USAGE, "--around"),
        (["--merged", "m.npz"], ExitCode.USAGE, "end its name in .parquet"),
        (["--merged", "nowhere/m.parquet"], ExitCode.BAD_INPUT, "choose another place"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    files: list[str], tmp_path: Path, arguments: list[str], code: ExitCode, what: str
) -> None:
    said = run(tmp_path, "clock", *files, *arguments)
    assert said.code == code
    assert said.err.count("\n") == 1
    assert what in said.err


@pytest.mark.parametrize(
    ("offset_ps", "text"),
    [
        (1_234_567_890_123, "+1.234 567 890 123 s ± 3.2 ps"),
        (0, "+0.000 000 000 000 s ± 3.2 ps"),
        (-5_000, "-0.000 000 005 000 s ± 3.2 ps"),
    ],
)
def test_an_offset_is_told_to_the_picosecond(offset_ps: int, text: str) -> None:
    assert offset_text(offset_ps, 3.21) == text
