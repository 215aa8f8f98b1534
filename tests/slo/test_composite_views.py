"""Views of composites say what the stream says: every mode, parts of every kind, composites in composites and along a path."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from console.fleet_report.document import table
from console.fleet_report.gathering import Gathering
from schemas.exclusion import ExclusionNotice
from schemas.ids import IndicatorId, SubjectId
from schemas.records import Verdict
from slo.budget_views import view_statements
from slo.composite_watch import CompositeSnapshot
from slo.evaluation import Evaluation, Evaluator
from slo.exclusions import Exclusion
from slo.fleet_report import wholes
from slo.instant import NS
from slo.objective import Composite, EmptySlices, Method, Mode, Objective, Part
from slo.period import CalendarWindow
from slo.tiers import Tier
from slo.topology import Topology
from storage.client import Client, StoreAddress, connect
from storage.reader import Reader
from storage.writer import Writer
from streams.slo_rows import SloRows
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.slo.samples import definitions, objective, sample
from tests.storage.tables.test_judgements import stored

pytestmark = [pytest.mark.stack, pytest.mark.slow]
T = 1_790_000_000
PERIOD_S = 400
TIERS = (
    Tier("quick", "page", 50, 200, Fraction(2)),
    Tier("slow", "ticket", 90, 300, Fraction(1), minimum_events=12),
)
UNDER = objective(TIERS, target=Fraction(9, 10), period_s=PERIOD_S)
assert UNDER.criterion
OTHER = replace(UNDER.criterion, indicator=IndicatorId("sps.M2"))
CALENDAR = CalendarWindow(10, "m", datetime(2026, 1, 1, 0, 3), "UTC")  # noqa: DTZ001 - a wall clock's
LEAVES = {
    "events": UNDER,
    "other": replace(UNDER, criterion=OTHER),
    "calendar": replace(UNDER, window=CALENDAR),
    "other calendar": replace(UNDER, criterion=OTHER, window=CALENDAR),
    "slices": replace(UNDER, method=Method.TIMESLICES, slice_s=30, slice_ratio=Fraction(3, 4), empty_slices=EmptySlices.BAD),
    "averaged": replace(UNDER, method=Method.RATIO_TIMESLICES, slice_s=30),
}


def whole(mode: Mode, *parts: str, **changes: Any) -> Objective:
    made = tuple(Part(name, Fraction(place, 3), Fraction(90 + place, 100)) for place, name in enumerate(parts, 1))
    return replace(UNDER, criterion=None, composite=Composite(mode, made), **changes)


WHOLES = {
    "it's weighted": whole(Mode.WEIGHTED, "events", "other", "averaged"),
    "worst": whole(Mode.WORST, "slices", "events", "other"),
    "serial": whole(Mode.SERIAL, "events", "averaged", subjects=("sps-*", "!sps-[b-y]")),
    "of wholes": whole(Mode.WEIGHTED, "serial", "it's weighted", "other"),
    "by calendar": whole(Mode.SERIAL, "calendar", "other calendar", window=CALENDAR),
    "path": whole(Mode.SERIAL, "events", subjects=("link-*",)),
    "route": whole(Mode.WORST, "path", "other", subjects=("link-?",)),
}
KINDS = {name: replace(each, name=name) for name, each in (LEAVES | WHOLES).items()}
A, B, LINK, CRYOSTAT = (SubjectId(name) for name in ("sps-a", "sps-b", "link-c", "cryostat"))
TOPOLOGY = Topology({A: (CRYOSTAT,), LINK: (A, B)}, {LINK: (A, B)})
PLANNED = [Exclusion((T + 900) * NS, (T + 960) * NS, "pump", "gpb", CRYOSTAT)]
OUT = Exclusion((T + 1_000) * NS, (T + 1_050) * NS, "new fibre", "gpb", LINK)
VERDICTS = (*[Verdict.GOOD] * 6, Verdict.BAD, Verdict.INSUFFICIENT)


@dataclass
class Told:
    """What the stream came to."""

    rows: SloRows
    wholes: dict[tuple[str, str], CompositeSnapshot]

    def hear(self, evaluation: Evaluation) -> None:
        self.wholes |= {(each.objective.name, each.subject): each for each in evaluation.composites}


@pytest.fixture(scope="module")
def stream() -> Told:
    chance = random.Random(5)
    evaluator = Evaluator(definitions(*KINDS.values()), topology=TOPOLOGY)
    state, told = evaluator.initial(), Told(SloRows(KINDS), {})
    for subject, planned in ((each, PLANNED[0]) for each in (A, LINK)):
        state, evaluation = evaluator.exclude(state, replace(planned, subject=subject))
        told.hear(evaluation)
    for end in range(T, T + 1_200, 10):
        for subject, indicator in ((A, "sps.M1"), (B, "sps.M1"), (A, "sps.M2")):
            if chance.random() < 0.2 or (indicator == "sps.M2" and end > T + 700):
                continue
            one = sample(end, chance.choice(VERDICTS), subject=subject)
            one = msgspec.structs.replace(one, indicator=IndicatorId(indicator))
            for each in (one, *(part for _, part in evaluator.as_member(one))):
                state, evaluation = evaluator.step(state, each)
                told.rows.add(each, evaluation)
                told.hear(evaluation)
    state, evaluation = evaluator.exclude(state, OUT)
    told.hear(evaluation)
    notice = ExclusionNotice(
        subject=OUT.subject, start_unix_ns=OUT.start_ns, end_unix_ns=OUT.end_ns, reason=OUT.reason, who=OUT.who
    )
    told.rows.exclude(notice, evaluation)
    return told


@pytest.fixture(scope="module")
def address(engine: EmbeddedEngine, stream: Told) -> StoreAddress:
    made = migrated(engine, "composite_views")
    writer = Writer(made, "a-worker")
    writer.write(stored("indicators", 0, **stream.rows.tables()))
    writer.close()
    with connect(made) as client:
        for statement in view_statements(KINDS.values(), PLANNED, T, TOPOLOGY):
            client.command(statement)
    return made


@pytest.fixture
def client(address: StoreAddress) -> Iterator[Client]:
    with connect(address) as made:
        yield made


def fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def test_windows_are_the_streams(client: Client, stream: Told) -> None:
    found = client.query(
        "SELECT objective, subject, toUnixTimestamp(at) AS at, window_s, toString(events) AS events, insufficient, excluded, "
        "error_ratio, burn_rate FROM slo_composite_windows"
    ).to_pylist()
    seen = {
        (row["objective"], row["subject"], row["window_s"]): (
            *(row["at"], Fraction(row["events"]), row["insufficient"], row["excluded"]),
            *(fraction(row["error_ratio"]), fraction(row["burn_rate"])),
        )
        for row in found
    }
    expected = {
        (*key, window_s): (
            *(snapshot.at_unix_s, window.counts.events, window.counts.insufficient, window.counts.excluded),
            *(snapshot.error_ratio(window_s), snapshot.burn_rate(window_s)),
        )
        for key, snapshot in stream.wholes.items()
        for window_s, window in snapshot.windows
    }
    for kind in WHOLES:
        assert {key: row for key, row in seen.items() if key[0] == kind} == {
            key: row for key, row in expected.items() if key[0] == kind
        }
    assert {key[:2] for key in expected} >= {("path", LINK), ("route", LINK), ("serial", A), ("of wholes", B)}
    assert ("serial", B) not in {key[:2] for key in expected}
    assert any(row[3] for key, row in expected.items() if key[1] == LINK)


def test_budgets_and_tiers_are_the_streams(client: Client, stream: Told) -> None:
    remaining = client.query("SELECT objective, subject, remaining_ratio FROM slo_composite_budgets").to_pylist()
    assert {(row["objective"], row["subject"]): fraction(row["remaining_ratio"]) for row in remaining} == {
        key: snapshot.remaining_ratio for key, snapshot in stream.wholes.items()
    }
    rows = client.query("SELECT objective, subject, severity, tier FROM slo_composite_tiers WHERE fires").to_pylist()
    assert {tuple(row.values()) for row in rows} == {
        (*key, severity, tier)
        for key, snapshot in stream.wholes.items()
        for severity, tiers in snapshot.above.items()
        for tier in tiers
    }
    assert len(rows) > 5


def test_a_report_over_the_period_says_the_same(address: StoreAddress, stream: Told) -> None:
    """Of the composites that are as of the newest sample of all, where the report's stretch ends."""
    newest = max(snapshot.at_unix_s for snapshot in stream.wholes.values())
    parts: dict[tuple[str, SubjectId], tuple[Fraction, Fraction]] = {}
    with Reader(address) as reader:
        for row in reader.parts_counted(newest - PERIOD_S, newest):
            good, bad = parts.get((row.objective, row.subject), (Fraction(0), Fraction(0)))
            parts[row.objective, row.subject] = (good + Fraction(row.good, row.parts), bad + Fraction(row.bad, row.parts))
    found = wholes(KINDS.values(), parts)
    told = {
        key: each for key, each in stream.wholes.items() if each.at_unix_s == newest and each.objective.window == UNDER.window
    }
    assert {key[1] for key in told} >= {LINK}
    for (name, subject), snapshot in told.items():
        period, counted = snapshot.windows[-1][1], found[name, SubjectId(subject)]
        assert counted.reading == period.reading
        assert (counted.good, counted.bad) == period.counts[:2]


def test_reports_have_a_row_for_each_composite(address: StoreAddress, stream: Told) -> None:
    with Reader(address) as reader:
        report = Gathering(reader, definitions(*KINDS.values()), None, TOPOLOGY).report((T, T + 1_200))
    rows = {(each.objective.name, each.subject): each for each in report.promises if each.objective.composite}
    assert {key: each.remaining for key, each in rows.items()} == {
        key: snapshot.remaining_ratio for key, snapshot in stream.wholes.items()
    }
    link = rows["path", LINK]
    assert link.used is not None
    assert link.is_kept == (link.used <= 1)
    assert ",path,link-c," in table(report)
