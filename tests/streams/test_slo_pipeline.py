"""Samples in, verdicts, budgets and alerts out; a restart goes on as if nothing had happened."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas.exclusion import ExclusionNotice
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import AlertState, Estimate, IndicatorSample
from schemas.topics import INDICATORS, TICK
from slo.alerts import Standing
from slo.catalogue import catalogue
from slo.counts import Bucket, Counts
from slo.definitions import load
from slo.evaluation import Evaluator, Remembered
from slo.exclusions import Exclusion
from slo.history import RunLengthHistory
from slo.instant import NS
from slo.layered_history import LayeredHistory
from slo.silence import NO_DATA
from storage import tables
from storage.past_verdicts import PastExclusion
from streams import positions as positions_codec
from streams.budget_sampling import ALARM, BudgetSampler
from streams.estimators.registry import estimators
from streams.log import LONGEST_MS, Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.positions import Positions
from streams.remembering import exclusion_of
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


DEFINITIONS = load()


def pipeline(
    positions: Positions | None = None,
    tracks: list[Remembered] | None = None,
    exclusions: list[Exclusion] | None = None,
    alarms: list[AlertState] | None = None,
) -> SloPipeline:
    objectives = {each.name: each for each in DEFINITIONS.objectives}
    return SloPipeline(
        "indicators",
        1,
        evaluator=Evaluator(DEFINITIONS),
        objectives=objectives,
        metrics=WorkerMetrics(CollectorRegistry()),
        positions=positions or Positions(),
        tracks=tracks or [],
        exclusions=exclusions or [],
        composites={},
        sampler=BudgetSampler(catalogue(), estimators(), objectives),
        alarms=alarms or [],
    )


def run(one: SloPipeline, messages: list[Message]) -> list[Finished]:
    return [finished for message in messages for finished in one.feed([message])]


def rows(finished: list[Finished], table: str) -> list[dict[str, Any]]:
    return [row for one in finished if table in one.batch.tables for row in one.batch.tables[table].to_pylist()]


def remembered(finished: list[Finished]) -> list[Remembered]:
    """What the store would give back of these batches."""
    verdicts, alerts = rows(finished, tables.VERDICTS), rows(finished, tables.ALERTS)
    found = []
    for key in sorted({(row["objective"], row["subject"]) for row in verdicts}):
        own = [row for row in verdicts if (row["objective"], row["subject"]) == key]
        past, ends, last_ends = RunLengthHistory(), [int(row["time"].timestamp()) for row in own], dict[RunId, int]()
        for row, end in zip(own, ends, strict=True):
            past.add(Bucket(end, Counts(row["good"], row["bad"], row["insufficient"])))
            last_ends[row["run"]] = end
        standings = {
            row["severity"]: Standing(row["firing"], int(row["time"].timestamp()), tuple(row["tiers"]))
            for row in alerts
            if (row["objective"], row["subject"]) == key and NO_DATA not in row["alert"]
        }
        history = LayeredHistory(past, RunLengthHistory())
        found.append(Remembered(*key, history, min(ends), max(ends), last_ends, standings))
    return found


def told(finished: list[Finished]) -> list[Exclusion]:
    """The exclusions of these batches."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def nanoseconds(time: Any) -> int:
        return int((time - epoch).total_seconds()) * NS

    return [
        exclusion_of(
            PastExclusion(
                row["subject"],
                nanoseconds(row["time"]),
                None if row["until"] is None else nanoseconds(row["until"]),
                row["reason"],
                row["who"],
            )
        )
        for row in rows(finished, tables.EXCLUSIONS)
    ]


def notice(start: int, end: int | None, reason: str = "calibration") -> bytes:
    return msgspec.json.encode(
        ExclusionNotice(
            subject=SubjectId("sps-a"),
            start_unix_ns=(START_S + 10 * start) * NS,
            end_unix_ns=None if end is None else (START_S + 10 * end) * NS,
            reason=reason,
            who="gpb",
        )
    )


def history(samples: int = 90) -> list[Message]:
    values = [sample(index, 0.9 if 40 <= index < 52 else 0.02) for index in range(samples)]
    # republished after a crash, and rubbish; maintenance that began in between
    values[60:60] = [sample(3, 0.9), b"junk", sample(59, 0.9), notice(61, 64)]
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


def alarms(finished: list[Finished]) -> list[AlertState]:
    """The alarms of these batches."""
    return [
        AlertState(
            alert=row["alert"],
            objective=row["objective"],
            subject=row["subject"],
            severity=row["severity"],
            firing=row["firing"],
            since_unix_s=int(row["time"].timestamp()),
            tiers=(),
            text="",
            burn_rate=None,
            budget_remaining=None,
            run=RunId(""),
            bad_since_unix_s=None if row["bad_since"] is None else int(row["bad_since"].timestamp()),
        )
        for row in rows(finished, tables.ALERTS)
        if row["severity"] == ALARM
    ]


def about_budgets(finished: list[Finished]) -> list[IndicatorSample]:
    """The samples that judging itself made."""
    return [out.record for one in finished for out in one.outgoing if out.topic == INDICATORS]  # type: ignore[misc]


