from pathlib import Path

import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.measurements import ProjectionCounts

_ROWS = ("1+0i,900.5,1600,12.02,1+0i,0+0i,0.7+0i,0-0.7i", "1+0i,900,1600,1.08,1+0i,0+0i,0+0i,1+0i")


def _read(path: Path, text: str, **options: str) -> ProjectionCounts:
    path.write_text(text, encoding="utf-8")
    reader = choose(path, [ProjectionCounts])
    assert reader.name == "projection-table"
    (data,) = read(reader, path, options).data
    assert isinstance(data, ProjectionCounts)
    return data


def test_averages_are_recognised(tmp_path: Path) -> None:
    data = _read(tmp_path / "counts.csv", "\n".join(_ROWS))
    assert data.repeats == 50
    assert data.projections[0].second == (0.7, 0.0, 0.0, -0.7)
    assert data.projections[0].singles_first == 900.5
    assert _read(tmp_path / "counts.csv", "\n".join(_ROWS), repeats="100").repeats == 100


def test_names_in_any_order_and_without_singles(tmp_path: Path) -> None:
    data = _read(tmp_path / "named.tsv", "b_h\tb_v\ta_h\ta_v\tcoincidences\n1\t0\t0.5\t0.5i\t7\n")
    assert data.repeats == 1
    assert data.projections[0].first == (0.5, 0.0, 0.0, 0.5)
    assert data.projections[0].singles_first is None


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("1,2,3", "has 3 columns"),
        ("1,2,3,x,1,0,0,1", "'x', no complex number"),
        ("1,2,3,nan,1,0,0,1", "'nan'"),
        ("1,2,3,-4,1,0,0,1", "not below 0"),
    ],
)
def test_damaged_rows_are_named(tmp_path: Path, row: str, what: str) -> None:
    with pytest.raises(MeasurementFileError, match=what):
        _read(tmp_path / "bad.csv", "\n".join((*_ROWS, row)))
