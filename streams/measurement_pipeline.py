"""The measurements' pipeline: each into the store, and what it says of its subject's indicators into samples."""

from collections.abc import Callable

import msgspec
import pyarrow as pa

from schemas.measurements import Measurement
from schemas.records import IndicatorSample
from schemas.topics import INDICATORS
from storage import tables
from streams.broker_clock import check_times
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Outgoing
from streams.record_pipeline import RecordPipeline

NAME = "measurements-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Measurement)


class MeasurementPipeline(RecordPipeline):
    """One partition of the measurements topic."""

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        sample: Callable[[Measurement], tuple[IndicatorSample, ...]],
        metrics: WorkerMetrics,
        resume: int,
    ) -> None:
        super().__init__(NAME, topic, partition, metrics=metrics, resume=resume)
        self._sample = sample
        self._measurements: list[tuple[int, Measurement]] = []

    def _take(self, message: Message) -> None:
        measurement = _decoder.decode(message.value)
        check_times(measurement.start_unix_ns, measurement.end_unix_ns, message, f"measurement of {measurement.subject}")
        self._measurements.append((message.offset, measurement))
        self._outgoing += [Outgoing(INDICATORS, sample.subject, sample) for sample in self._sample(measurement)]

    def _rows(self) -> dict[str, pa.Table]:
        rows, self._measurements = tables.measurement_rows(self._measurements), []
        return {tables.MEASUREMENTS: rows}
