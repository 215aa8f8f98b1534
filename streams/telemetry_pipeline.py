"""The telemetry's pipeline: readings into the store, and windows of them into indicator samples."""

from collections.abc import Callable

import msgspec
import pyarrow as pa

from schemas.ids import SubjectId
from schemas.records import IndicatorSample
from schemas.telemetry import Telemetry
from storage import tables
from streams.broker_clock import check_times
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.positions import Positions
from streams.processors.windows import Entry, Window
from streams.windowed_pipeline import WindowedPipeline

NAME = "telemetry-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Telemetry)


class TelemetryPipeline(WindowedPipeline[Telemetry]):
    """One partition of the telemetry topic."""

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        sample: Callable[[Window[Telemetry]], tuple[IndicatorSample, ...]],
        length_s: int,
        metrics: WorkerMetrics,
        positions: Positions,
        stored: int,
    ) -> None:
        super().__init__(
            NAME, topic, partition, sample=sample, length_s=length_s, metrics=metrics, positions=positions, stored=stored
        )

    def _decode(self, message: Message) -> Entry[Telemetry]:
        telemetry = _decoder.decode(message.value)
        check_times(telemetry.unix_ns, telemetry.unix_ns, message, f"telemetry of {telemetry.device}")
        return Entry(
            telemetry.subject or SubjectId(telemetry.device),
            telemetry.run,
            telemetry.unix_ns,
            message.offset,
            telemetry,
            telemetry.device,
            telemetry.firmware,
        )

    def _table(self, records: list[tuple[int, Telemetry]]) -> dict[str, pa.Table]:
        return {tables.TELEMETRY: tables.telemetry_rows(records)}
