"""Events and telemetry: every record stored once, every window sampled once, and a restart repeats what was not stored."""

from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas.events import Event, Heartbeat, State, Swaps, What
from schemas.exclusion import ExclusionNotice
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample
from schemas.telemetry import Reading, Telemetry
from schemas.topics import DEAD_LETTERS, TICK
from slo.topology import Topology
from storage import tables
from streams import positions as positions_codec
from streams.event_pipeline import EventPipeline
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.positions import Positions
from streams.processors.windows import Window
from streams.telemetry_pipeline import TelemetryPipeline

TOPOLOGY = Topology({SubjectId("b-on-top"): (SubjectId("b"),)})
START_NS = 1_800_000_000 * 10**9
LENGTH_S = 4


def count(window: Window[Any]) -> tuple[IndicatorSample, ...]:
    """A sample that holds how many records its window has."""
    if not window.records and not window.live:
        return ()
    estimate = Estimate(
        value=float(len(window.records)),
        lower=None,
        upper=None,
        confidence=0.95,
        counts={"records": len(window.records)},
        unit="1",
        method="count",
    )
    return (
        IndicatorSample(
            subject=window.subject,
            indicator=IndicatorId("qic.M9"),
            device=DeviceId(window.subject),
            run=window.run,
            end_unix_s=window.end_unix_s,
            integration_s=window.length_s,
            estimate=estimate,
        ),
    )


def event(subject: str, sequence: int, end_ms: int, what: What | None = None) -> bytes:
    return msgspec.json.encode(
        Event(
            subject=SubjectId(subject),
            device=DeviceId(subject),
            run=RunId("r"),
            source=subject,
            sequence=sequence,
            start_unix_ns=START_NS + (end_ms - 100) * 10**6,
            end_unix_ns=START_NS + end_ms * 10**6,
            what=what or Swaps(attempts=10, acknowledged=sequence % 11),
        )
    )


