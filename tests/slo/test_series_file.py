from pathlib import Path

import pytest

from slo.errors import SeriesError
from slo.instant import NS, Form
from slo.series_file import SeriesFile, read_series

HEADER = "time,good,bad\n"


def read(tmp_path: Path, text: str, interval_ns: int | None = None) -> SeriesFile:
    file = tmp_path / "s.csv"
    file.write_text(text, "utf-8")
    return read_series(file, interval_ns=interval_ns, fallback_ns=60 * NS)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("0,1,2\n60,3,4\n", Form.EPOCH),
        ("60,3,4\n0,1,2\n", Form.EPOCH),
        ("60,3,4\n0,1,2\n60,3,4\n60,1,1\n", Form.EPOCH),
        ("0.0,1,2\n60.0,3,4\n", Form.EPOCH),
        ("1970-01-01T00:00:00Z,1,2\n1970-01-01T01:01:00+01:00,3,4\n", Form.ISO),
        ("1970-01-01 00:00:00,1,2\n1970-01-01 00:01:00,3,4\n", Form.ISO),
        ("1970-01-01,1,2\n60,3,4\n", Form.ISO),
        ('"0","1","2"\r\n"60","3","4"\r\n', Form.EPOCH),
    ],
)
def test_one_series_however_it_is_written(tmp_path: Path, text: str, form: Form) -> None:
    found = read(tmp_path, HEADER + text)
    series = found.series
    assert (series.ends_ns.tolist(), series.good.tolist(), series.bad.tolist()) == ([60 * NS, 120 * NS], [1, 3], [2, 4])
    assert (series.interval_ns, found.form, found.guessed) == (60 * NS, form, False)


def test_columns_in_any_order_beside_others(tmp_path: Path) -> None:
    assert read(tmp_path, "note,Bad, time ,good\nx,2,0,1\n").series.bad.tolist() == [2]


def test_the_interval_is_the_smallest_spacing_or_what_is_said(tmp_path: Path) -> None:
    gaps = HEADER + "0,1,0\n10,1,0\n50,1,0\n"
    assert read(tmp_path, gaps).series.interval_ns == 10 * NS
    assert read(tmp_path, gaps, 5 * NS).series.ends_ns.tolist() == [5 * NS, 15 * NS, 55 * NS]
    single = read(tmp_path, HEADER + "0,1,0\n")
    assert (single.series.interval_ns, single.guessed) == (60 * NS, True)
    with pytest.raises(SeriesError, match=r"intervals of 60 s overlap: rows are 10 s apart"):
        read(tmp_path, gaps, 60 * NS)


def test_rows_that_come_again_are_counted(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + "0,1,0\n0,1,0\n10,1,0\n0,2,0\n").repeated == 2


def test_parts_of_events(tmp_path: Path) -> None:
    series = read(tmp_path, HEADER + "0,0.5,0.25\n10,1e3,0\n").series
    assert (series.scale, series.good.tolist(), series.bad.tolist()) == (4, [2, 4000], [1, 0])


def test_a_header_alone_is_an_empty_series(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEADER).series) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no CSV file"),
        ("time,good\n0,1\n", r"s\.csv:1: has no column `bad`; the first line must be"),
        (HEADER + "0,1,0\nsoon,1,0\n", r"s\.csv:3: time `soon` is neither"),
        (HEADER + "0,1,0\n10,-1,0\n", r"s\.csv:3: good is `-1`, no number of events; write"),
        (HEADER + "0,1,x\n", r"s\.csv:2: bad is `x`"),
        (HEADER + "0,1,\n", r"s\.csv:2: bad is ``"),
        (HEADER + "0,1,nan\n", r"s\.csv:2: bad is `nan`"),
        (HEADER + "0,1e30,0\n", r"s\.csv:2: good is `1e30`"),
        (HEADER + "0,0.0000000001,0\n", r"s\.csv:2: good"),
        (HEADER + "0,1,0,7\n", "is no CSV file"),
    ],
)
def test_refusals_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SeriesError, match=message):
        read(tmp_path, text)
