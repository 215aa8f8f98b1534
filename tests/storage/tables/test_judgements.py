"""Samples, verdicts, budgets, alerts and annotations: what comes back is what went in."""

from fractions import Fraction

import pytest

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import AlertState, Annotation, Estimate, IndicatorSample, Shortfall, Verdict
from storage import tables
from storage.client import Client
from storage.reader import Reader
from storage.tables import BudgetWindow, StoredBudget
from storage.writer import Batch, Writer

pytestmark = pytest.mark.stack


def sample(subject: str, end: int = 1_790_000_010, **given: object) -> IndicatorSample:
    estimate = Estimate(
        value=0.0040,
        lower=1e-300,
        upper=None,
        confidence=0.95,
        counts={"central": 2, "side": 5_054},
        unit="1",
        method="g2-pulsed/1",
        parameters={"period_ps": 3_128.5, "side_peaks": 10, "normalisation": "nearest", "background": None, "found": True},
        warnings=("it's blinking ☂",),
    )
    values: dict[str, object] = {
        "subject": SubjectId(subject),
        "indicator": IndicatorId("sps.M1"),
        "device": DeviceId(subject),
        "run": RunId("run-1"),
        "end_unix_s": end,
        "integration_s": 10,
        "estimate": estimate,
        "firmware": "1.2",
        "lacks": (Shortfall(operator="lt", threshold="1/10", more={"central": 3, "side": 900}, seconds=12.5),),
    }
    return IndicatorSample(**{**values, **given})


def stored(topic: str, lo: int, **rows: object) -> Batch:
    return Batch(pipeline="slo-1", topic=topic, partition=0, lo=lo, hi=lo + 8, tables=rows, messages=8, crc=lo, positions=b"")


def test_samples_come_back_whole(writer: Writer, reader: Reader, device: str) -> None:
    samples = [sample(device, end) for end in (1_790_000_010, 1_790_000_020)]
    writer.write(stored(device, 0, **{tables.SAMPLES: tables.sample_rows(samples)}))
    assert reader.samples(SubjectId(device), IndicatorId("sps.M1")) == samples
    assert reader.samples(SubjectId(device), IndicatorId("sps.M1"), since=1_790_000_020) == samples[1:]
    assert reader.samples(SubjectId(device), IndicatorId("sps.M1"), limit=1) == samples[1:]
    assert samples[1] in reader.latest_samples(since=1_790_000_000)
    assert samples[0] not in reader.latest_samples(since=1_790_000_000)


def test_an_insufficient_verdict_says_what_it_lacks(writer: Writer, client: Client, device: str) -> None:
    one = sample(device)
    judged = [
        tables.JudgedSample(one, "purity", Verdict.INSUFFICIENT, 0, 0, 1, one.lacks[0]),
        tables.JudgedSample(one, "fit", Verdict.GOOD, 1, 0, 0),
    ]
    writer.write(stored(device, 0, **{tables.VERDICTS: tables.verdict_rows(judged)}))
    rows = client.query(
        "SELECT objective, more_counts, more_s FROM verdicts WHERE subject = {subject:String} ORDER BY objective",
        {"subject": device},
    ).to_pylist()
    assert [(row["objective"], dict(row["more_counts"]), row["more_s"]) for row in rows] == [
        ("fit", {}, None),
        ("purity", {"central": 3, "side": 900}, 12.5),
    ]


def test_of_a_sample_that_was_made_again_the_last_counts(writer: Writer, reader: Reader, device: str) -> None:
    first, again = sample(device), sample(device, firmware="1.3")
    writer.write(stored(device, 0, **{tables.SAMPLES: tables.sample_rows([first])}))
    writer.write(stored(device, 8, **{tables.SAMPLES: tables.sample_rows([again])}))
    assert reader.samples(SubjectId(device), IndicatorId("sps.M1")) == [again]


def test_budgets_stay_exact(writer: Writer, reader: Reader, device: str) -> None:
    budgets = [
        StoredBudget(
            SubjectId(device),
            "purity",
            1_790_000_000 + at,
            (BudgetWindow(300, 1, 2, 3, 4, Fraction(72, 5)), BudgetWindow(3_600, 0, 0, 0, 5, None)),
            remaining,
        )
        for at, remaining in ((0, None), (10, Fraction(-1, 3)))
    ]
    writer.write(stored(device, 0, **{tables.BUDGETS: tables.budget_rows(budgets)}))
    assert reader.budget_history(SubjectId(device), "purity") == budgets
    latest = [budget for budget in reader.budgets(since=1_790_000_000) if budget.subject == device]
    assert latest == budgets[1:]


def test_alerts_stand_as_after_their_last_transition(writer: Writer, reader: Reader, device: str) -> None:
    def alert(severity: str, since: int, *, firing: bool) -> AlertState:
        return AlertState(
            alert=f"purity/{device}/{severity}",
            objective="purity",
            subject=SubjectId(device),
            severity=severity,
            firing=firing,
            since_unix_s=1_790_000_000 + since,
            tiers=("page-quick", "page-slow") if firing else (),
            text="it's burning ☂",
            burn_rate="72/5" if firing else None,
            budget_remaining="-1/3" if firing else None,
            run=RunId("run-1"),
            firmware="1.2",
            runbook="purity.md",
            bad_since_unix_s=1_789_999_000 + since if firing else None,
        )

    transitions = [
        alert("page", 0, firing=True),
        alert("page", 5, firing=False),
        alert("page", 5, firing=True),
        alert("ticket", 1, firing=True),
        alert("ticket", 9, firing=False),
    ]
    writer.write(stored(device, 0, **{tables.ALERTS: tables.alert_rows(transitions)}))
    standing = [state for state in reader.alerts() if state.subject == device]
    assert standing == [transitions[2], transitions[4]]
    history = [state for state in reader.alert_history(since=1_790_000_000) if state.subject == device]
    assert history == [transitions[place] for place in (4, 2, 1, 3, 0)]


def test_annotations_come_back(writer: Writer, reader: Reader, device: str) -> None:
    notes = [
        Annotation(kind="fault", subject=SubjectId(device), start_unix_s=1_790_000_000.125, text="purity broken ☂"),
        Annotation(
            kind="maintenance",
            subject=SubjectId(device),
            start_unix_s=1_790_000_001.0,
            end_unix_s=1_790_003_600.5,
            text="cooling",
            author="me",
            attributes={"kelvin": 4.2, "planned": True},
        ),
    ]
    writer.write(stored(device, 0, **{tables.ANNOTATIONS: tables.annotation_rows(notes)}))
    assert reader.annotations(subject=SubjectId(device)) == notes
    assert reader.annotations(since=1_790_000_001, subject=SubjectId(device)) == notes[1:]
