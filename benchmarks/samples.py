"""Indicator samples through the objectives' pipeline: decoded, judged, budgets and rows made, alerts told; and what the demo
fleet costs all agents together.

Processor time of one thread, as the machine is shared. The store's part is not in it.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from prometheus_client import CollectorRegistry

from benchmarks.result import Result, at_least, at_most
from console.rehearsal import Rehearsal
from producers.fleet_file import demo_fleet
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample
from schemas.topics import INDICATORS
from slo.definitions import load
from streams.log import Message
from streams.memory import collect_rarely
from streams.metrics import WorkerMetrics
from streams.pipeline import Pipeline
from streams.pipelines import Knowledge, Pipelines

SUBJECTS, EVERY_S, BEGIN_S = 10_000, 10, 1_800_000_000
_WARM, _TIMED = 2, 6
"""Rounds of one sample a subject: a minute is timed, so that what is said once a minute is in it."""
_FLEET_S = 30
"""Of event time, after as long to warm up."""


def measure() -> list[Result]:
    with _collecting_as_a_worker():
        return [
            at_least(f"samples of {SUBJECTS:,} subjects judged, budgets and rows made, one core", _judged(), "/s", 10_000),
            at_most("demo fleet, tags and all: what all agents take of a core", _fleet_share(), "", 1),
        ]


@contextmanager
def _collecting_as_a_worker() -> Iterator[None]:
    before = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _judged() -> float:
    pipeline = Pipelines(Knowledge(load()), WorkerMetrics(CollectorRegistry())).fresh()[INDICATORS.name]
    for turn in range(_WARM):
        _feed(pipeline, turn)
    spent_s = sum(_feed(pipeline, turn) for turn in range(_WARM, _WARM + _TIMED))
    return SUBJECTS * _TIMED / spent_s


def _feed(pipeline: Pipeline, turn: int) -> float:
    """Processor time of one sample of every subject."""
    raw = [msgspec.json.encode(_sample(subject, turn)) for subject in range(SUBJECTS)]
    begin_ms = (BEGIN_S + EVERY_S * turn) * 1_000
    messages = [Message(turn * SUBJECTS + number, begin_ms + number // 20, value) for number, value in enumerate(raw)]
    began_s = time.thread_time()
    pipeline.feed(messages)
    return time.thread_time() - began_s


def _sample(subject: int, turn: int) -> IndicatorSample:
    name = f"sps-{subject}"
    return IndicatorSample(
        subject=SubjectId(name),
        indicator=IndicatorId("sps.M1"),
        device=DeviceId(name),
        run=RunId("benchmark"),
        end_unix_s=BEGIN_S + EVERY_S * turn,
        integration_s=EVERY_S,
        estimate=Estimate(
            value=0.015,
            lower=0.01,
            upper=0.02,
            confidence=0.95,
            counts={"central_counts": 9, "side_counts": 900},
            unit="1",
            method="benchmark",
            parameters={"period_ps": 12_500.0, "side_peaks": 30, "live_s": 10.0},
        ),
    )


def _fleet_share() -> float:
    rehearsal = Rehearsal(demo_fleet(), Knowledge(load()))
    for _ in rehearsal.advance(_FLEET_S):
        pass
    before_s = rehearsal.processing_s
    for _ in rehearsal.advance(_FLEET_S):
        pass
    return (rehearsal.processing_s - before_s) / _FLEET_S
