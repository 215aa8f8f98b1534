"""``photonwatch analyse`` over files that this project's own source made."""

from pathlib import Path

import numpy as np
import pytest

from console.refusal import ExitCode
from producers.sources import Detection, PulsedParameters, PulsedSource
from tests.console.command_line import run

_PERIOD_PS = 12_500


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a pulsed source of g²(0) = 0.1, detectors 0 and 1, and 2 that is dim."""
    source = PulsedSource(
        PulsedParameters(rate_hz=400_000, period_ps=_PERIOD_PS, g2=0.1, detection=Detection(background_hz=(50, 50))), seed=7
    )
    time_ps, channel = source.advance(4 * 10**12)
    dim = np.sort(np.random.default_rng(7).integers(0, 4 * 10**12, 40))
    time_ps, channel = np.concatenate([time_ps, dim]), np.concatenate([channel, np.full(dim.size, 2, np.uint8)])
    order = np.argsort(time_ps, kind="stable")
    path = tmp_path_factory.mktemp("analyse") / "source.npz"
    np.savez(path, time_ps=time_ps[order], channel=channel[order])
    return path


@pytest.mark.slow
def test_finds_what_was_put_in(file: Path, tmp_path: Path) -> None:
    picture = tmp_path / "g2.svg"
    said = run(tmp_path, "analyse", str(file), "--json", "--histogram", "--plot", str(picture))
    assert said.code == 0, said.err
    found = said.document
    assert found["file"] == str(file)
    assert found["g2"]["period_ps"] == pytest.approx(_PERIOD_PS, rel=1e-4)
    assert found["g2"]["lower"] < 0.1 < found["g2"]["upper"]
    assert found["g2"]["normalisation"] != found["g2_far"]["normalisation"]
    assert found["verdict"] == "good"
    assert found["objective"] == "sps-g2-zero"
    assert found["channels"] == [0, 1]
    assert "brightest" in found["channels_chosen"]
    assert set(found["tags"]) == {"0", "1", "2"}
    assert sum(found["histogram"]["counts"]) > 10_000
    assert len(found["histogram"]["counts"]) == 4_000
    assert "source.npz: g²(0) = " in picture.read_text(encoding="utf-8")


@pytest.mark.slow
def test_other_channels_bins_and_windows(file: Path, tmp_path: Path) -> None:
    said = run(tmp_path, "analyse", str(file), "--json", "--channels", "1,0", "--bin", "200ps", "--window", "±100 ns")
    assert said.code == 0, said.err
    assert said.document["channels"] == [0, 1]
    assert said.document["channels_chosen"] == "as asked for"
    assert (said.document["bin_width_ps"], said.document["half_range_ps"]) == (200, 100_000)
    stricter = run(tmp_path, "analyse", str(file), "--json", "--objective", "qdp-g2-zero").document
    assert stricter["criterion"] == "g²(0) < 0.1"
    assert stricter["verdict"] == "insufficient"


def test_people_get_words_and_a_picture(file: Path, tmp_path: Path) -> None:
    said = run(tmp_path, "analyse", str(file))
    assert said.code == 0, said.err
    assert "95 % interval" in said.out
    assert "● good" in said.out
    assert "delay in ns" in said.out
    assert "\x1b" not in said.out


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("empty.ptu", b"", "empty"),
        ("notes.ptu", b"dear diary\n" * 100, "PTU"),
        ("picture.png", b"\x89PNG....", "tell a format"),
    ],
)
def test_files_that_are_none_are_refused(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    said = run(tmp_path, "analyse", str(tmp_path / name))
    assert said.code == ExitCode.BAD_INPUT
    assert said.err.count("\n") == 1
    assert what in said.err
    assert name in said.err


def test_a_silent_channel_is_said(file: Path, tmp_path: Path) -> None:
    said = run(tmp_path, "analyse", str(file), "--channels", "0,9", "--json")
    assert said.code == ExitCode.BAD_INPUT
    assert said.document["error"]["what"] == "channel 9 holds no tags"
    assert "0 (" in said.document["error"]["do"]
