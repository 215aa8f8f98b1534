"""Tables of delays and counts as instruments leave them: marks, names, units, packing, columns; damage is named."""

import gzip
from pathlib import Path

import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.measurements import DelayHistogram


def _read(path: Path, content: str | bytes, **options: str) -> tuple[DelayHistogram, ...]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = choose(path, [DelayHistogram])
    found = read(reader, path, options).data
    assert all(isinstance(one, DelayHistogram) for one in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("a.txt", "0\t1\t5\t\n0.5\t2\t6\t\n1\t3\t7\t\n", {"delay_unit": "ns"}),
        ("a.txt", "\ufeff0\t1\t5\n0.5\t2\t6\n1\t3\t7\n", {"delay_unit": "ns"}),
        ("a.csv", "tau (ns),a,b\r\n0,1,5\r\n0.5,2,6\r\n1,3,7\r\n", {}),
        ("a.csv", "# made by us\n# delay_ps;x;y\n0;1;5\n500;2;6\n1000;3;7\n", {}),
        ("a.dat", "x y delay_ns\n1 5 0\n2 6 0.5\n3 7 1\n", {"delay_column": "delay_ns"}),
        (
            "a.csv",
            "junk,0.25,1,5\njunk2,0.75,2,6\n",
            {"delay_unit": "ns", "delay_column": "1", "count_columns": "2-3", "delay_at": "middle"},
        ),
    ],
)
def test_what_instruments_write_is_read(tmp_path: Path, name: str, text: str, options: dict[str, str]) -> None:
    if "junk" in text:
        with pytest.raises(MeasurementFileError):
            _read(tmp_path / name, text, **options)
        return
    first, second = _read(tmp_path / name, text, **options)
    assert (first.start_ps, first.bin_width_ps) == (0, 500)
    assert first.counts == (1, 2, 3)
    assert second.counts == (5, 6, 7)


def test_packed_files_and_chosen_columns(tmp_path: Path) -> None:
    packed = gzip.compress(b"0\t1\t5\t9\n1\t2\t6\t8\n")
    (one,) = _read(
        tmp_path / "a.txt.gz", packed, delay_unit="us", count_columns="2", integration_s="3", of="arrivals", period_ps="50"
    )
    assert (one.bin_width_ps, one.counts, one.integration_s, one.of, one.period_ps) == (1e6, (5, 6), 3.0, "arrivals", 50.0)
    assert [each.counts for each in _read(tmp_path / "a.txt.gz", packed, delay_unit="us", count_columns="1,3")] == [
        (1, 2),
        (9, 8),
    ]
    middle = _read(tmp_path / "a.txt.gz", packed, delay_unit="us", delay_at="middle")
    assert middle[0].start_ps == -500_000


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        ("0,1\n1,2\n", {}, "say it, for example delay_unit=ns"),
        ("0,1\n1,2\n", {"delay_unit": "parsec"}, "no unit of time"),
        ("0,1\n1,2\n", {"delay_unit": "ns", "delay_column": "7"}, "no columns “7”"),
        ("0,1\n1,2\n", {"delay_unit": "ns", "count_columns": "tau"}, "no columns “tau”"),
        ("0,1\n1,2.5\n", {"delay_unit": "ns"}, "2.5 is no count"),
        ("0,1\n1,inf\n", {"delay_unit": "ns"}, "is inf"),
        ("1,1\n0,2\n", {"delay_unit": "ns"}, "not evenly spaced and ascending"),
        ("0,1\n1,2\n1.5,2\n", {"delay_unit": "ns"}, "not evenly spaced"),
        ("0\n1\n", {"delay_unit": "ns"}, "no column of counts"),
        ("0,1\n1,2,3\n", {"delay_unit": "ns"}, "row 1 has 3 columns"),
        ("0,1\n1,2\n", {"delay_unit": "ns", "integration_s": "long"}, "integration_s"),
    ],
)
def test_damage_is_named(tmp_path: Path, text: str, options: dict[str, str], what: str) -> None:
    with pytest.raises(MeasurementFileError, match=what):
        _read(tmp_path / "a.csv", text, **options)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"\x1f\x8bnonsense", "damaged gzip"),
        (b"\xff\xfe\x00\x01", "not of a form"),
        (b"prose without numbers\nand more\n", "not of a form"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(MeasurementFileError, match=what):
        _read(tmp_path / "a.csv", content)
    with pytest.raises(MeasurementFileError, match="cannot be opened"):
        choose(tmp_path / "absent.csv", [DelayHistogram])
    with pytest.raises(MeasurementFileError, match="a folder"):
        choose(tmp_path, [DelayHistogram])
