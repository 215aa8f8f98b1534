"""The events' pipeline: what happened in classical control, into the store, and windows of it into indicator samples."""

from collections.abc import Callable

import msgspec
import pyarrow as pa

from schemas.events import Event
from schemas.records import IndicatorSample
from storage import tables
from streams.broker_clock import check_times
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.positions import Positions
from streams.processors.windows import Entry, Window
from streams.windowed_pipeline import WindowedPipeline

NAME = "events-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Event)


class EventPipeline(WindowedPipeline[Event]):
    """One partition of the events topic."""

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        sample: Callable[[Window[Event]], tuple[IndicatorSample, ...]],
        length_s: int,
        metrics: WorkerMetrics,
        positions: Positions,
        stored: int,
    ) -> None:
        super().__init__(
            NAME, topic, partition, sample=sample, length_s=length_s, metrics=metrics, positions=positions, stored=stored
        )

    def _decode(self, message: Message) -> Entry[Event]:
        event = _decoder.decode(message.value)
        check_times(event.start_unix_ns, event.end_unix_ns, message, f"event of {event.subject}")
        if not 0 <= event.sequence < 1 << 63:
            raise ValueError(f"event of {event.subject[:80]} has the number {event.sequence}: number events from 0 up")
        return Entry(
            event.subject,
            event.run,
            event.end_unix_ns,
            message.offset,
            event,
            kind=tables.kind_of(event.what),
            source=event.source,
            sequence=event.sequence,
        )

    def _table(self, records: list[tuple[int, Event]]) -> dict[str, pa.Table]:
        return {tables.EVENTS: tables.event_rows(records)}
