"""The part of the log that a pipeline has taken and not yet handed out."""

from collections.abc import Mapping

import google_crc32c
import pyarrow as pa

from storage.batch import Batch
from streams.log import PATIENCE_MS, Cutter, Message


class OpenBatch:
    """Offsets [lo, next) of one partition, taken in order and without holes, and where the log says that they end."""

    def __init__(self, pipeline: str, topic: str, partition: int, *, grid: int, lo: int, patience_ms: int = PATIENCE_MS) -> None:
        self._pipeline, self._topic, self._partition = pipeline, topic, partition
        self._cutter = Cutter(grid, patience_ms)
        self.lo = self.next = lo
        self.messages = 0
        self._crc = 0

    def ends_before(self, message: Message) -> bool:
        """Whether the batch must be sealed before ``message`` is taken.

        Raises:
            ValueError: it is not the next one.
        """
        if message.offset != self.next:
            raise ValueError(f"{self._topic}[{self._partition}]: expected offset {self.next}, got {message.offset}")
        return self._cutter.ends_before(message)

    def take(self, message: Message) -> None:
        self._cutter.take(message)
        self.next = message.offset + 1
        self.messages += 1

    def sign(self, checksum: int) -> None:
        """Add the checksum (CRC-32C) of the message that was taken last to the batch's.

        Of a message that ends with its own checksum it is that one: taken over the whole message it would always be the same.
        """
        self._crc = google_crc32c.extend(self._crc, checksum.to_bytes(4, "little"))

    def hurry(self, patience_ms: int) -> None:
        """The message that was taken last makes the batch span less than this (ms of the broker's time)."""
        self._cutter.hurry(patience_ms)

    def skip_to(self, offset: int) -> None:
        """Begin at ``offset``: the log lost what was between.

        Raises:
            ValueError: messages were taken already.
        """
        if self.messages:
            raise ValueError(f"{self._topic}[{self._partition}]: a batch is open at {self.next}, cannot go on at {offset}")
        self.lo = self.next = offset

    def seal(self, tables: Mapping[str, pa.Table], positions: bytes) -> Batch:
        """The batch; another one opens where it ends."""
        batch = Batch(
            pipeline=self._pipeline,
            topic=self._topic,
            partition=self._partition,
            lo=self.lo,
            hi=self.next,
            tables=tables,
            messages=self.messages,
            crc=self._crc,
            positions=positions,
        )
        self.drop()
        return batch

    def drop(self) -> None:
        """Another batch opens where this one ends, and this one is nobody's."""
        self._cutter.cut()
        self.lo, self.messages, self._crc = self.next, 0, 0
