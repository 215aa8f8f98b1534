"""The view of spending says what ``photonwatch slo spent`` says, of random happenings."""

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import msgspec
import pytest

from console.fleet_report.gathering import Gathering
from schemas.exclusion import ExclusionNotice
from schemas.exercise import exercise_name
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState, Annotation, Verdict
from slo.budget_views import view_statements
from slo.evaluation import Evaluator
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.spending import By, Share
from slo.topology import Topology
from storage import tables
from storage.client import Client, StoreAddress, connect
from storage.reader import Reader
from storage.writer import Writer
from streams.slo_rows import SloRows
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.slo.samples import definitions, objective, sample
from tests.storage.tables.test_judgements import stored

pytestmark = [pytest.mark.stack, pytest.mark.slow]
T, END = 1_790_000_000, 1_790_003_000
A, B, LASER, CRYOSTAT = (SubjectId(name) for name in ("sps-a", "sps-b", "laser", "cryostat"))
TOPOLOGY = Topology({A: (LASER,), LASER: (CRYOSTAT,), B: (CRYOSTAT,)})
UNDER = replace(objective(name="it's capped", period_s=3_600), exclusion_cap=Fraction(1, 20))
SAFE = replace(UNDER, name="safe", critical=True)
OUT = Exclusion((T + 500) * NS, (T + 900) * NS, "pump", "gpb", A)


def notes(chance: random.Random) -> Iterator[Annotation]:
    for _ in range(14):
        start = T + chance.randint(0, 2_500) + chance.choice([0, 0.25])
        lasts = chance.choice([None, 10.5, 100, 400])
        text = chance.choice(["", "2.5.0", "o'clock"])
        note = Annotation(
            kind=chance.choice(["deploy", "fault"]), subject=chance.choice([A, B, LASER, CRYOSTAT]), start_unix_s=start, text=text
        )
        yield note
        if lasts is not None:  # told once more, with its end
            yield msgspec.structs.replace(note, end_unix_s=start + lasts)


def alarms(chance: random.Random) -> Iterator[AlertState]:
    for subject in (A, LASER, CRYOSTAT):
        firing, at = False, T + chance.randint(0, 600)
        while at < END:
            firing = not firing or chance.random() < 0.2
            yield AlertState(
                alert=f"lock/{subject}/page",
                objective="lock",
                subject=subject,
                severity="page",
                firing=firing,
                since_unix_s=at,
                tiers=(),
                text="",
                burn_rate=None,
                budget_remaining=None,
                run=RunId("r"),
            )
            at += chance.randint(20, 400)


@pytest.fixture(scope="module")
def address(engine: EmbeddedEngine) -> StoreAddress:
    made, chance = migrated(engine, "spending_view"), random.Random(3)
    objectives = {each.name: each for each in (UNDER, SAFE)}
    evaluator = Evaluator(definitions(*objectives.values()))
    state, rows = evaluator.initial(), SloRows(objectives)
    state, evaluation = evaluator.exclude(state, OUT)
    notice = ExclusionNotice(
        subject=OUT.subject, start_unix_ns=OUT.start_ns, end_unix_ns=OUT.end_ns, reason=OUT.reason, who=OUT.who
    )
    rows.exclude(notice, evaluation)
    for end in range(T, END, 10):
        for subject in (A, B, SubjectId(exercise_name(A, "k3"))):
            verdict = chance.choice([Verdict.GOOD, Verdict.BAD, Verdict.BAD])
            one = sample(end, verdict, subject=subject, run=f"run-{(end - T) // 1_000}")
            one = msgspec.structs.replace(one, firmware=chance.choice(["", "2.4", "2.5"]))
            state, evaluation = evaluator.step(state, one)
            rows.add(one, evaluation)
    writer = Writer(made, "a-worker")
    given = rows.tables() | {tables.ALERTS: tables.alert_rows(list(alarms(chance)))}
    writer.write(stored("indicators", 0, **given))
    for place, note in enumerate(notes(chance)):
        writer.write(stored("annotations", 8 * place, **{tables.ANNOTATIONS: tables.annotation_rows([note])}))
    writer.close()
    with connect(made) as client:
        for statement in view_statements(objectives.values(), [], T, TOPOLOGY):
            client.command(statement)
    return made


@pytest.fixture
def client(address: StoreAddress) -> Iterator[Client]:
    with connect(address) as made:
        yield made


@pytest.mark.parametrize("by", list(By))
def test_shares_are_those_of_the_command(address: StoreAddress, client: Client, by: By) -> None:
    with Reader(address) as reader:
        said = Gathering(reader, definitions(UNDER, SAFE), None, TOPOLOGY).spent((T + 100, END), by)
    rows = client.query(
        f"SELECT objective, if({by} = '', 'unknown', {by}) AS name, sum(bad) AS lost FROM slo_spent "
        f"WHERE time > {T + 100} AND time <= {END} GROUP BY objective, name ORDER BY objective, lost DESC, name"
    ).to_pylist()
    wholes: dict[str, int] = {}
    for row in rows:
        wholes[row["objective"]] = wholes.get(row["objective"], 0) + row["lost"]
    found: dict[str, list[Share]] = {}
    for row in rows:
        share = Share(row["name"], row["lost"], Fraction(row["lost"], wholes[row["objective"]]))
        found.setdefault(row["objective"], []).append(share)
    assert found == said
    if by is By.CAUSE:
        names = {share.name for share in found["safe"]}
        assert {"unknown", "cryostat: page of lock"} <= names
        assert any(name.startswith(("laser: deploy", "laser: fault")) for name in names)
    assert sum(share.bad for share in found["safe"]) > sum(share.bad for share in found["it's capped"])
