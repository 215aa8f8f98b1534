"""The examples of docs/slo.md are true."""

import re
from fractions import Fraction
from pathlib import Path

from slo.assessment import assess
from slo.definitions import load
from slo.instant import NS
from slo.series_file import read_series

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


def test_the_questions_are_about_views_that_are_made() -> None:
    from slo.budget_views import VIEWS

    asked = {name for question in blocks("sql") for name in re.findall(r"FROM (\w+)", question)}
    assert asked == {"slo_budgets", "slo_windows", "slo_tiers"} <= set(VIEWS)
