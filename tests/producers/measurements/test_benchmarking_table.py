"""Tables of randomized benchmarking."""

from pathlib import Path

import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.measurements import RandomizedBenchmarking


def table_of(tmp_path: Path, text: str, **options: str) -> RandomizedBenchmarking:
    path = tmp_path / "rb.csv"
    path.write_text(text, encoding="utf-8")
    (data,) = read(choose(path, [RandomizedBenchmarking]), path, options).data
    assert isinstance(data, RandomizedBenchmarking)
    return data


def test_counts_and_shares(tmp_path: Path) -> None:
    data = table_of(tmp_path, "m,survived,shots\n1,199,200\n50,150,200\n", dimension="4", gates_per_clifford="1.5")
    assert (data.length, data.survivals, data.trials) == ((1, 50), (199, 150), (200, 200))
    assert (data.dimension, data.gates_per_clifford) == (4, 1.5)
    shares = table_of(tmp_path, "m,share\n1,0.995\n50,0.75\n", trials="200")
    assert shares.survivals == (199, 150)
    named = table_of(
        tmp_path, "all;m;good;x\n10;1;9;0\n10;5;8;0\n", length_column="m", survival_column="good", trials_column="all"
    )
    assert (named.survivals, named.trials) == ((9, 8), (10, 10))


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("m,share\n1,0.9\n5,0.8\n", {}, "survivals of how many"),
        ("m,share\n1,0.91\n5,0.8\n", {"trials": "10"}, "no whole number of shots"),
        ("m,good,all\n1,9,8\n5,8,8\n", {}, "9 of 8"),
        ("m,good,all\n1.5,9,10\n5,8,8\n", {}, "is no count"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path, text: str, options: dict[str, str], why: str) -> None:
    with pytest.raises(MeasurementFileError, match=why):
        table_of(tmp_path, text, **options)
