"""Views of the store say what the stream says: random samples of many kinds of objective, through both."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from schemas.exclusion import ExclusionNotice
from schemas.ids import SubjectId
from schemas.records import Verdict
from slo.budget_views import view_statements
from slo.evaluation import Evaluator, EvaluatorState
from slo.exclusions import EVERYBODY, Exclusion
from slo.instant import NS
from slo.objective import EmptySlices, EventCounts, Method, Objective
from slo.period import CalendarWindow
from slo.tiers import Tier
from storage.client import Client, connect
from storage.past_verdicts import PastExclusion
from storage.writer import Writer
from streams.remembering import exclusion_of
from streams.slo_rows import SloRows
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.slo.samples import definitions, objective, sample
from tests.storage.tables.test_judgements import stored

pytestmark = [pytest.mark.stack, pytest.mark.slow]
T = 1_790_000_000
TIERS = (
    Tier("flash", "page", 20, 90, Fraction(8), minimum_events=3),
    Tier("quick", "page", 50, 200, Fraction(5)),
    Tier("slow", "ticket", 90, 300, Fraction(2), minimum_events=5),
)
UNDER = objective(TIERS, target=Fraction(9, 10), period_s=400)
SLICED = replace(UNDER, method=Method.TIMESLICES, slice_s=30, slice_ratio=Fraction(3, 4))
BERLIN = datetime(2026, 1, 1, 0, 3)  # noqa: DTZ001 - a wall clock's
assert UNDER.criterion
KINDS: dict[str, Objective] = {
    "events": UNDER,
    "events of samples": replace(UNDER, criterion=replace(UNDER.criterion, events=EventCounts("tries", good="wins"))),
    "minutes of a calendar": replace(UNDER, window=CalendarWindow(10, "m", BERLIN, "Europe/Berlin")),
    "months of a calendar": replace(UNDER, window=CalendarWindow(1, "M", BERLIN, "Europe/Berlin")),
    "last events": replace(UNDER, event_window=7),
    "it's sliced": SLICED,
    "empty slices are bad": replace(SLICED, empty_slices=EmptySlices.BAD),
    "empty slices are good": replace(SLICED, empty_slices=EmptySlices.GOOD),
    "averaged slices": replace(SLICED, method=Method.RATIO_TIMESLICES),
    "averaged slices, last of them": replace(SLICED, method=Method.RATIO_TIMESLICES, event_window=5),
    "averaged, empty ones are bad": replace(SLICED, method=Method.RATIO_TIMESLICES, empty_slices=EmptySlices.BAD),
    "capped": replace(UNDER, exclusion_cap=Fraction(1, 5)),
    "capped slices": replace(SLICED, exclusion_cap=Fraction(1, 10)),
    "safety": replace(UNDER, critical=True),
    "a third": replace(UNDER, target=Fraction(2, 3)),
}
KINDS = {name: replace(each, name=name) for name, each in KINDS.items()}
PLANNED = [Exclusion((T + 500) * NS, (T + 560) * NS + 5, "it's planned"), Exclusion((T + 2_000) * NS, (T + 2_030) * NS, "again")]
SUBJECTS = tuple(SubjectId(f"sps-{number}") for number in range(4))
VERDICTS = (*[Verdict.GOOD] * 6, Verdict.BAD, Verdict.INSUFFICIENT)


@dataclass
class Told:
    """What the stream came to."""

    evaluator: Evaluator
    state: EvaluatorState
    rows: list[SloRows]


def told(seed: int) -> Told:
    """Some subjects' samples, out of order, with gaps, of two runs; and exclusions whose ends become known later."""
    chance = random.Random(seed)
    evaluator = Evaluator(definitions(*KINDS.values()))
    state, rows = evaluator.initial(), [SloRows(KINDS)]
    for planned in PLANNED:
        state, _ = evaluator.exclude(state, planned)
    for subject in SUBJECTS:
        ends = [T + 10 * place for place in range(chance.randint(1, 150)) if chance.random() < 0.8]
        for run in ("a", "b"):
            for end in sorted(each for each in ends if chance.random() < 0.6):
                verdict = chance.choice(VERDICTS)
                one = sample(end, verdict, run=run, subject=subject)
                counts = {"tries": chance.randint(0, 9), "wins": chance.randint(0, 5)}
                one = msgspec.structs.replace(one, estimate=msgspec.structs.replace(one.estimate, counts={**counts, "any": 1}))
                state, evaluation = evaluator.step(state, one)
                rows[-1].add(one, evaluation)
                if chance.random() < 0.02:
                    state = exclude(evaluator, state, rows, told_of(chance, subject, end))
    return Told(evaluator, state, rows)