def history() -> list[Message]:
    """Two hops for a minute, one of which falls silent at 20 s; repeated, late and unreadable messages among them."""
    values: list[tuple[int, bytes]] = []
    for index in range(200):
        values.append((300 * index, event("a", index, 300 * index)))
        if index < 66:
            state = State.WARM_UP if 10 <= index < 40 else State.OPERATIONAL
            values.append((300 * index + 20, event("b", index, 300 * index, Heartbeat(state=state))))
        if index % 50 == 49:
            values.append((300 * index + 30, event("a", index, 300 * index)))  # sent again
            values.append((300 * index + 40, b"{"))
    values.append((60_100, event("a", 1000, 1_000)))  # late
    values += [(60_300 + 500 * tick, TICK) for tick in range(60)]
    return [Message(offset, START_NS // 10**6 + at_ms, value) for offset, (at_ms, value) in enumerate(values)]


def pipeline(positions: Positions | None = None, stored: int = 0) -> EventPipeline:
    return EventPipeline(
        "events",
        0,
        sample=count,
        length_s=LENGTH_S,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=positions or Positions(),
        stored=stored,
        topology=TOPOLOGY,
    )


def run(one: EventPipeline, messages: list[Message]) -> list[Finished]:
    return [finished for message in messages for finished in one.feed([message])]


def sampled(finished: list[Finished]) -> list[IndicatorSample]:
    return [out.record for one in finished for out in one.outgoing if isinstance(out.record, IndicatorSample)]


def test_a_device_that_warms_up_takes_its_time_out_of_budgets_and_that_of_what_depends_on_it() -> None:
    notices = [
        out.record for one in run(pipeline(), history()) for out in one.outgoing if isinstance(out.record, ExclusionNotice)
    ]
    own, other = ([one for one in notices if one.subject == subject] for subject in ("b", "b-on-top"))
    assert len(own) == len(other) == 30
    assert {(one.start_unix_ns, one.reason) for one in own} == {(START_NS + 2_900 * 10**6, "warm-up: b says so")}
    ends = [(one.end_unix_ns - START_NS) // 10**6 for one in own]
    assert ends == [300 * index + 30_000 for index in range(10, 40)]
    assert {one.reason for one in other} == {"warm-up of b: b says so"}


def test_every_record_is_stored_once_and_every_window_sampled_once() -> None:
    finished = run(pipeline(), history())
    rows = [row for one in finished if tables.EVENTS in one.batch.tables for row in one.batch.tables[tables.EVENTS].to_pylist()]
    assert sorted((row["subject"], row["sequence"]) for row in rows) == sorted(
        [("a", index) for index in (*range(200), 1000)] + [("b", index) for index in range(66)]
    )
    samples = sampled(finished)
    ends = {subject: [one.end_unix_s for one in samples if one.subject == subject] for subject in ("a", "b")}
    assert all(ends[subject] == sorted(set(ends[subject])) for subject in ends)
    in_windows = {subject: sum(one.estimate.counts["records"] for one in samples if one.subject == subject) for subject in ends}
    assert in_windows == {"a": 200, "b": 66}
    letters = [out.record for one in finished for out in one.outgoing if out.topic == DEAD_LETTERS]
    assert len(letters) == 4


def test_a_live_subject_that_falls_silent_has_empty_windows() -> None:
    samples = [one for one in sampled(run(pipeline(), history())) if one.subject == "b"]
    silent = [one.end_unix_s - START_NS // 10**9 for one in samples if not one.estimate.counts["records"]]
    assert silent[:5] == [24, 28, 32, 36, 40]


def test_a_device_that_began_another_run_is_not_silent_in_the_one_before() -> None:
    values = [
        msgspec.json.encode(
            msgspec.json.decode(event("b", index, 300 * index, Heartbeat(state=State.OPERATIONAL)))
            | {"run": "r" if index < 40 else "s"}
        )
        for index in range(200)
    ]
    messages = [Message(index, START_NS // 10**6 + 300 * index, value) for index, value in enumerate(values)]
    samples = sampled(run(pipeline(), messages))
    assert {one.run for one in samples} == {"r", "s"}
    assert [one.end_unix_s for one in samples if not one.estimate.counts["records"]] == []


@pytest.mark.parametrize("every", [1, 7])
def test_a_restart_goes_on_with_the_same_batches(every: int) -> None:
    messages = history()
    whole = run(pipeline(), messages)
    by_end = {one.batch.hi: positions_codec.decode(one.batch.positions) for one in whole}
    for index in range(0, len(whole), every):
        stored = whole[index].batch.hi
        resume = by_end[stored].resume
        begun = by_end.get(resume, Positions())
        begun.resume = resume
        again = run(pipeline(begun, stored), [message for message in messages if message.offset >= resume])
        assert [one.batch for one in again] == [one.batch for one in whole[index + 1 :]]
        assert [one.outgoing for one in again] == [one.outgoing for one in whole[index + 1 :]]
        by_end = {one.batch.hi: positions_codec.decode(one.batch.positions) for one in whole}


def test_an_old_recording_closes_its_last_window_and_no_more_follow() -> None:
    old = [event("a", index, 300 * index - 10**9) for index in range(40)]
    now_ms = START_NS // 10**6
    messages = [Message(offset, now_ms + offset, value) for offset, value in enumerate(old)]
    messages += [Message(40 + tick, now_ms + 500 * tick + 100, TICK) for tick in range(100)]
    one = pipeline()
    samples = sampled(run(one, messages))
    assert sum(sample.estimate.counts["records"] for sample in samples) == 40
    assert all(sample.estimate.counts["records"] for sample in samples)
    assert not one.pending


def test_ticks_that_come_only_while_they_are_asked_for_bring_everything_out() -> None:
    one = pipeline()
    now_ms = START_NS // 10**6 - 10**9
    offset, finished = 0, []
    for index in range(10):
        finished += one.feed([Message(offset := index, now_ms + 10 * index, event("a", index, 300 * index - 10**12))])
    while one.pending:
        offset, now_ms = offset + 1, now_ms + 500
        finished += one.feed([Message(offset, now_ms, TICK)])
        assert offset < 200
    assert sum(sample.estimate.counts["records"] for sample in sampled(finished)) == 10


def test_times_that_cannot_be_are_buried() -> None:
    far = event("a", 1, 10_000_000)
    before = msgspec.json.encode(msgspec.json.decode(event("a", 2, 0)) | {"start_unix_ns": -5})
    now_ms = START_NS // 10**6
    messages = [Message(offset, now_ms, value) for offset, value in enumerate((far, before, event("a", 0, 0)))]
    messages += [Message(3 + tick, now_ms + 600 * tick, TICK) for tick in range(3)]
    finished = run(pipeline(), messages)
    reasons = [row["reason"] for row in finished[0].batch.tables[tables.DEAD_LETTERS].to_pylist()]
    assert reasons == ["contradiction", "contradiction"]
    assert finished[0].batch.tables[tables.EVENTS].num_rows == 1


def test_telemetry_goes_the_same_way() -> None:
    def telemetry(at_ms: int, value: float) -> bytes:
        reading = Reading(metric="cryostat.temperature", unit="K", value=value)
        return msgspec.json.encode(
            Telemetry(device=DeviceId("a"), source="probe", unix_ns=START_NS + at_ms * 10**6, readings=(reading,))
        )

    one = TelemetryPipeline(
        "telemetry",
        0,
        sample=count,
        length_s=LENGTH_S,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=Positions(),
        stored=0,
    )
    now_ms = START_NS // 10**6
    messages = [Message(index, now_ms + 500 * index, telemetry(500 * index, 4.2)) for index in range(60)]
    finished = [done for message in messages for done in one.feed([message])]
    rows = [row for done in finished for row in done.batch.tables[tables.TELEMETRY].to_pylist()]
    assert len(rows) >= 55
    assert {row["value"] for row in rows} == {4.2}
    assert [sample.estimate.counts["records"] for sample in sampled(finished)][:4] == [1, 8, 8, 8]
