"""Tables of numbers as text: separated by tab, comma, semicolon or blanks, with a line of names or without."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from producers.errors import MeasurementFileError
from producers.measurements.text import Head, read_text

_DELIMITERS = ("\t", ";", ",")
_COMMENTS = ("#", "!", "%")
_NAMES_SHOWN = 12
_LARGEST = 1 << 53
"""Counts above it are not exact as they are read."""


@dataclass(frozen=True, slots=True)
class Table:
    """``values[i]`` (float64) is column i, finite throughout; ``names`` is empty where the file has no line of names."""

    path: Path
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]

    def column(self, wanted: str) -> npt.NDArray[np.float64]:
        """A column by its name, or by its number counted from 0."""
        return np.asarray(self.values[self.number(wanted)])

    def number(self, wanted: str) -> int:
        """
        Raises:
            MeasurementFileError: no such column, or a name that several have.
        """
        found = [number for number, name in enumerate(self.names) if name == wanted.strip()]
        if len(found) == 1:
            return found[0]
        if not found and wanted.strip().isdecimal() and int(wanted) < len(self.values):
            return int(wanted)
        named = ", ".join(self.names[:_NAMES_SHOWN]) + (", …" if len(self.names) > _NAMES_SHOWN else "")
        raise MeasurementFileError(
            f"{self.path}: {len(found) or 'no'} columns “{wanted}” among {len(self.values)}; give a number from 0 to "
            f"{len(self.values) - 1}{f', or one of: {named}' if named else ''}"
        )

    def numbers(self, wanted: str) -> tuple[int, ...]:
        """Several columns: ``1,3-5`` or names with commas between.

        Raises:
            MeasurementFileError: a column that is not there.
        """
        found: list[int] = []
        for part in wanted.split(","):
            first, dash, last = part.partition("-")
            if dash and first.strip().isdecimal() and last.strip().isdecimal():
                found += range(self.number(first), self.number(last) + 1)
            else:
                found.append(self.number(part))
        return tuple(found)

    def whole(self, numbers: Sequence[int]) -> npt.NDArray[np.int64]:
        """Columns of counts, one a row.

        Raises:
            MeasurementFileError: a value that is no whole number, or below 0.
        """
        values = self.values[list(numbers)]
        wrong = np.argwhere((values != np.rint(values)) | (values < 0) | (values > _LARGEST))
        if wrong.size:
            column, row = wrong[0]
            raise MeasurementFileError(
                f"{self.path}: column {numbers[column]}, row {row}: {values[column, row]:g} is no count; counts are whole, not "
                f"below 0 and not above {_LARGEST}: name the columns that hold counts"
            )
        return values.astype(np.int64)


def looks_like_table(head: Head) -> bool:
    """Whether the lines after comments and one line of names are numbers."""
    lines = [line for line in head.lines if not line.lstrip().startswith(_COMMENTS)][:4]
    return len(lines) > 1 and all(_are_numbers(_cells(line, _delimiter(lines))) for line in lines[1:])


def read_table(path: Path) -> Table:
    """Read all of it. Lines that begin with #, ! or % are comments, except that the last before the numbers may hold the names.

    Raises:
        MeasurementFileError: no text, no numbers, rows of unequal length, or a cell that is no finite number.
    """
    lines = [line for line in read_text(path).splitlines() if line.strip()]
    body = next((index for index, line in enumerate(lines) if _are_numbers(_cells(line, _delimiter(lines[-3:])))), None)
    if body is None:
        raise MeasurementFileError(f"{path}: no line of numbers; this wants a table of numbers, one row a line")
    delimiter = _delimiter(lines[body : body + 3])
    rows = [line for line in lines[body:] if not line.lstrip().startswith(_COMMENTS)]
    width = len(_cells(rows[0], delimiter))
    names = _cells(lines[body - 1].lstrip("#!% "), delimiter) if body else []
    text = "\n".join(line.rstrip().rstrip(delimiter) for line in rows)
    try:
        values = np.loadtxt(io.StringIO(text), delimiter=None if delimiter == " " else delimiter, ndmin=2, comments=None)
    except ValueError as error:
        raise MeasurementFileError(f"{path}: {_fault(rows, delimiter, width) or error}; repair the row") from error
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise MeasurementFileError(f"{path}: row {row}, column {column} is {values[row, column]}; remove or repair the row")
    return Table(path, tuple(names) if len(names) == width else (), np.ascontiguousarray(values.T))


def _delimiter(lines: Sequence[str]) -> str:
    return next((mark for mark in _DELIMITERS if lines and all(mark in line for line in lines)), " ")


def _cells(line: str, delimiter: str) -> list[str]:
    """Cells of a line; a delimiter at its end begins no further cell."""
    stripped = line.strip().rstrip(delimiter)
    return [cell.strip().strip('"') for cell in (stripped.split() if delimiter == " " else stripped.split(delimiter))]


def _are_numbers(cells: Sequence[str]) -> bool:
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


def _fault(rows: Sequence[str], delimiter: str, width: int) -> str:
    for number, line in enumerate(rows):
        cells = _cells(line, delimiter)
        if len(cells) != width:
            return f"row {number} has {len(cells)} columns, the first has {width}"
        if not _are_numbers(cells):
            return f"row {number} holds something that is no number: {line.strip()[:60]!r}"
    return ""
