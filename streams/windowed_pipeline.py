"""A pipeline of records that are stored as they came, and sampled in windows of event time."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import pyarrow as pa

from schemas.records import IndicatorSample
from schemas.topics import INDICATORS
from streams.log import AliveClock, Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Outgoing
from streams.positions import Positions, TrackPosition
from streams.processors.windows import Entry, Window, Windows
from streams.record_pipeline import RecordPipeline

PATIENCE_MS = 1_000
"""A batch spans less than this of the broker's time: such records are few, and an insert costs the same for one as for many."""

R = TypeVar("R")


class WindowedPipeline(RecordPipeline, Generic[R]):
    """One partition of a topic of such records.

    Args:
        name: part of every token.
        topic, partition: whose log this is.
        sample: what a closed window says of its subject's indicators.
        length_s: length of a window.
        metrics: where its work is shown.
        positions: as of ``positions.resume``.
        stored: everything before it is stored.
    """

    def __init__(
        self,
        name: str,
        topic: str,
        partition: int,
        *,
        sample: Callable[[Window[R]], tuple[IndicatorSample, ...]],
        length_s: int,
        metrics: WorkerMetrics,
        positions: Positions,
        stored: int,
    ) -> None:
        super().__init__(name, topic, partition, metrics=metrics, resume=positions.resume, stored=stored, patience_ms=PATIENCE_MS)
        self._sample = sample
        self._clock = AliveClock(positions.alive_ms, positions.timestamp_ms)
        self._windows: Windows[R] = Windows(length_s, positions.tracks)
        self._records: list[tuple[int, R]] = []

    @abstractmethod
    def _decode(self, message: Message) -> Entry[R]:
        """The record and whose it is. Raises msgspec.DecodeError or ValueError: it cannot be used."""

    @abstractmethod
    def _table(self, records: list[tuple[int, R]]) -> dict[str, pa.Table]:
        """Rows of (offset, record), by table."""

    def _at_once(self, record: R) -> tuple[IndicatorSample, ...]:
        """What a record says by itself."""
        del record
        return ()

    def _follow(self, record: R, position: TrackPosition) -> list[Outgoing]:
        """What follows from a record in the light of those before it; what must be remembered goes into the position."""
        del record, position
        return []

    @property
    def pending(self) -> bool:
        return super().pending or self._windows.open

    def _pass_time(self, message: Message) -> None:
        for window in self._windows.close(self._clock.advance(message.timestamp_ms)):
            self._publish(self._sample(window))

    def _publish(self, samples: tuple[IndicatorSample, ...]) -> None:
        self._outgoing += [Outgoing(INDICATORS, sample.subject, sample) for sample in samples]

    def _take(self, message: Message) -> None:
        entry = self._decode(message)
        if self._windows.came_before(entry):
            return
        in_time = self._windows.take(entry, self._clock.now_ms, message.timestamp_ms)
        following = self._follow(entry.record, self._windows.position(entry))
        if self._storing:
            self._publish(self._at_once(entry.record))
            self._outgoing += following
            self._records.append((message.offset, entry.record))
            if not in_time:
                self._metrics.late_record(self._topic)

    def _needed_offset(self) -> int | None:
        return self._windows.needed_offset

    def _rows(self) -> dict[str, pa.Table]:
        rows, self._records = self._table(self._records), []
        return rows

    def _positions(self, resume: int) -> Positions:
        return Positions(
            resume=resume, alive_ms=self._clock.now_ms, timestamp_ms=self._clock.timestamp_ms, tracks=self._windows.positions
        )
