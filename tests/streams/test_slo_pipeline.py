"""Samples in, verdicts, budgets and alerts out; a restart goes on as if nothing had happened."""

from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample, Verdict
from schemas.topics import TICK
from slo.counts import ONE_OF
from slo.definitions import load
from slo.evaluation import Evaluator, Judged
from storage import tables
from streams import positions as positions_codec
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.positions import Positions
from streams.slo_pipeline import SloPipeline
from tests.streams.tag_logs import log

START_S = 1_800_000_000


def sample(index: int, g2: float, subject: str = "sps-a") -> bytes:
    estimate = Estimate(
        value=g2,
        lower=g2 * 0.9,
        upper=g2 * 1.1,
        confidence=0.95,
        counts={"central_counts": 9, "side_counts": 900},
        unit="1",
        method="test",
    )
    return msgspec.json.encode(
        IndicatorSample(
            subject=SubjectId(subject),
            indicator=IndicatorId("sps.M1"),
            device=DeviceId(subject),
            run=RunId("r"),
            end_unix_s=START_S + 10 * index,
            integration_s=10,
            estimate=estimate,
        )
    )


def pipeline(positions: Positions | None = None, judged: list[Judged] | None = None) -> SloPipeline:
    return SloPipeline(
        "indicators",
        1,
        evaluator=Evaluator(load()),
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=positions or Positions(),
        judged=judged or [],
    )


def run(one: SloPipeline, messages: list[Message]) -> list[Finished]:
    return [finished for message in messages for finished in one.feed([message])]


def rows(finished: list[Finished], table: str) -> list[dict[str, Any]]:
    return [row for one in finished if table in one.batch.tables for row in one.batch.tables[table].to_pylist()]


def restored(row: dict[str, Any]) -> Judged:
    verdict = Verdict(row["verdict"])
    end_unix_s = int(row["time"].timestamp())
    return Judged(row["objective"], row["subject"], row["indicator"], row["run"], end_unix_s, verdict, ONE_OF[verdict])


def history() -> list[Message]:
    values = [sample(index, 0.9 if 40 <= index < 52 else 0.02) for index in range(90)]
    values[60:60] = [sample(3, 0.9), b"junk", sample(59, 0.9)]  # republished after a crash, and rubbish
    return log(values, step_ms=(30, 200))


def test_a_bad_stretch_burns_the_budget_alerts_and_clears() -> None:
    finished = run(pipeline(), history())
    verdicts = [row["verdict"] for row in rows(finished, tables.VERDICTS)]
    assert verdicts.count("bad") == 12
    assert verdicts.count("good") >= 70
    transitions = [row for row in rows(finished, tables.ALERTS) if row["severity"] == "page"]
    assert transitions[0]["firing"]
    assert START_S + 400 <= transitions[0]["time"].timestamp() <= START_S + 430
    assert [row["reason"] for row in rows(finished, tables.DEAD_LETTERS)] == ["malformed"]
    budgets = rows(finished, tables.BUDGETS)
    assert budgets[-1]["remaining"] < 0
    assert len({(row["subject"], row["time"]) for row in rows(finished, tables.SAMPLES)}) == len(rows(finished, tables.SAMPLES))


def test_a_restart_goes_on_with_the_same_batches() -> None:
    messages = history()
    whole = run(pipeline(), messages)
    for index in range(0, len(whole), 4):
        positions = positions_codec.decode(whole[index].batch.positions)
        judged = [restored(row) for row in rows(whole[: index + 1], tables.VERDICTS)]
        again = run(pipeline(positions, judged), [message for message in messages if message.offset >= positions.resume])
        assert [one.batch.tables for one in again] == [one.batch.tables for one in whole[index + 1 :]]
        assert [one.batch.positions for one in again] == [one.batch.positions for one in whole[index + 1 :]]


def test_samples_with_impossible_numbers_are_buried_and_blind_nobody() -> None:
    def changed(**changes: Any) -> bytes:
        honest = msgspec.json.decode(sample(5, 0.02))
        honest["estimate"] |= changes.pop("estimate", {})
        return msgspec.json.encode(honest | changes)

    bad = [
        changed(integration_s=-1),
        changed(estimate={"counts": {"central_counts": 1 << 62}}),
        changed(end_unix_s=START_S + 10_000_000),
        changed(estimate={"unit": "Hz"}),
    ]
    finished = run(pipeline(), log([sample(1, 0.02), *bad, sample(5, 0.02), *[TICK] * 6], step_ms=(150, 160)))
    assert [row["reason"] for row in rows(finished, tables.DEAD_LETTERS)] == ["contradiction"] * 4
    assert len(rows(finished, tables.VERDICTS)) == 2
