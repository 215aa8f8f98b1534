"""Parquet and Arrow (Feather, IPC file and stream) tables with a column of times and one of channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from producers.errors import RecordingError
from producers.formats.columns import Columns, find_columns, number_channels, number_times
from producers.formats.records import RECORDS_A_READ, Records, Spans, one_line

_TYPE_UNIT_PS = {"s": Fraction(10**12), "ms": Fraction(10**9), "us": Fraction(10**6), "ns": Fraction(10**3)}


class ArrowKind(StrEnum):
    """How the table is stored."""

    PARQUET = "Parquet"
    FILE = "Arrow file"
    STREAM = "Arrow stream"


@dataclass(frozen=True, slots=True)
class ArrowReader:
    """A table of tags."""

    path: Path
    kind: ArrowKind
    columns: Columns
    resolution_ps: int
    period_ps: float | None = None
    starts_at_zero: bool = False
    lost: Spans = ()
    inputs: tuple[int, ...] = ()

    @property
    def format(self) -> str:
        return self.kind.value

    @property
    def notes(self) -> tuple[str, ...]:
        return self.columns.notes

    def records(self) -> Iterator[Records]:
        row = 0
        with _readable(self.path, self.kind):
            for batch in _batches(self.path, self.kind, [self.columns.time, self.columns.channel]):
                for start in range(0, batch.num_rows, RECORDS_A_READ):
                    part = batch.slice(start, RECORDS_A_READ)
                    yield self._records(part.column(self.columns.time), part.column(self.columns.channel), row + start)
                row += batch.num_rows

    def _records(self, time: Any, channel: Any, row: int) -> Records:
        for name, column in ((self.columns.time, time), (self.columns.channel, channel)):
            if column.null_count:
                at = row + column.is_null().to_pylist().index(True)
                raise RecordingError(f"{self.path}: row {at} has no {name}; remove or repair it")
        if pa.types.is_temporal(time.type):
            time = time.cast(pa.int64())
        return Records(
            number_times(time.to_numpy(zero_copy_only=False), self.columns.unit_ps, str(self.path), row),
            number_channels(channel.to_numpy(zero_copy_only=False), str(self.path), row),
        )


def open_arrow(path: Path, kind: ArrowKind) -> ArrowReader:
    """Find the columns by name; a duration or timestamp column brings its own unit.

    Raises:
        RecordingError: not readable as ``kind``, or no column that is plainly the time or the channel.
    """
    with _readable(path, kind):
        schema = _schema(path, kind)
        columns = find_columns(path, schema.names)
    stored = schema.field(columns.time).type
    if pa.types.is_timestamp(stored) or pa.types.is_duration(stored):
        columns = Columns(columns.time, columns.channel, _TYPE_UNIT_PS[stored.unit])
    integers = pa.types.is_integer(stored) or pa.types.is_temporal(stored)
    return ArrowReader(path, kind, columns, max(1, int(columns.unit_ps)) if integers else 1)


def _schema(path: Path, kind: ArrowKind) -> Any:
    match kind:
        case ArrowKind.PARQUET:
            return pq.read_schema(path)
        case ArrowKind.FILE:
            with pa.memory_map(str(path)) as source:
                return pa.ipc.open_file(source).schema
        case ArrowKind.STREAM:
            with pa.memory_map(str(path)) as source:
                return pa.ipc.open_stream(source).schema


def _batches(path: Path, kind: ArrowKind, columns: list[str]) -> Iterator[Any]:
    match kind:
        case ArrowKind.PARQUET:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(RECORDS_A_READ, columns=columns)
        case ArrowKind.FILE:
            with pa.memory_map(str(path)) as source:
                file = pa.ipc.open_file(source)
                yield from (file.get_batch(index).select(columns) for index in range(file.num_record_batches))
        case ArrowKind.STREAM:
            with pa.memory_map(str(path)) as source:
                yield from (batch.select(columns) for batch in pa.ipc.open_stream(source))


@contextmanager
def _readable(path: Path, kind: ArrowKind) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read as {kind.value} ({one_line(error)}); it is damaged or cut short") from error
