"""The examples of docs/slo.md are true."""

import re
import time
from fractions import Fraction
from pathlib import Path

import pytest

from schemas.ids import SubjectId
from schemas.records import Verdict
from slo.assessment import assess
from slo.budget_views import view_statements
from slo.definitions import Definitions, load
from slo.evaluation import Evaluator
from slo.instant import NS
from slo.series_file import read_series
from slo.topology import Topology
from storage.client import connect
from storage.writer import Writer
from streams.slo_rows import SloRows
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.slo.samples import sample
from tests.slo.test_composite_watch import PATH
from tests.storage.tables.test_judgements import stored

DOCS = Path(__file__).parents[2] / "docs" / "slo.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)


def test_the_definition_judges_the_series(tmp_path: Path) -> None:
    (definition,), (series,) = blocks("yaml"), blocks("csv")
    for name, text in (("objective.yaml", definition), ("series.csv", series)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (objective,) = load([tmp_path / "objective.yaml"], shipped=False).objectives
    events = read_series(tmp_path / "series.csv", interval_ns=None, fallback_ns=NS).series
    found = assess(objective, events, int(events.ends_ns[-1]), with_transitions=True)
    assert found.snapshot.error_ratio(objective.period_s) == Fraction(12, 1_800)
    assert [turn.severity for turn in found.transitions] == ["page", "ticket"]


@pytest.mark.stack
def test_the_questions_are_answered(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Of a store that a stream filled until now: every example finds something."""
    (tmp_path / "path.yaml").write_text(PATH, "utf-8")
    link, source = SubjectId("link-ab"), SubjectId("sps-a")
    topology = Topology({}, {link: (source,)})
    known = load([tmp_path / "path.yaml"])
    evaluator = Evaluator(known, topology=topology)
    state, rows = evaluator.initial(), SloRows({each.name: each for each in known.objectives})
    now_s = int(time.time())
    for end in range(now_s - 600, now_s, 10):
        one = sample(end, Verdict.BAD, subject=source)
        for each in (one, *(part for _, part in evaluator.as_member(one))):
            state, evaluation = evaluator.step(state, each)
            rows.add(each, evaluation)
    address = migrated(engine, "docs_slo")
    writer = Writer(address, "a-worker")
    writer.write(stored("indicators", 0, **rows.tables()))
    writer.close()
    with connect(address) as client:
        for statement in view_statements(known.objectives, [], now_s, topology):
            client.command(statement)
        answers = [client.query(question).to_pylist() for question in blocks("sql")]
    assert len(answers) == 5
    assert all(answers)
    assert {row["objective"] for row in answers[2]} >= {"sps-g2-zero"}
    assert [(row["objective"], row["subject"], row["error_ratio"]) for row in answers[3]] == [("path", link, "1")]
    assert answers[4] == [{"cause": "unknown", "firmware": "2.4.1", "lost": 60 * len(concerned(known))}]


def concerned(known: Definitions) -> list[str]:
    """The objectives that judge the samples."""
    return [each.name for each in known.objectives if each.criterion and each.criterion.indicator == "sps.M1"]
