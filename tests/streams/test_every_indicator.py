"""Every indicator of the five systems through the pipeline of its topic: as offline, and never a number of what is no data."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from console.estimating import Question, TagReading, estimate
from schemas.panes import PaneParameters
from schemas.records import AlertState, Estimate, IndicatorSample, Verdict
from schemas.topics import EVENTS, INDICATORS, MEASUREMENTS, TELEMETRY, TICK
from slo.catalogue import catalogue
from slo.definitions import load
from slo.judge import judge
from streams.estimators.registry import estimators
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Finished
from streams.pipelines import Knowledge, Pipelines
from tests.streams.every_indicator import KNOWN, NS, START_S, VALUES, damaged, records

CATALOGUE = catalogue()
COUNTED = [row.id for row in CATALOGUE.values() if not row.derived_from]
OF_JUDGING = {"spi.M10", "sps.M10", "qdp.M9"}
MEASURED = sorted(set(COUNTED) - OF_JUDGING)
DEFINITIONS = load()
RECORDS = records()
PIPELINES = Pipelines(Knowledge(DEFINITIONS, calibrations=KNOWN), WorkerMetrics(CollectorRegistry()))


def test_there_is_something_to_try_of_each_of_the_48() -> None:
    assert len(COUNTED) == 48
    assert sorted(RECORDS) == MEASURED


def topic_of(record: object) -> str:
    return {"Measurement": MEASUREMENTS, "Event": EVENTS, "Telemetry": TELEMETRY}[type(record).__name__].name


def streamed(topic: str, values: Sequence[bytes]) -> list[Finished]:
    """The pipeline's batches of these messages, which came in their time, and of silence after them."""
    one = PIPELINES.fresh()[topic]
    begin_ms = (START_S + 10) * 1_000
    log = [*values, *[TICK] * 100]
    messages = [Message(offset, begin_ms + (1_500 if value == TICK else 1) * offset, value) for offset, value in enumerate(log)]
    return [done for message in messages for done in one.feed([message])]


def sampled(finished: Sequence[Finished], indicator: str) -> list[IndicatorSample]:
    found = [out.record for done in finished for out in done.outgoing if isinstance(out.record, IndicatorSample)]
    return [one for one in found if one.indicator == indicator]


def letters(finished: Sequence[Finished]) -> list[str]:
    tables = [done.batch.tables["dead_letters"] for done in finished if "dead_letters" in done.batch.tables]
    return [row["reason"] for table in tables for row in table.to_pylist()]


def alike(one: Estimate, other: Estimate) -> None:
    assert one.counts == other.counts
    assert (one.unit, one.method, one.confidence) == (other.unit, other.method, other.confidence)
    for ours, theirs in ((one.value, other.value), (one.lower, other.lower), (one.upper, other.upper)):
        assert (ours is None) is (theirs is None)
        assert ours is None or ours == pytest.approx(theirs, rel=1e-12, abs=0)


@pytest.mark.parametrize("indicator", MEASURED)
def test_streamed_is_offline(indicator: str, tmp_path: Path) -> None:
    told = RECORDS[indicator]
    samples = sampled(streamed(topic_of(told[0]), [msgspec.json.encode(one) for one in told]), indicator)
    file = tmp_path / "records.json"
    file.write_bytes(b"\n".join(msgspec.json.encode(one) for one in told) + b"\n\n")
    if len(told) == 1:
        file.write_bytes(msgspec.json.encode(told[0]))
    row = CATALOGUE[indicator]
    first = samples[0]
    names = estimators()[row.estimators[0]].parameter_names
    given = {name: repr(value) for name, value in VALUES.items() if name in names}
    if first.estimate.parameters["interval"] == "time-uniform":
        given["interval"] = "time-uniform"
    offline = estimate(
        Question(row, None, [file], given), estimators(), "", None, TagReading(PaneParameters(), lambda _recording: iter(()))
    )
    alike(first.estimate, offline.outcome.estimate)
    assert first.estimate.lower is not None or first.estimate.upper is not None
    assert first.estimate.parameters["interval"] in {"fixed", "time-uniform"}


