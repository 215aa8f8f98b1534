"""Runbooks: one for each failure mode, short, and every query in them runs as it stands."""

import re
from pathlib import Path

import pytest

from slo.definitions import load
from storage.client import connect
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated

FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"
MODES = {"spi": 6, "spc": 6, "sps": 8, "qic": 7, "qdp": 7}
QUERY = re.compile(r'photonwatch sql "(.*?)"\n', re.DOTALL)


def test_every_failure_mode_has_one() -> None:
    wanted = {f"{system}.F{number}" for system, count in MODES.items() for number in range(1, count + 1)}
    assert {path.stem for path in FOLDER.glob("*.md")} == wanted


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_it_says_what_to_check_what_to_do_and_when_it_is_over(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {path.stem}: ")
    for part in ("**Alert:**", "## Check", "## Do", "## Over when"):
        assert part in text
    assert len(text.splitlines()) <= 60


def test_every_objective_names_one_that_is_there() -> None:
    root = FOLDER.parents[1]
    named = {objective.runbook for objective in load().objectives if objective.runbook}
    assert named
    assert [runbook for runbook in named if not (root / runbook).is_file()] == []


@pytest.mark.stack
def test_every_query_runs(engine: EmbeddedEngine) -> None:
    address = migrated(engine, "runbooks")
    queries = {query for path in FOLDER.glob("*.md") for query in QUERY.findall(path.read_text("utf-8"))}
    assert len(queries) > 20
    with connect(address) as client:
        for query in queries:
            client.query(query)
