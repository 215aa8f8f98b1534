"""The annotations' pipeline: what people and machines did, into the store, where timelines read it.

Maintenance, calibration and warm-up take time out of budgets: of the subject that they are about, and of all that depends on it.
"""

import msgspec
import pyarrow as pa

from schemas.exclusion import ExclusionNotice
from schemas.ids import SubjectId
from schemas.records import Annotation
from schemas.topics import INDICATORS
from slo.instant import NS
from slo.topology import Topology
from storage import tables
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Outgoing
from streams.record_pipeline import RecordPipeline

NAME = "annotations-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_decoder = msgspec.json.Decoder(Annotation)


EXCLUDING = frozenset({"maintenance", "calibration", "warm-up"})
"""Kinds of annotations that take time out of budgets."""


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
            self._outgoing += [
                Outgoing(INDICATORS, subject, _notice(annotation, subject))
                for subject in (annotation.subject, *self._topology.downstream(annotation.subject))
            ]

    def _rows(self) -> dict[str, pa.Table]:
        rows = tables.annotation_rows(self._annotations)
        self._annotations = []
        return {tables.ANNOTATIONS: rows}


def _notice(annotation: Annotation, subject: SubjectId) -> ExclusionNotice:
    about = f" of {annotation.subject}" if subject != annotation.subject else ""
    return ExclusionNotice(
        subject=subject,
        start_unix_ns=round(annotation.start_unix_s * NS),
        end_unix_ns=None if annotation.end_unix_s is None else round(annotation.end_unix_s * NS),
        reason=f"{annotation.kind}{about}: {annotation.text}",
        who=annotation.author,
    )
