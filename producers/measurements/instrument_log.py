"""Logs of instruments: a column of times and one for each sensor, as text or as a spreadsheet (.xls, .xlsx, .ods)."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from producers.errors import MeasurementFileError
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.text import Head, read_text
from producers.measurements.units import time_unit_ps
from schemas.ids import DeviceId
from schemas.telemetry import Reading, ReadingState, Telemetry, TelemetryError

_SPREADSHEETS = {b"\xd0\xcf\x11\xe0": (".xls",), b"PK\x03\x04": (".xlsx", ".xlsm", ".ods")}
_PS_A_NS = 1_000
_NUMBERS = 2
"""A row of a log has at least so many: its time and a reading."""


class LogOptions(ReaderOptions, frozen=True, kw_only=True):
    """``time_unit`` of the column of times, ``value_unit`` of the sensors: a log seldom says them.

    ``started``: the moment (ISO 8601, with its offset from UTC) that times count from; without it they count from 1970.
    """

    time_column: str = "0"
    time_unit: str | None = None
    value_unit: str | None = None
    started: str | None = None
    sheet: str | None = None


def read_log(path: Path, options: LogOptions) -> Content:
    """One record of telemetry for every row. Cells without a number are readings without a value; empty columns are left out.

    Raises:
        MeasurementFileError: no line of names above numbers, no such column, units that were not told, or times that are none.
    """
    rows = _rows(path, options.sheet)
    head = _head(path, rows)
    names = [str(cell).strip() for cell in rows[head]]
    at = _column(path, names, options.time_column)
    body = [row for row in rows[head + 1 :] if at < len(row) and row[at] != ""]
    sensors = [number for number in range(len(names)) if number != at and any(_number(row, number) is not None for row in body)]
    if options.time_unit is None or options.value_unit is None:
        raise MeasurementFileError(
            f"{path}: the log does not say its units; say them, for example time_unit=ms value_unit=K "
            f"(times in “{names[at]}”, sensors {', '.join(names[number] for number in sensors)})"
        )
    scale = time_unit_ps(options.time_unit, str(path)) / _PS_A_NS
    started_ns = _started_ns(path, options.started)
    records = []
    for row in body:
        time = _number(row, at)
        if time is None:
            raise MeasurementFileError(f"{path}: “{row[at]}” in the column of times is no number; name it with time_column")
        try:
            readings = tuple(_reading(names[number], row, number, options.value_unit) for number in sensors)
        except TelemetryError as error:
            raise MeasurementFileError(f"{path}: {error}; repair the row") from error
        records.append(
            Telemetry(device=DeviceId(path.stem), source="file", unix_ns=started_ns + round(time * scale), readings=readings)
        )
    if not records or not sensors:
        raise MeasurementFileError(f"{path}: a log without readings; it was never written, or its copy failed")
    notes = () if options.started else ("the log's start was not told: times count from 1970",)
    return Content(tuple(records), f"log of {len(sensors)} sensors, {len(records)} rows", notes)


def _rows(path: Path, sheet: str | None) -> list[list[Any]]:
    with path.open("rb") as file:
        start = file.read(4)
    if start not in _SPREADSHEETS:
        lines = [line for line in read_text(path).splitlines() if line.strip()]
        return [_cells(line, lines[-1]) for line in lines]
    try:
        book = CalamineWorkbook.from_path(str(path))
        name = book.sheet_names[0] if sheet is None else sheet
        if name not in book.sheet_names:
            raise MeasurementFileError(f"{path}: no sheet “{name}”; it has {', '.join(book.sheet_names)}")
        return [list(row) for row in book.get_sheet_by_name(name).to_python()]
    except (CalamineError, IndexError, OSError) as error:
        raise MeasurementFileError(f"{path}: no spreadsheet that can be read ({error}); save it anew") from error


def _cells(line: str, last: str) -> list[str]:
    """Cells, as the last line of the log separates them."""
    mark = next((each for each in "\t;," if each in last), None)
    return [cell.strip().strip('"') for cell in line.lstrip("#").split(mark)]


def _head(path: Path, rows: Sequence[Sequence[Any]]) -> int:
    """The line of names: the last one without a number before the first that has two."""
    for number, row in enumerate(rows):
        if number and sum(_number(row, index) is not None for index in range(len(row))) >= _NUMBERS:
            return number - 1
    raise MeasurementFileError(f"{path}: no line of names above rows of numbers; a log begins with one")


def _column(path: Path, names: Sequence[str], wanted: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    raise MeasurementFileError(f"{path}: no column “{wanted}”; there are {', '.join(filter(None, names))}")


def _number(row: Sequence[Any], index: int) -> float | None:
    try:
        return float(row[index]) if index < len(row) and not isinstance(row[index], bool) else None
    except (TypeError, ValueError):
        return None


def _reading(name: str, row: Sequence[Any], index: int, unit: str) -> Reading:
    metric, value = "_".join(name.lower().split()), _number(row, index)
    if value is None:
        return Reading(metric=metric, unit=unit, value=None, state=ReadingState.GARBAGE, detail="no number in the log")
    return Reading(metric=metric, unit=unit, value=value)


def _started_ns(path: Path, text: str | None) -> int:
    if text is None:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise MeasurementFileError(f"{path}: started={text}; write a moment with its offset, as 2020-12-23T08:14:30+01:00")
    return round(moment.timestamp()) * 1_000_000_000


def _looks_like_log(head: Head) -> bool:
    by_content = _SPREADSHEETS.get(head.bytes[:4])
    if by_content is not None:
        return head.suffix in by_content
    rows = [_cells(line, head.lines[-1]) for line in head.lines]
    return any(sum(_number(row, index) is not None for index in range(len(row))) >= _NUMBERS for row in rows[1:])


READER = Reader("log", "a log of sensors (.xls, .xlsx, .ods, CSV, TSV)", (Telemetry,), LogOptions, _looks_like_log, read_log)
