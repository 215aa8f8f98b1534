"""Text tables with a header line: comma, semicolon, tab or blanks between a time and a channel.

Times are read as decimal numbers, exactly, so that twelve decimals of a second survive hours.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from producers.errors import RecordingError
from producers.formats.columns import Columns, find_columns, number_channels
from producers.formats.records import LATEST_PS, RECORDS_A_READ, Records, Spans, one_line, to_ps
from schemas.block import Times

_DECIMAL = pa.decimal256(70, 30)
_BLOCK_BYTES = 4 << 20
_HEADER_BYTES = 1 << 16
_COMMENT = "#"


@dataclass(frozen=True, slots=True)
class CsvReader:
    """A text table whose header names its columns."""

    path: Path
    columns: Columns
    names: tuple[str, ...]
    delimiter: str
    header_lines: int
    format: str = "CSV"
    resolution_ps: int = 1
    period_ps: float | None = None
    starts_at_zero: bool = False
    lost: Spans = ()
    inputs: tuple[int, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        return self.columns.notes

    def records(self) -> Iterator[Records]:
        try:
            with pacsv.open_csv(
                self.path,
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=_BLOCK_BYTES, skip_rows=self.header_lines, column_names=list(self.names)
                ),
                parse_options=pacsv.ParseOptions(delimiter=self.delimiter),
                convert_options=pacsv.ConvertOptions(
                    include_columns=[self.columns.time, self.columns.channel],
                    column_types={name: pa.string() for name in self.names},
                ),
            ) as batches:
                for batch in batches:
                    for start in range(0, batch.num_rows, RECORDS_A_READ):
                        yield self._records(batch.slice(start, RECORDS_A_READ))
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise self._fault(one_line(error)) from error

    def _records(self, batch: Any) -> Records:
        time, channel = (pc.utf8_trim_whitespace(batch.column(name)) for name in (self.columns.time, self.columns.channel))
        return Records(self._times(time), number_channels(_whole(channel), str(self.path), 0))

    def _times(self, text: Any) -> Times:
        try:
            return to_ps(text.cast(pa.int64()).to_numpy(), self.columns.unit_ps, str(self.path))
        except pa.ArrowInvalid:
            exact = text.cast(_DECIMAL)
        floor = pc.floor(exact)
        part = pc.subtract(exact, floor).cast(pa.float64()).to_numpy() * float(self.columns.unit_ps)
        return to_ps(floor.cast(pa.int64()).to_numpy(), self.columns.unit_ps, str(self.path), part)

    def _fault(self, detail: str) -> RecordingError:
        """The first line that cannot be read, found by reading once more, slowly."""
        with self.path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                if number > self.header_lines and line.strip() and (fault := self._line_fault(line)):
                    return RecordingError(f"{self.path}: line {number}: {fault}; remove or repair it")
        return RecordingError(f"{self.path}: cannot be read as CSV ({detail}); repair it")

    def _line_fault(self, line: str) -> str:
        cells = line.rstrip("\r\n").split(self.delimiter)
        if len(cells) != len(self.names):
            return f"{len(cells)} columns, the header has {len(self.names)}"
        row = dict(zip(self.names, (cell.strip().strip('"') for cell in cells), strict=True))
        for name in (self.columns.time, self.columns.channel):
            try:
                value = Decimal(row[name])
            except InvalidOperation:
                return f"{name} is {row[name]!r}, not a number"
            if not value.is_finite():
                return f"{name} is {row[name]}"
            if name == self.columns.channel and value != value.to_integral_value():
                return f"{name} is {row[name]}; channels are whole numbers"
            if name == self.columns.time and abs(value) * Decimal(math.ceil(self.columns.unit_ps)) >= LATEST_PS:
                return f"{name} is {row[name]}, beyond what a clock reaches"
        return ""


def _whole(text: Any) -> Any:
    try:
        return text.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        number = text.cast(_DECIMAL)
        if not pc.all(pc.equal(number, pc.floor(number))).as_py():
            raise
        return pc.floor(number).cast(pa.int64()).to_numpy().astype(np.int64)


def open_csv(path: Path) -> CsvReader:
    """Find the header line (``#`` before it is allowed, other ``#`` lines above it are skipped) and its columns.

    Raises:
        RecordingError: not text, no header, or no column that is plainly the time or the channel.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    try:
        text = head.decode("utf-8-sig", errors="strict" if len(head) < _HEADER_BYTES else "ignore")
    except UnicodeDecodeError as error:
        raise RecordingError(
            f"{path}: not a text file ({one_line(error)}); its format is not one that photonwatch reads"
        ) from error
    lines = text.splitlines()
    comments = 0
    while comments < len(lines) and lines[comments].startswith(_COMMENT):
        comments += 1
    candidates = [(comments, lines[comments])] if comments < len(lines) else []
    if comments:
        candidates.append((comments - 1, lines[comments - 1].lstrip(_COMMENT)))
    refusal: RecordingError | None = None
    for index, line in candidates:
        delimiter = next((mark for mark in ",;\t" if mark in line), " ")
        names = tuple(name.strip().strip('"') for name in line.strip().split(delimiter))
        try:
            return CsvReader(path, find_columns(path, names), names, delimiter, index + 1)
        except RecordingError as error:
            refusal = refusal or error
    raise refusal or RecordingError(f"{path}: no header line; begin with one such as time_ps,channel")
