"""The measurements' pipeline: into the store, and what each and what those of a window say into indicator samples."""

from collections.abc import Callable

import msgspec
import pyarrow as pa

from schemas.measurements import Measurement
from schemas.records import IndicatorSample
from storage import tables
from streams.broker_clock import check_times
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.positions import Positions
from streams.processors.windows import Entry, Window
from streams.windowed_pipeline import WindowedPipeline

NAME = "measurements-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Measurement)


class MeasurementPipeline(WindowedPipeline[Measurement]):
    """One partition of the measurements topic. ``sample_one``: what a measurement says by itself, at once."""

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        sample_one: Callable[[Measurement], tuple[IndicatorSample, ...]],
        sample: Callable[[Window[Measurement]], tuple[IndicatorSample, ...]],
        length_s: int,
        metrics: WorkerMetrics,
        positions: Positions,
        stored: int,
    ) -> None:
        super().__init__(
            NAME, topic, partition, sample=sample, length_s=length_s, metrics=metrics, positions=positions, stored=stored
        )
        self._sample_one = sample_one

    def _decode(self, message: Message) -> Entry[Measurement]:
        measurement = _decoder.decode(message.value)
        check_times(measurement.start_unix_ns, measurement.end_unix_ns, message, f"measurement of {measurement.subject}")
        return Entry(
            measurement.subject,
            measurement.run,
            measurement.end_unix_ns,
            message.offset,
            measurement,
            measurement.device,
            measurement.firmware,
        )

    def _at_once(self, record: Measurement) -> tuple[IndicatorSample, ...]:
        return self._sample_one(record)

    def _table(self, records: list[tuple[int, Measurement]]) -> dict[str, pa.Table]:
        return {tables.MEASUREMENTS: tables.measurement_rows(records)}
