"""The guard alone; against the engine it is tests/conformance/test_reader.py."""

import pytest

from embedded.engine.errors import ClickHouseError
from embedded.engine.guard import Guard


@pytest.fixture
def guard() -> Guard:
    return Guard(["file", "url", "numbers", "someNewSource", "view", "merge"])


def test_table_functions_that_nobody_vouched_for_are_refused(guard: Guard) -> None:
    guard.check("SELECT * FROM numbers(3)")
    for name in ("someNewSource", "SOMENEWSOURCE", "`someNewSource`"):
        with pytest.raises(ClickHouseError, match="may not be used"):
            guard.check(f"SELECT * FROM {name}('x')")


@pytest.mark.parametrize(
    "rows",
    [
        ["DropQuery  t"],
        ["InsertQuery   (children 2)"],
        ["SystemQuery"],
        ["ShowProcesslistQuery"],
        ["SomethingNew (children 1)"],
        ["SelectWithUnionQuery (children 1)", "  Function file (children 1)"],
        ["SelectWithUnionQuery (children 1)", "  Function FILE (alias x) (children 1)"],
        ["SelectWithUnionQuery (children 1)", "  Function someNewSource (alias n) (children 1)"],
        ["SelectWithUnionQuery (children 1)", "    ColumnsApplyTransformer"],
        ["SelectWithUnionQuery (children 1)", "      TableIdentifier system.processes (alias p)"],
        ["SelectWithUnionQuery (children 1)", "      Identifier system.processes"],
        ["SelectWithUnionQuery (children 1)", "      TableIdentifier _files.x"],
        ["Explain EXPLAIN (children 1)", " InsertQuery   (children 1)"],
        ["SelectWithUnionQuery (children 1)", "\x00?"],
    ],
)
def test_trees_are_refused(guard: Guard, rows: list[str]) -> None:
    with pytest.raises(ClickHouseError) as raised:
        guard.check_tree(rows)
    assert raised.value.code == 497


def test_trees_may_pass(guard: Guard) -> None:
    guard.check_tree([
        "SelectWithUnionQuery (children 1)",
        " ExpressionList (children 1)",
        "  SelectQuery (children 2)",
        "   Literal \\'DropQuery system.processes\\'",
        "   Function numbers (alias n) (children 1)",
        "   TableIdentifier system.one",
        "   TablesInSelectQuery (children 1)",
        "   Identifier a",
    ])  # fmt: skip


@pytest.mark.parametrize("name", ["system", "System", "_files"])
def test_closed_databases(guard: Guard, name: str) -> None:
    for refused in (
        lambda: guard.check_database(name),
        lambda: guard.check(f"USE {name}"),
        lambda: guard.check(f"SELECT * FROM {name}.x"),
    ):
        with pytest.raises(ClickHouseError):
            refused()
    guard.check_database("photonwatch")
