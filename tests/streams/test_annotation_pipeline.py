"""Annotations reach the store as they came; what is none becomes a dead letter."""

import msgspec
from prometheus_client import CollectorRegistry

from schemas.records import Annotation
from schemas.topics import TICK
from storage import tables
from streams.annotation_pipeline import AnnotationPipeline
from streams.metrics import WorkerMetrics
from tests.streams.tag_logs import log


def test_annotations_and_junk() -> None:
    note = Annotation(kind="fault", subject="sps-a", start_unix_s=1.5, text="purity broken", attributes={"g2": 0.8})
    pipeline = AnnotationPipeline("annotations", 0, metrics=WorkerMetrics(CollectorRegistry()), resume=0)
    messages = log([msgspec.json.encode(note), b"{}", *[TICK] * 6], step_ms=(200, 201))
    finished = pipeline.feed(messages)
    (row,) = finished[0].batch.tables[tables.ANNOTATIONS].to_pylist()
    assert (row["kind"], row["subject"], row["text"]) == ("fault", "sps-a", "purity broken")
    (letter,) = finished[0].batch.tables[tables.DEAD_LETTERS].to_pylist()
    assert letter["reason"] == "malformed"
    assert finished[0].resume == finished[0].batch.hi
    assert not pipeline.pending
