"""Two nodes' tags on one clock, in a Parquet file that every command reads."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from console.refusal import ExitCode, Refusal
from producers.recording import Recording
from schemas.block import ADVANCE_CHANNEL
from schemas.ids import DeviceId, DomainId, RunId
from streams.processors.clock_merge import AlignedStream, segment_of
from streams.processors.clock_offset import ClockTick

_COLUMNS = pa.schema([("time_ps", pa.int64()), ("channel", pa.uint8())])
_ROWS = 1 << 20


def renumbered(ours: Recording, other: Recording) -> Mapping[int, int]:
    """Numbers for channels of the other file, where ours has the same: the next ones that neither uses."""
    used = set(ours.tags) | set(other.tags)
    free = (number for number in range(ADVANCE_CHANNEL) if number not in used)
    try:
        return {number: next(free) for number in sorted(other.tags) if number in ours.tags}
    except StopIteration:
        raise Refusal(
            ExitCode.BAD_INPUT, "the files have too many channels together", where=str(other.path), do="leave some out"
        ) from None


class MergedFile:
    """Takes ticks, writes what could be aligned. Without a path it does nothing.

    Raises:
        Refusal: a name that does not end in .parquet, or the file cannot be written.
    """

    def __init__(self, path: Path | None, ours: Recording, other: Recording, numbers: Mapping[int, int]) -> None:
        if path is not None and path.suffix != ".parquet":
            raise Refusal(
                ExitCode.USAGE, f"tags are not written as “{path.suffix}”", where=str(path), do="end its name in .parquet"
            )
        self._path = path
        self._table = np.arange(256, dtype=np.uint8)
        for old, new in numbers.items():
            self._table[old] = new
        self._stream = AlignedStream(
            DomainId("file"),
            DeviceId("file"),
            RunId("file"),
            0,
            tuple(ours.tags),
            tuple(sorted(int(self._table[number]) for number in other.tags)),
        )
        self._file: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("wb")
            except OSError as error:
                raise Refusal(
                    ExitCode.BAD_INPUT,
                    f"it cannot be written: {error.strerror}",
                    where=str(self._path),
                    do="choose another place",
                ) from None
            self._writer = pq.ParquetWriter(self._file, _COLUMNS, compression="zstd")
        return self

    def add(self, tick: ClockTick) -> None:
        """The tags of a tick, unless it is lost."""
        if self._writer is None or tick.line is None:
            return
        segment = segment_of(tick.with_channels(self._table), self._stream)
        self._waiting.append(pa.RecordBatch.from_arrays([pa.array(segment.time_ps), pa.array(segment.channel)], schema=_COLUMNS))
        if sum(batch.num_rows for batch in self._waiting) >= _ROWS:
            self._flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._writer is not None:
            self._flush()
            self._writer.close()
        if self._file is not None:
            self._file.close()

    def _flush(self) -> None:
        if self._writer is not None and self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
        self._waiting = []
