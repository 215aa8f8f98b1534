"""The annotations' pipeline: what people and machines did, into the store, where timelines read it.

Maintenance, calibration and warm-up take time out of budgets: of the subject that they are about, and of all that depends on it.
"""

import msgspec
import pyarrow as pa

from schemas.records import Annotation
from slo.instant import NS
from slo.topology import Topology
from storage import tables
from streams.exclusion_notices import EXCLUDING, notices
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.record_pipeline import RecordPipeline

NAME = "annotations-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Annotation)


class AnnotationPipeline(RecordPipeline):
    """One partition of the annotations topic; ``topology`` says what depends on what."""

    def __init__(self, topic: str, partition: int, *, metrics: WorkerMetrics, resume: int, topology: Topology) -> None:
        super().__init__(NAME, topic, partition, metrics=metrics, resume=resume)
        self._topology = topology
        self._annotations: list[Annotation] = []

    def _take(self, message: Message) -> None:
        annotation = _decoder.decode(message.value)
        self._annotations.append(annotation)
        if annotation.kind in EXCLUDING:
            end_unix_s = annotation.end_unix_s
            stretch_ns = round(annotation.start_unix_s * NS), None if end_unix_s is None else round(end_unix_s * NS)
            self._outgoing += notices(
                self._topology,
                annotation.subject,
                stretch_ns,
                kind=annotation.kind,
                text=annotation.text,
                who=annotation.author,
            )

    def _rows(self) -> dict[str, pa.Table]:
        rows = tables.annotation_rows(self._annotations)
        self._annotations = []
        return {tables.ANNOTATIONS: rows}