def told_of(chance: random.Random, subject: SubjectId, end: int) -> PastExclusion:
    start_ns = (end - chance.randint(0, 300)) * NS + chance.choice([0, 7])
    end_ns = chance.choice([None, start_ns + chance.randint(1, 150) * NS])
    return PastExclusion(
        chance.choice([subject, subject, EVERYBODY]), start_ns, end_ns, chance.choice(["warm-up", "pump"]), "gpb"
    )


def exclude(evaluator: Evaluator, state: EvaluatorState, rows: list[SloRows], told: PastExclusion) -> EvaluatorState:
    """Raise it; where its end is not known, say it a little later."""
    ends = [told.end_unix_ns] if told.end_unix_ns else [None, told.start_unix_ns + 77 * NS]
    for end_ns in ends:
        state, evaluation = evaluator.exclude(state, exclusion_of(told._replace(end_unix_ns=end_ns)))
        notice = ExclusionNotice(
            subject=told.subject, start_unix_ns=told.start_unix_ns, end_unix_ns=end_ns, reason=told.reason, who=told.who
        )
        rows[-1].exclude(notice, evaluation)
        rows.append(SloRows(KINDS))
    return state


@pytest.fixture(scope="module")
def stream() -> Told:
    return told(7)


@pytest.fixture(scope="module")
def client(engine: EmbeddedEngine, stream: Told) -> Iterator[Client]:
    address = migrated(engine, "budget_views")
    writer = Writer(address, "a-worker")
    for place, rows in enumerate(stream.rows):
        writer.write(stored("indicators", 8 * place, **rows.tables()))
    writer.close()
    with connect(address) as made:
        for statement in view_statements(KINDS.values(), PLANNED, T):
            made.command(statement)
        yield made


def asked(client: Client, sql: str) -> list[dict[str, Any]]:
    return client.query(sql).to_pylist()


def test_windows_are_the_streams(client: Client, stream: Told) -> None:
    found = asked(
        client,
        "SELECT objective, subject, toUnixTimestamp(at) AS at, window_s, toString(good) AS good, toString(bad) AS bad, "
        "toString(unit) AS unit, insufficient, excluded, error_ratio, burn_rate, is_period FROM slo_windows",
    )
    expected = {}
    for snapshot in stream.evaluator.budgets(stream.state):
        for window_s, counts in snapshot.windows:
            ratios = (snapshot.error_ratio(window_s), snapshot.burn_rate(window_s))
            expected[snapshot.objective, snapshot.subject, window_s] = (snapshot.at_unix_s, *counts, *ratios)
    seen = {
        (row["objective"], row["subject"], row["window_s"]): (
            row["at"],
            Fraction(int(row["good"]), int(row["unit"])),
            Fraction(int(row["bad"]), int(row["unit"])),
            row["insufficient"],
            row["excluded"],
            None if row["error_ratio"] is None else Fraction(row["error_ratio"]),
            None if row["burn_rate"] is None else Fraction(row["burn_rate"]),
        )
        for row in found
    }
    for kind in KINDS:
        assert {key: row for key, row in seen.items() if key[0] == kind} == {
            key: row for key, row in expected.items() if key[0] == kind
        }
    assert len(expected) == len(found) == len(KINDS) * len(SUBJECTS) * len(UNDER.windows_s)
    assert sum(row["is_period"] for row in found) == len(KINDS) * len(SUBJECTS)


def test_budgets_and_tiers_are_the_streams(client: Client, stream: Told) -> None:
    remaining = {
        (row["objective"], row["subject"]): None if row["remaining_ratio"] is None else Fraction(row["remaining_ratio"])
        for row in asked(client, "SELECT objective, subject, remaining_ratio FROM slo_budgets")
    }
    assert remaining == {(each.objective, each.subject): each.remaining_ratio for each in stream.evaluator.budgets(stream.state)}
    fires: dict[tuple[str, str, str], list[str]] = {}
    for row in asked(client, "SELECT objective, subject, severity, tier FROM slo_tiers WHERE fires"):
        fires.setdefault((row["objective"], row["subject"], row["severity"]), []).append(row["tier"])
    standing = {
        (name, subject, severity): sorted(each.tiers)
        for (subject, name), track in stream.state.tracks.items()
        for severity, each in track.standings.items()
        if each.firing
    }
    assert {key: sorted(tiers) for key, tiers in fires.items()} == standing
    assert len(standing) > 8
