"""Tables and archives of single shots."""

from pathlib import Path

import numpy as np
import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from producers.recording import is_tag_file
from schemas.measurements import ReadoutShots


def shots_of(path: Path, **options: str) -> ReadoutShots:
    (shots,) = read(choose(path, [ReadoutShots]), path, options).data
    assert isinstance(shots, ReadoutShots)
    return shots


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shots.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_of_i_q_and_state(tmp_path: Path) -> None:
    shots = shots_of(written(tmp_path, "i,q,prepared\n0.5,-1,0\n4,2,1\n5,2,1\n"), integration_s="1e-6")
    assert (shots.ground_i, shots.ground_q) == ((0.5,), (-1,))
    assert (shots.excited_i, shots.excited_q) == ((4, 5), (2, 2))
    assert shots.integration_s == 1e-6
    other = shots_of(
        written(tmp_path, "state;Q;I\n-1;3;2\n1;5;4\n"),
        i_column="I",
        q_column="Q",
        state_column="state",
        ground_label="-1",
    )
    assert (other.ground_i, other.excited_q) == ((2,), (5,))


def test_archives_of_unequal_numbers(tmp_path: Path) -> None:
    np.savez(tmp_path / "shots.npz", ground=np.array([1 + 2j, 3 + 4j]), excited=np.array([[5.0, 6.0]]))
    assert not is_tag_file(tmp_path / "shots.npz")
    shots = shots_of(tmp_path / "shots.npz")
    assert (shots.ground_i, shots.ground_q, shots.excited_i, shots.excited_q) == ((1, 3), (2, 4), (5,), (6,))


def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(MeasurementFileError, match="row 1 was prepared in 2, neither 0"):
        shots_of(written(tmp_path, "i,q,state\n1,1,0\n1,1,2\n"))
    with pytest.raises(MeasurementFileError, match="no columns “2”"):
        shots_of(written(tmp_path, "i,q\n1,1\n1,1\n"))
    for name, arrays in {"none": {"a": np.zeros(3)}, "real": {"ground": np.zeros(3), "excited": np.zeros(3)}}.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)  # type: ignore[arg-type]
        with pytest.raises(MeasurementFileError, match="as ground and excited"):
            shots_of(tmp_path / f"{name}.npz")
    np.savez(tmp_path / "nan.npz", ground=np.array([np.nan + 1j]), excited=np.array([1j]))
    with pytest.raises(MeasurementFileError, match="remove the shot"):
        shots_of(tmp_path / "nan.npz")
