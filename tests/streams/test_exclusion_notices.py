"""Time in which a device says that it is not to be measured is excluded in the stream: not judged, and averaged into nothing."""

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas.events import Event, Heartbeat, State
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Annotation, Estimate, IndicatorSample
from schemas.topics import ANNOTATIONS, EVENTS, INDICATORS, TICK
from slo.definitions import load
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.pipelines import Knowledge, Pipelines

START_S, NS = 1_800_000_000, 10**9
BAD = {"value": 0.9, "lower": 0.8, "upper": 0.95}
GOOD = {"value": 0.02, "lower": 0.01, "upper": 0.03}


def sample(end_s: int, estimate: dict[str, float]) -> IndicatorSample:
    made = Estimate(**estimate, confidence=0.95, counts={"central_counts": 9}, unit="1", method="test")
    return IndicatorSample(
        subject=SubjectId("sps-a"),
        indicator=IndicatorId("sps.M1"),
        device=DeviceId("sps-a"),
        run=RunId("r"),
        end_unix_s=START_S + end_s,
        integration_s=10,
        estimate=made,
    )


def beat(sequence: int, end_s: int, state: State) -> Event:
    return Event(
        subject=SubjectId("sps-a"),
        device=DeviceId("sps-a"),
        run=RunId("r"),
        source="sps-a",
        sequence=sequence,
        start_unix_ns=(START_S + end_s - 5) * NS,
        end_unix_ns=(START_S + end_s) * NS,
        what=Heartbeat(state=state),
    )


def judged(told: str, records: list[msgspec.Struct]) -> dict[int, str]:
    """Verdicts on a source that is bad from 50 s to 150 s, by the ends of its samples, when these records were told before."""
    pipelines = Pipelines(Knowledge(load()), WorkerMetrics(CollectorRegistry())).fresh()

    def feed(topic: str, values: list[msgspec.Struct]) -> list[Finished]:
        raw = [*(msgspec.json.encode(value) for value in values), *[TICK] * 8]
        start_ms = START_S * 1_000
        messages = [Message(offset, start_ms + 200 * offset, value) for offset, value in enumerate(raw)]
        return [done for message in messages for done in pipelines[topic].feed([message])]

    told_of = [out.record for done in feed(told, records) for out in done.outgoing if out.topic == INDICATORS]
    samples = [sample(end, BAD if 50 < end <= 150 else GOOD) for end in range(10, 400, 10)]
    judging = [done.batch.tables.get("verdicts") for done in feed(INDICATORS.name, [*told_of, *samples])]
    rows = [row for table in judging if table is not None for row in table.to_pylist()]
    return {int(row["time"].timestamp()) - START_S: row["verdict"] for row in rows if row["indicator"] == "sps.M1"}


@pytest.mark.parametrize("state", [State.WARM_UP, State.CALIBRATION, State.MAINTENANCE])
def test_what_a_device_says_of_itself(state: State) -> None:
    beats = [beat(number, 5 * number, state if 50 < 5 * number <= 130 else State.OPERATIONAL) for number in range(1, 60)]
    verdicts = judged(EVENTS.name, beats)
    assert {end for end, verdict in verdicts.items() if verdict == "excluded"} == set(range(60, 170, 10))  # and 30 s to settle
    assert "bad" not in verdicts.values()


def test_a_device_that_is_down_is_not_excused() -> None:
    beats = [beat(number, 5 * number, State.DOWN if 50 < 5 * number <= 130 else State.OPERATIONAL) for number in range(1, 60)]
    verdicts = judged(EVENTS.name, beats)
    assert "excluded" not in verdicts.values()
    assert [end for end, verdict in verdicts.items() if verdict == "bad"] == list(range(60, 160, 10))


def test_what_people_say() -> None:
    note = Annotation(
        kind="maintenance",
        subject=SubjectId("sps-a"),
        start_unix_s=START_S + 45.0,
        end_unix_s=START_S + 100.0,
        text="new pump",
        author="gpb",
    )
    verdicts = judged(ANNOTATIONS.name, [note])
    assert [end for end, verdict in verdicts.items() if verdict == "excluded"] == list(range(50, 110, 10))
    assert [end for end, verdict in verdicts.items() if verdict == "bad"] == list(range(110, 160, 10))