def test_budgets_and_alarms_are_as_offline(tmp_path: Path) -> None:
    def sample(index: int, subject: str, indicator: str, value: float) -> bytes:
        made = Estimate(
            value=value, lower=value * 0.99, upper=value * 1.01, confidence=0.95, counts={"n": 9}, unit="1", method="test"
        )
        return msgspec.json.encode(
            IndicatorSample(
                subject=subject,  # type: ignore[arg-type]
                indicator=indicator,  # type: ignore[arg-type]
                device=subject,  # type: ignore[arg-type]
                run="r",  # type: ignore[arg-type]
                end_unix_s=START_S + 10 * index,
                integration_s=10,
                estimate=made,
            )
        )

    watched = {"spi-a": ("spi.M4", 0.9), "qdp-a": ("qdp.M3", 0.95), "sps-a": ("sps.M1", 0.02)}
    bad = {"spi-a": 0.1, "qdp-a": 0.1, "sps-a": 0.9}
    values = [
        sample(index, subject, indicator, bad[subject] if 20 <= index < 50 else good)
        for index in range(121)
        for subject, (indicator, good) in watched.items()
    ]
    finished = streamed(INDICATORS.name, values)
    alerts = [out.record for done in finished for out in done.outgoing if isinstance(out.record, AlertState)]
    (last,) = [one for one in sampled(finished, "sps.M10") if one.end_unix_s == START_S + 1_200]
    file = tmp_path / "alerts.json"
    pages = [one for one in alerts if one.subject == "sps-a" and one.since_unix_s <= last.end_unix_s]
    file.write_bytes(b"\n".join(msgspec.json.encode(one) for one in pages) + b"\n")
    given = {"until_unix_s": str(last.end_unix_s)}
    reading = TagReading(PaneParameters(), lambda _recording: iter(()))
    offline = estimate(Question(CATALOGUE["sps.M10"], None, [file], given), estimators(), "", None, reading)
    alike(last.estimate, offline.outcome.estimate)
    assert last.estimate.counts["recoveries"] >= 1
    for indicator, subject in (("spi.M10", "spi-a"), ("qdp.M9", "qdp-a")):
        (burning,) = [one for one in sampled(finished, indicator) if one.end_unix_s == START_S + 1_200]
        (objective,) = DEFINITIONS.about(watched[subject][0], subject[:3])  # type: ignore[arg-type]
        file.write_text(
            json.dumps({"objective": objective.name, "target": str(objective.target), "good": 91, "bad": 30, "span_s": 1_200.0})
        )
        offline = estimate(Question(CATALOGUE[indicator], None, [file], {}), estimators(), "", None, reading)
        alike(burning.estimate, offline.outcome.estimate)


def undecided(sample: IndicatorSample) -> bool:
    """Whether no threshold that anybody holds it against makes it good or bad."""
    row = CATALOGUE[sample.indicator]
    criteria = [each.criterion for each in DEFINITIONS.about(row.id, row.systems[0])] or [row.target]
    return all(
        judge(sample.estimate, each.operator, each.threshold) is Verdict.INSUFFICIENT
        for each in criteria
        if each is not None and each.events is None
    )


RATES = {"spi.M5", "sps.M8", "qic.M4", "qic.M1", "spi.M7", "sps.M4"}
"""One count in a known time, or of known light, says much of a rate, and its interval how much."""
EXACT = {"spi.M9", "sps.M5", "qic.M7", "qdp.M4", "spi.M8", "qic.M8", "spc.M1", "spc.M2", "spc.M5", "spc.M6", "spc.M7"}
"""Times, temperatures and voltages: not counted."""

SINGLE = {"qdp.M8", "qic.M6"}
"""Each record is one calibration or command: none of them is no record."""


