"""What a reader may ask: a statement is refused before the engine sees it, whatever the engine's own read-only mode would let through.

Twice: by its tokens, and by the tree that the engine's own parser makes of it. The engine's role and read-only mode, and the confinement
of the process, stand behind both.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.lexer import Kind, Token, tokens, unquoted

_STATEMENTS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "EXISTS", "USE", "("})
_SHOWN = frozenset({
    "TABLES", "DATABASES", "COLUMNS", "FIELDS", "FULL", "EXTENDED", "CREATE", "TABLE", "DATABASE", "VIEW", "INDEX", "INDEXES", "INDICES",
    "KEYS", "FUNCTIONS", "SETTINGS", "SETTING", "ENGINES", "TEMPORARY", "DICTIONARIES", "CHANGED",
})  # fmt: skip
_EXPLAINED = frozenset({"AST", "SYNTAX", "QUERY", "TREE", "PLAN", "PIPELINE", "ESTIMATE"})
# Words that change something or hand a statement on, wherever they stand as a word of their own.
_FORBIDDEN_PAIRS = frozenset(
    {("INTO", "OUTFILE"), ("FROM", "INFILE"), ("INSERT", "INTO"), ("PARALLEL", "WITH"), ("EXECUTE", "AS")}
)
_TABLES = frozenset({
    "one", "numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "tables", "columns", "databases", "functions", "settings", "formats",
    "data_type_families", "aggregate_function_combinators", "time_zones", "table_engines", "table_functions", "collations", "keywords",
    "build_options", "contributors", "licenses", "unicode", "parts", "parts_columns", "data_skipping_indices", "current_roles",
    "enabled_roles", "documentation", "completions",
})  # fmt: skip
_CLOSED_DATABASES = frozenset({"system", "_files"})
_TABLE_FUNCTIONS = frozenset({
    "numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "generaterandom", "values", "null", "view",
    "format", "primes",
})  # fmt: skip
_FUNCTIONS = re.compile(
    r"file|chdb|python|ai[a-z]+|dictget.*|dicthas|dictisin|joinget.*|hascolumnintable|logtrace|showcertificate|catboostevaluate"
    r"|evalmlmethod|naivebayesclassifier.*|addressto.*|demangle|getclienthttpheader|currentrequesturl|getserversetting|getserverport"
    r"|getmacro|generateserialid|filesystem.*|region[a-z]*|transaction.*|zookeeper.*|reversednsquery|fuzzquery|globalvariable|__.*"
)
_TREE_ROOTS = frozenset({
    "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "DescribeQuery", "ExistsTableQuery", "ExistsDatabaseQuery",
    "ExistsViewQuery", "ExistsDictionaryQuery", "ShowTables", "ShowColumns", "ShowIndexes", "ShowFunctions", "ShowSettings", "ShowSetting",
    "ShowEngines", "ShowEngineQuery", "ShowCreateTableQuery", "ShowCreateViewQuery", "ShowCreateDatabaseQuery", "Explain", "UseQuery",
    "TablesInSelectQuery",
})  # fmt: skip
_TREE_LINE = re.compile(r"\s*(?P<node>[A-Za-z_]+) ?(?P<name>.*?)(?: \(alias .*\))?(?: \(children \d+\))?")


class Guard:
    """``table_functions`` are the names that the engine knows; those not known to be harmless are refused, new ones among them."""

    def __init__(self, table_functions: Iterable[str]) -> None:
        self._closed = frozenset(name.lower() for name in table_functions) - _TABLE_FUNCTIONS

    def check(self, sql: str) -> None:
        """Raises ACCESS_DENIED, saying what a reader may not use."""
        found = []
        for token in tokens(sql):
            if token.kind is not Kind.COMMENT:
                found.append(token)
            elif "/*" in token.text[2:]:
                raise _denied("comments in comments")
        if not found or found[0].upper not in _STATEMENTS:
            raise _denied(f"{found[0].text if found else 'empty'} statements")
        _check_opening(found)
        for token in found:
            _check_token(token)
        for here, after in pairwise(found):
            if (here.upper, after.upper) in _FORBIDDEN_PAIRS:
                raise _denied(f"{here.upper} {after.upper}")
            if after.upper == "(" and here.kind in (Kind.WORD, Kind.IDENTIFIER):
                self._check_function(unquoted(here))
        for database, dot, table in zip(found, found[1:], found[2:], strict=False):
            if dot.upper == ".":
                _check_table(unquoted(database), unquoted(table))

    def check_database(self, name: str) -> None:
        """Raises ACCESS_DENIED where unqualified names would be of a database that is closed to readers."""
        if name.lower() in _CLOSED_DATABASES:
            raise _denied(f"the database {name}")

    def check_tree(self, rows: Iterable[str]) -> None:
        """``rows`` are the lines of the engine's EXPLAIN AST of the statement. Raises ACCESS_DENIED like ``check``."""
        for number, row in enumerate(rows):
            line = _TREE_LINE.fullmatch(row)
            if line is None:
                raise _denied(f"what the engine reads as {row!r}")
            node, name = line["node"], line["name"]
            if (number == 0 or node.endswith("Query")) and node not in _TREE_ROOTS or node == "ColumnsApplyTransformer":
                raise _denied(f"{node} statements")
            if node == "Function":
                self._check_function(name)
            elif node in ("TableIdentifier", "Identifier"):
                database, _, table = name.partition(".")
                _check_table(database, table)

    def _check_function(self, name: str) -> None:
        if name.lower() in self._closed or _FUNCTIONS.fullmatch(name.lower()):
            raise _denied(f"the function {name}")


def _check_opening(found: list[Token]) -> None:
    words = [token.upper for token in found if token.kind is Kind.WORD]
    second = words[1] if len(words) > 1 else ""
    if found[0].upper == "SHOW" and second not in _SHOWN:
        raise _denied(f"SHOW {second}")
    if found[0].upper == "EXPLAIN" and not (second in _EXPLAINED or second in _STATEMENTS or found[1].upper == "("):
        raise _denied("EXPLAIN of anything but a SELECT")


def _check_token(token: Token) -> None:
    if token.kind is Kind.OTHER:
        raise _denied(f"the character {token.text!r} outside quotes")
    if "$" in token.text and token.kind is Kind.WORD or token.kind is Kind.STRING and token.text[0] != "'":
        raise _denied("dollar and typographic quotes")
    if token.kind is Kind.IDENTIFIER and ("\\" in token.text or token.text[0] not in '`"'):
        raise _denied("escapes in names")
    if token.upper in ("APPLY", "IDENTIFIER"):
        raise _denied(f"{token.upper}, which hides a name")


def _check_table(database: str, table: str) -> None:
    if database.lower() in _CLOSED_DATABASES and table.partition(".")[0] not in _TABLES:
        raise _denied(f"the table {database}.{table}")


def _denied(what: str) -> ClickHouseError:
    return ClickHouseError.of(ErrorCode.ACCESS_DENIED, f"Not enough privileges: {what} may not be used by a reader.")
