"""The guard alone; against the engine it is tests/conformance/test_reader.py."""

import pytest

from embedded.engine.errors import ClickHouseError
from embedded.engine.guard import Guard


@pytest.fixture
def guard() -> Guard:
    return Guard(["file", "url", "numbers", "someNewSource", "view", "merge"], ["any", "argMax"])


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


REFERENCES = [
    "arrayMap(file, ['/x'])",
    "arrayMap(`file`, ['/x'])",
    "arrayMap(\"file\", ['/x'])",
    "arrayMap((file), ['/x'])",
    "arrayMap(((`file`)), ['/x'])",
    "arrayMap /* */ (/* */ file, ['/x'])",
    "`arrayMap`(file, ['/x'])",
    "arrayMap(file AS f, ['/x'])",
    "arrayFilter(file, ['/x'])",
    "arrayExists(FILE, ['/x'])",
    "arrayFold(file, ['/x'], '')",
    "mapApply(file, map('/x', '/x'))",
    "arrayMap(showCertificate, [1])",
]


@pytest.mark.parametrize("expression", REFERENCES)
def test_functions_by_their_bare_names_are_refused(guard: Guard, expression: str) -> None:
    with pytest.raises(ClickHouseError, match="the function"):
        guard.check(f"SELECT {expression}")


@pytest.mark.parametrize("parent", ["arrayMap", "mapApply", "someNewFunction", "identity", "anyfile"])
@pytest.mark.parametrize("name", ["file", "FILE", "url", "file (alias x)"])
def test_bare_names_in_trees(guard: Guard, parent: str, name: str) -> None:
    rows = [
        "SelectWithUnionQuery (children 1)",
        " ExpressionList (children 1)",
        f"  Function {parent} (alias y) (children 1)",
        "   ExpressionList (children 2)",
        "    Function any (children 1)",
        "     ExpressionList (children 1)",
        "      Identifier a",
        f"    Identifier {name}",
    ]
    with pytest.raises(ClickHouseError, match="the function"):
        guard.check_tree(rows)


@pytest.mark.parametrize("parent", ["any", "argMax", "anyIf", "argMaxOrNullIf", "equals", "in"])
def test_columns_may_be_called_like_functions(guard: Guard, parent: str) -> None:
    guard.check_tree([
        "SelectWithUnionQuery (children 1)",
        " ExpressionList (children 1)",
        f"  Function {parent} (children 1)",
        "   ExpressionList (children 2)",
        "    Identifier file",
        "    Identifier t.url",
        "  Identifier file",
    ])  # fmt: skip
    guard.check(f"SELECT {parent}(file), file FROM t")


def test_names_that_would_forge_lines_of_the_tree_are_refused(guard: Guard) -> None:
    with pytest.raises(ClickHouseError, match="line breaks"):
        guard.check("SELECT 1 AS `x\n    Function any`")


@pytest.mark.parametrize("sql", ["SELECT * FROM 'system'.x", "SHOW COLUMNS FROM a.'x'", "SHOW COLUMNS FROM x FROM 'sys\\x74em'"])
def test_strings_are_no_names(guard: Guard, sql: str) -> None:
    with pytest.raises(ClickHouseError, match="a string for"):
        guard.check(sql)


@pytest.mark.parametrize("sql", ["SHOW COLUMNS FROM x FROM system", "SHOW INDEX FROM x IN `system`", "SHOW TABLES FROM _files"])
def test_show_looks_into_no_closed_database(guard: Guard, sql: str) -> None:
    with pytest.raises(ClickHouseError, match="the database"):
        guard.check(sql)


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