@pytest.mark.parametrize(
    ("indicator", "number"),
    [
        *((each, 0) for each in sorted(set(MEASURED) - EXACT - SINGLE)),
        *((each, 1) for each in sorted(set(MEASURED) - EXACT - RATES)),
    ],
)
def test_no_counts_and_one_count_decide_nothing(indicator: str, number: int) -> None:
    told = []
    for one in RECORDS[indicator][: 1 if number else None]:
        plain = json.loads(msgspec.json.encode(one))
        field = "data" if "data" in plain else "what"
        told.append(json.dumps({**plain, field: damaged(plain[field], number)}).encode())
    finished = streamed(topic_of(RECORDS[indicator][0]), told)
    samples = sampled(finished, indicator)
    assert samples or letters(finished)
    for sample in samples:
        assert undecided(sample), sample.estimate


def _not_numbers(text: str) -> str:
    return re.sub(r"(?<=[:\[,])-?\d+(\.\d+)?(e[-+]?\d+)?(?=[,\]}])", "NaN", text)


def _negative(plain: Any) -> Any:
    if isinstance(plain, bool | str) or plain is None:
        return plain
    if isinstance(plain, int | float):
        return -1 - abs(plain)
    if isinstance(plain, list):
        return [_negative(each) for each in plain]
    return {name: _negative(each) for name, each in plain.items()}


def _shorter(plain: dict[str, Any]) -> dict[str, Any]:
    """The first column loses its last row; what has no columns loses a field that it needs."""
    columns = [name for name, each in plain.items() if isinstance(each, list)]
    if columns and len(columns) > 1:
        return {**plain, columns[0]: plain[columns[0]][:-1]}
    needed = next(name for name in plain if name != "kind")
    return {name: each for name, each in plain.items() if name != needed}


@pytest.mark.parametrize("indicator", MEASURED)
def test_what_is_no_data_goes_to_the_dead_letters(indicator: str) -> None:
    told = RECORDS[indicator][0]
    plain = json.loads(msgspec.json.encode(told))
    field = next(each for each in ("data", "what", "readings") if each in plain)
    text = json.dumps({field: plain[field]}).replace(" ", "")
    whole = json.dumps({**plain, field: None})
    hostile = [
        json.dumps({**plain, "end_unix_ns": plain.get("start_unix_ns", 0) - NS, "unix_ns": -NS}).encode(),
        json.dumps({**plain, field: "7"}).encode(),
    ]
    if _not_numbers(text) != text:
        hostile.append(whole.replace(f'"{field}": null', _not_numbers(text)[1:-1]).encode())
    if field == "data":
        hostile.append(json.dumps({**plain, field: _shorter(plain[field])}).encode())
        if plain[field]["kind"] != "readout-shots":  # voltages may be negative
            hostile.append(json.dumps({**plain, field: _negative(plain[field])}).encode())
    finished = streamed(topic_of(told), hostile)
    assert sampled(finished, indicator) == []
    assert len(letters(finished)) == len(hostile)


@pytest.mark.parametrize("indicator", [each for each in COUNTED if DEFINITIONS.about(each, each[:3])])
def test_other_units_and_swapped_bounds_are_judged_by_nobody(indicator: str) -> None:
    def sample(**estimate: object) -> bytes:
        usual = {"value": 1.0, "lower": 0.9, "upper": 1.1, "confidence": 0.95, "counts": {"n": 5}, "method": "test"}
        subject = f"{indicator[:3]}-a"
        about = {"subject": subject, "device": subject, "run": "r", "indicator": indicator, "integration_s": 10}
        return msgspec.json.encode({**about, "end_unix_s": START_S, "estimate": {**usual, **estimate}})

    own = CATALOGUE[indicator].unit
    finished = streamed(INDICATORS.name, [sample(unit="furlong"), sample(unit=own, lower=1.2, upper=1.1)])
    assert letters(finished) == ["contradiction"] * 2
    assert not [done for done in finished if "verdicts" in done.batch.tables]
