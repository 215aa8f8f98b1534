"""Annotations reach the store as they came; what is none becomes a dead letter."""

import msgspec
from prometheus_client import CollectorRegistry

from schemas.exclusion import ExclusionNotice
from schemas.ids import SubjectId
from schemas.records import Annotation
from schemas.topics import INDICATORS, TICK
from slo.topology import Topology
from storage import tables
from streams.annotation_pipeline import AnnotationPipeline
from streams.metrics import WorkerMetrics
from tests.streams.tag_logs import log

TOPOLOGY = Topology({SubjectId("sps-a"): (SubjectId("cryo-1"),), SubjectId("sps-b"): (SubjectId("cryo-1"),)})


def test_annotations_and_junk() -> None:
    note = Annotation(kind="fault", subject="sps-a", start_unix_s=1.5, text="purity broken", attributes={"g2": 0.8})
    pipeline = AnnotationPipeline("annotations", 0, metrics=WorkerMetrics(CollectorRegistry()), resume=0, topology=TOPOLOGY)
    messages = log([msgspec.json.encode(note), b"{}", *[TICK] * 6], step_ms=(200, 201))
    finished = pipeline.feed(messages)
    (row,) = finished[0].batch.tables[tables.ANNOTATIONS].to_pylist()
    assert (row["kind"], row["subject"], row["text"]) == ("fault", "sps-a", "purity broken")
    (letter,) = finished[0].batch.tables[tables.DEAD_LETTERS].to_pylist()
    assert letter["reason"] == "malformed"
    assert finished[0].resume == finished[0].batch.hi
    assert not pipeline.pending


def test_maintenance_takes_time_out_of_all_that_depends_on_it() -> None:
    note = Annotation(kind="maintenance", subject=SubjectId("cryo-1"), start_unix_s=1.5, text="new pump", author="gpb")
    pipeline = AnnotationPipeline("annotations", 0, metrics=WorkerMetrics(CollectorRegistry()), resume=0, topology=TOPOLOGY)
    finished = pipeline.feed(log([msgspec.json.encode(note), *[TICK] * 6], step_ms=(200, 201)))
    notices = [(one.topic, one.key, one.record) for one in finished[0].outgoing]
    assert [(topic, key) for topic, key, _ in notices] == [(INDICATORS, each) for each in ("cryo-1", "sps-a", "sps-b")]
    first, second = notices[0][2], notices[1][2]
    assert first == ExclusionNotice(
        subject=SubjectId("cryo-1"),
        start_unix_ns=1_500_000_000,
        end_unix_ns=None,
        reason="maintenance: new pump",
        who="gpb",
    )
    assert isinstance(second, ExclusionNotice)
    assert second.reason == "maintenance of cryo-1: new pump"
