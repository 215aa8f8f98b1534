"""A batch: what a pipeline made of the messages [lo, hi) of one partition, and the names its parts go by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute

_EPOCH = date(1970, 1, 1)
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "ns": 86_400_000_000_000}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows by table (columns as in storage.tables.names.SCHEMAS), and how far each source had been read at ``hi``.

    The same [lo, hi) always yields the same rows; ``crc`` is a checksum over its messages.
    """

    pipeline: str
    topic: str
    partition: int
    lo: int
    hi: int
    tables: Mapping[str, pa.Table]
    messages: int
    crc: int
    positions: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.lo < self.hi:
            raise ValueError(f"{self}: a batch holds at least one offset")

    def __str__(self) -> str:
        return f"batch {self.pipeline} {self.topic}[{self.partition}] {self.lo}-{self.hi}"

    def token(self, table: str) -> str:
        """The name of the batch's rows of a table; the store takes rows of one name once."""
        return f"{self.pipeline}:{table}:{self.topic}:{self.partition}:{self.lo}-{self.hi}"

    def pieces(self, table: str) -> Iterator[tuple[str, pa.Table]]:
        """The table's rows, each day of event time apart, with their names and the columns that say which batch they are of.

        Partitions of the store are days or made of days: an insert into one becomes readable whole or not at all, and so do the
        rows that the store's views derive from it.
        """
        rows = self.tables[table]
        if rows.num_rows == 0:
            return
        time = rows["time"]
        days = time.to_numpy().astype(f"datetime64[{time.type.unit}]").astype(np.int64) // _PER_DAY[time.type.unit]
        for day in [days[0]] if (days == days[0]).all() else np.unique(days):
            piece = rows if (days == day).all() else rows.filter(pa.array(days == day))
            yield f"{self.token(table)}:{_EPOCH + timedelta(days=int(day))}", self._marked(piece)

    def _marked(self, rows: pa.Table) -> pa.Table:
        marks = {
            "batch_pipeline": pa.scalar(self.pipeline),
            "batch_topic": pa.scalar(self.topic),
            "batch_partition": pa.scalar(self.partition, pa.uint16()),
            "batch_lo": pa.scalar(self.lo, pa.uint64()),
        }
        for name, value in marks.items():
            rows = rows.append_column(pa.field(name, value.type, nullable=False), pa.repeat(value, rows.num_rows))
        return rows