def test_alarms_and_budgets_are_indicators_of_their_own() -> None:
    recovery = about_budgets(run(pipeline(), history()))
    assert {(one.subject, one.indicator, one.run) for one in recovery} == {("sps-a", "sps.M10", "r")}
    assert [one.end_unix_s // 60 for one in recovery] == list(range(START_S // 60, (START_S + 890) // 60 + 1))
    assert recovery[0].estimate.value is None
    assert "no alarm in 30 days" in recovery[0].estimate.warnings[0]
    fired, cleared, *again = (state.since_unix_s for state in alarms(run(pipeline(), history())))
    last = recovery[-1].estimate
    assert last.counts == {"recoveries": 2, "still_open": 0}
    assert last.parameters["total_s"] == cleared - fired + again[1] - again[0]
    assert last.parameters["time_to_detect_s"] == (fired + again[0]) / 2 - (START_S + 400)  # both rest on the bad ones from then
    nodes = [sample(index, 0.9 if 40 <= index < 52 else 0.02, "spi-a") for index in range(90)]
    dark = [msgspec.json.encode(msgspec.json.decode(one) | {"indicator": "spi.M4"}) for one in nodes]
    told = log(dark, step_ms=(30, 200))
    burning = about_budgets(run(pipeline(), [*told, Message(len(told), told[-1].timestamp_ms + LONGEST_MS, TICK)]))
    assert {one.indicator for one in burning} == {"spi.M10"}
    final = burning[-1].estimate
    assert (final.counts, final.parameters["objective"]) == ({"bad": 85 - 12, "events": 85}, "spi-indistinguishability")
    assert final.value == pytest.approx(73 / 85 / float(1 - target_of("spi-indistinguishability")))


def target_of(name: str) -> Fraction:
    return next(each.target for each in DEFINITIONS.objectives if each.name == name)


def test_a_restart_goes_on_with_the_same_batches() -> None:
    messages = history()
    whole = run(pipeline(), messages)
    for index in range(0, len(whole), 4):
        positions = positions_codec.decode(whole[index].batch.positions)
        before = whole[: index + 1]
        again = run(
            pipeline(positions, remembered(before), told(before), alarms(before)),
            [message for message in messages if message.offset >= positions.resume],
        )
        assert [one.batch.tables for one in again] == [one.batch.tables for one in whole[index + 1 :]]
        assert [one.batch.positions for one in again] == [one.batch.positions for one in whole[index + 1 :]]
        assert [one.outgoing for one in again] == [one.outgoing for one in whole[index + 1 :]]


def test_a_calibration_over_a_bad_stretch_takes_it_out_and_the_page_back() -> None:
    values = [sample(index, 0.9 if 40 <= index < 52 else 0.02) for index in range(70)]
    values[50:50] = [notice(39, None), notice(39, None)]
    values.append(notice(39, 51))
    finished = run(pipeline(), log([*values, *[TICK] * 8], step_ms=(150, 200)))
    pages = [row for row in rows(finished, tables.ALERTS) if row["severity"] == "page"]
    assert [row["firing"] for row in pages] == [True, False]
    assert pages[1]["text"].startswith("g²(0) of sps-a burns its budget no faster than allowed")
    assert "Time was excluded: calibration." in pages[1]["text"]
    assert [(row["reason"], row["who"]) for row in rows(finished, tables.EXCLUSIONS)] == [("calibration", "gpb")] * 2
    period = rows(finished, tables.BUDGETS)[-1]["windows"][-1]
    assert (period["good"], period["bad"], period["excluded"]) == (58, 0, 12)


def test_exclusions_without_reason_or_sense_are_buried() -> None:
    bad = [notice(5, 5), notice(5, 6, reason=""), b'{"kind":"exclusion"}']
    finished = run(pipeline(), log([*bad, *[TICK] * 8], step_ms=(150, 160)))
    assert [row["reason"] for row in rows(finished, tables.DEAD_LETTERS)] == ["contradiction", "contradiction", "malformed"]


def test_silence_has_its_own_alert_and_a_restart_forgets_nobody() -> None:
    def uptime(index: int) -> bytes:
        said = msgspec.json.decode(sample(index, 1.0))
        said["estimate"] |= {"lower": 1.0, "upper": 1.0}
        return msgspec.json.encode(said | {"indicator": "sps.M5", "firmware": "2.5.0"})

    values = [uptime(1), uptime(2), *[TICK] * 30, uptime(3), *[TICK] * 8]
    messages = log(values, step_ms=(60_000, 60_001))
    whole = run(pipeline(), messages)
    alerts = [row for row in rows(whole, tables.ALERTS) if NO_DATA in row["alert"]]
    assert [(row["alert"], row["severity"], row["firing"]) for row in alerts] == [
        ("sps-source-uptime/sps-a/page/no-data", "page", True),
        ("sps-source-uptime/sps-a/page/no-data", "page", False),
    ]
    assert alerts[0]["time"].timestamp() - messages[1].timestamp_ms / 1000 == pytest.approx(900, abs=1)
    assert "No data: source uptime of sps-a was last heard of at" in alerts[0]["text"]
    assert {(row["device"], row["run"], row["firmware"]) for row in alerts} == {("sps-a", "r", "2.5.0")}
    assert "Last run r with firmware 2.5.0." in alerts[0]["text"]
    for index in range(len(whole)):
        positions = positions_codec.decode(whole[index].batch.positions)
        before = whole[: index + 1]
        again = run(pipeline(positions, remembered(before)), [m for m in messages if m.offset >= positions.resume])
        assert [one.batch.tables for one in again] == [one.batch.tables for one in whole[index + 1 :]]


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
