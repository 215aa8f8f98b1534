"""Correlations of two qubits as tables: the two bases of a setting, and how often each pair of outcomes came."""

import re
from pathlib import Path

import msgspec

from producers.errors import MeasurementFileError
from producers.measurements.reader import Content, Reader, ReaderOptions
from producers.measurements.text import read_text
from schemas.measurements import BasisCounts, MeasurementError, PauliCorrelations

_COLUMNS = ("first", "second", "pp", "pm", "mp", "mm")


class BasisOptions(ReaderOptions, frozen=True, kw_only=True):
    """``accidentals``: expected in each cell of each setting."""

    accidentals: float = 0.0


def read_bases(path: Path, options: BasisOptions) -> Content:
    """
    Raises:
        MeasurementFileError: rows that are no setting, or counts that are none.
    """
    lines = [line for line in read_text(path).splitlines() if line.strip() and not line.startswith("#")]
    names = _cells(lines[0])
    settings = []
    for number, line in enumerate(lines[1:], 1):
        cells = dict(zip(names, _cells(line), strict=False))
        try:
            settings.append(msgspec.convert({name: cells.get(name, "") for name in _COLUMNS}, BasisCounts, strict=False))
        except msgspec.ValidationError as error:
            raise MeasurementFileError(f"{path}: row {number}: {error}; bases are X, Y, Z and counts are whole") from error
    try:
        data = PauliCorrelations(settings=tuple(settings), accidentals=options.accidentals)
    except MeasurementError as error:
        raise MeasurementFileError(f"{path}: {error}; repair it") from error
    return Content((data,), f"correlations in {len(settings)} settings")


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in re.split(r"[,;\t]", line.strip())]


READER = Reader(
    "basis-table",
    f"a table of correlations with the columns {', '.join(_COLUMNS)}",
    (PauliCorrelations,),
    BasisOptions,
    lambda head: bool(head.lines) and set(_COLUMNS) <= set(_cells(next(line for line in (*head.lines, "") if line[:1] != "#"))),
    read_bases,
)
