"""Logs of sensors, as text and as spreadsheets."""

from pathlib import Path

import pytest

from producers.errors import MeasurementFileError
from producers.measurements.registry import choose, read
from schemas.telemetry import ReadingState, Telemetry

TEXT = "Monitor 1\nTime,Tip Holder,Spare,Base\n0,4.2,,3\n1000,4.3,,--\n"


def log_of(tmp_path: Path, text: str = TEXT, **options: str) -> list[Telemetry]:
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    found = read(choose(path, [Telemetry]), path, options).data
    assert all(isinstance(one, Telemetry) for one in found)
    return list(found)  # type: ignore[arg-type]


def test_rows_are_records_and_cells_without_a_number_are_readings_without_a_value(tmp_path: Path) -> None:
    first, second = log_of(tmp_path, "Time,Tip Holder,Spare,Base\n0,4.2,,3\n1000,4.3,,3.1\n", time_unit="ms", value_unit="K")
    assert [reading.metric for reading in first.readings] == ["tip_holder", "base"]
    assert (first.readings[0].value, first.readings[0].unit, first.unix_ns) == (4.2, "K", 0)
    assert second.unix_ns == 10**9


def test_a_moment_makes_times_absolute(tmp_path: Path) -> None:
    text = "Time,T\n0,4.2\n1,4.3\n2,4.3\n"
    records = log_of(tmp_path, text, time_unit="s", value_unit="K", started="1970-01-01T01:00:10+01:00")
    assert records[1].unix_ns == 11 * 10**9


def test_cells_that_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(TEXT, encoding="utf-8")
    from producers.measurements import instrument_log

    records = instrument_log.READER.read(path, instrument_log.LogOptions(time_unit="ms", value_unit="K")).data
    assert records[1].readings[1].state is ReadingState.GARBAGE


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("Time,T\n0,4.2\n1,4.3\n", {}, "time_unit=ms value_unit=K"),
        ("Time,T\n0,4.2\n1,4.3\n", {"time_unit": "ms"}, "time_unit=ms value_unit=K"),
        ("Time,T\n0,4.2\n1,4.3\n", {"time_unit": "ms", "value_unit": "K", "time_column": "clock"}, "no column “clock”"),
        ("Time,T\n0,4.2\n1,4.3\n", {"time_unit": "ms", "value_unit": "K", "started": "noon"}, "with its offset"),
        ("Time,T\n0,4.2\n1,4.3\n", {"time_unit": "fortnight", "value_unit": "K"}, "no unit of time"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_cure(tmp_path: Path, text: str, options: dict[str, str], why: str) -> None:
    with pytest.raises(MeasurementFileError, match=why):
        log_of(tmp_path, text, **options)


def test_damaged_spreadsheets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\x00" * 600)
    with pytest.raises(MeasurementFileError, match="no spreadsheet that can be read"):
        read(choose(path, [Telemetry]), path, {"time_unit": "ms", "value_unit": "K"})
