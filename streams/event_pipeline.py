"""The events' pipeline: what happened in classical control, into the store, and windows of it into indicator samples.

A device that says that it warms up, is calibrated or maintained takes that time out of budgets: its own and those of all that
depends on it. With the stretch goes ``SETTLING_S`` after it: samples that end by then rest on data of before, too.
"""

from collections.abc import Callable

import msgspec
import pyarrow as pa

from schemas.events import Event, Heartbeat
from schemas.records import IndicatorSample
from slo.instant import NS
from slo.topology import Topology
from storage import tables
from streams.broker_clock import check_times
from streams.exclusion_notices import EXCLUDING, notices
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Outgoing
from streams.positions import Positions, TrackPosition
from streams.processors.windows import Entry, Window
from streams.windowed_pipeline import WindowedPipeline

NAME = "events-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
SETTLING_S = 30
"""As long as the longest window of tags, events and readings that a sample sums up."""
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
        topology: Topology,
    ) -> None:
        """``topology`` says what depends on what."""
        self._topology = topology
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
            event.device,
            event.firmware,
            source=event.source,
            sequence=event.sequence,
        )

    def _follow(self, record: Event, position: TrackPosition) -> list[Outgoing]:
        """One notice a heartbeat, each of which replaces the one before: an end is known as soon as there is one."""
        if not isinstance(record.what, Heartbeat) or record.end_unix_ns <= position.beat_ns:
            return []
        position.beat_ns, state = record.end_unix_ns, record.what.state.value
        position.first_beat_ns = position.first_beat_ns or record.end_unix_ns
        self._windows.supersede(position)
        if state not in EXCLUDING:
            position.unusable = ""
            return []
        if position.unusable != state:
            position.unusable, position.unusable_since_ns = state, record.start_unix_ns
        stretch_ns = position.unusable_since_ns, record.end_unix_ns + SETTLING_S * NS
        return notices(
            self._topology, record.subject, stretch_ns, kind=state, text=f"{record.subject} says so", who=record.source
        )

    def _table(self, records: list[tuple[int, Event]]) -> dict[str, pa.Table]:
        return {tables.EVENTS: tables.event_rows(records)}
