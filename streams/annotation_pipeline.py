"""The annotations' pipeline: what people and machines did, into the store, where timelines read it."""

import msgspec
import pyarrow as pa

from schemas.records import Annotation
from storage import tables
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.record_pipeline import RecordPipeline

NAME = "annotations-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Annotation)


class AnnotationPipeline(RecordPipeline):
    """One partition of the annotations topic."""

    def __init__(self, topic: str, partition: int, *, metrics: WorkerMetrics, resume: int) -> None:
        super().__init__(NAME, topic, partition, metrics=metrics, resume=resume)
        self._annotations: list[Annotation] = []

    def _take(self, message: Message) -> None:
        self._annotations.append(_decoder.decode(message.value))

    def _rows(self) -> dict[str, pa.Table]:
        rows = tables.annotation_rows(self._annotations)
        self._annotations = []
        return {tables.ANNOTATIONS: rows}
