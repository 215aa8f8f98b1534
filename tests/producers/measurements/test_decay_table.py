"""Tables of decays, as text and as arrays: signals, errors and counts."""

from pathlib import Path

import numpy as np
import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from producers.recording import is_tag_file
from schemas.measurements import CoherenceDecay, PulseHistograms


def decay_of(path: Path, **options: str) -> CoherenceDecay:
    (decay,) = read(choose(path, [CoherenceDecay, PulseHistograms]), path, {"sequence": "echo", **options}).data
    assert isinstance(decay, CoherenceDecay)
    return decay


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "decay.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_columns_are_a_signal_and_a_third_is_its_error(tmp_path: Path) -> None:
    plain = decay_of(written(tmp_path, "delay_us,signal\n0,1\n10,0.5\n"))
    assert plain.delay_s == pytest.approx((0, 1e-5))
    assert (plain.signal, plain.signal_error) == ((1, 0.5), ())
    with_error = decay_of(written(tmp_path, "0 1 0.1\n10 0.5 0.2\n"), delay_unit="ms")
    assert with_error.delay_s == pytest.approx((0, 0.01))
    assert with_error.signal_error == (0.1, 0.2)


def test_counts_by_columns_or_with_one_number_of_trials(tmp_path: Path) -> None:
    path = written(tmp_path, "t_s;good;all\n0;9;10\n1;5;10\n")
    assert decay_of(path, success_column="good", trials_column="all").trials == (10, 10)
    assert decay_of(path, success_column="1", trials="20").trials == (20, 20)


def test_arrays_are_tables(tmp_path: Path) -> None:
    np.savez(tmp_path / "decay.npz", signal=np.array([1.0, 0.5]), tau_ns=np.array([0, 100]))
    assert not is_tag_file(tmp_path / "decay.npz")
    decay = decay_of(tmp_path / "decay.npz", delay_column="tau_ns", signal_column="signal")
    assert decay.delay_s == pytest.approx((0, 1e-7))
    np.save(tmp_path / "decay.npy", np.array([[0.0, 1.0], [5.0, 0.5]]))
    assert decay_of(tmp_path / "decay.npy", delay_unit="s").signal == (1, 0.5)


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("delay,signal\n0,1\n1,1\n", {}, "name no unit"),
        ("delay_s,a,b,c\n0,1,1,1\n1,1,1,1\n", {}, "name that of the signal with signal_column"),
        ("delay_s,good\n0,1\n1,1\n", {"success_column": "good"}, "successes of how many"),
        ("delay_s,good\n0,0.5\n1,1\n", {"success_column": "good", "trials": "5"}, "is no count"),
        ("delay_s,good\n0,9\n1,1\n", {"success_column": "good", "trials": "5"}, "9 of 5"),
        ("delay_s,signal\n0,1\n1,1\n", {"signal_column": "level"}, "no columns “level”"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path, text: str, options: dict[str, str], why: str) -> None:
    with pytest.raises(MeasurementFileError, match=why):
        decay_of(written(tmp_path, text), **options)


def test_pulses_must_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, "delay_s,signal\n0,1\n1,1\n")
    with pytest.raises(MeasurementFileError, match="say sequence=echo"):
        read(choose(path, [CoherenceDecay]), path, {})


def test_arrays_that_are_no_table_are_refused(tmp_path: Path) -> None:
    for name, array in {
        "nan": np.array([[0.0, np.nan]]),
        "text": np.array([["a", "b"]]),
        "deep": np.zeros((2, 2, 2)),
        "none": np.zeros((0, 2)),
    }.items():
        path = tmp_path / f"{name}.npy"
        np.save(path, array)
        with pytest.raises(MeasurementFileError, match=r"is nan|an array of shape"):
            decay_of(path, delay_unit="s")
    np.savez(tmp_path / "uneven.npz", a=np.zeros(3), b=np.zeros(4))
    with pytest.raises(MeasurementFileError, match="equally long"):
        decay_of(tmp_path / "uneven.npz", delay_unit="s")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "uneven.npz").read_bytes()[:60])
    with pytest.raises(MeasurementFileError, match="no arrays that can be a table"):
        decay_of(tmp_path / "cut.npz", delay_unit="s")
