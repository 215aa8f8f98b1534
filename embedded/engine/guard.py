"""What a reader may ask: a statement is refused before the engine runs it, whatever the engine's read-only mode would allow.

Twice: by its tokens, and by the tree that the engine's own parser makes of it. The engine's role and read-only mode, and the
confinement of the process, stand behind both.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.lexer import Kind, Token, tokens, unquoted

_STATEMENTS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "EXISTS", "USE", "("})
_SHOWN = frozenset({
    "TABLES", "DATABASES", "COLUMNS", "FIELDS", "FULL", "EXTENDED", "CREATE", "TABLE", "DATABASE", "VIEW", "INDEX", "INDEXES",
    "INDICES", "KEYS", "FUNCTIONS", "SETTINGS", "SETTING", "ENGINES", "TEMPORARY", "DICTIONARIES", "CHANGED",
})  # fmt: skip
_EXPLAINED = frozenset({"AST", "SYNTAX", "QUERY", "TREE", "PLAN", "PIPELINE", "ESTIMATE"})
# Words that change something or hand a statement on, wherever they stand as a word of their own.
_FORBIDDEN_PAIRS = frozenset(
    {("INTO", "OUTFILE"), ("FROM", "INFILE"), ("INSERT", "INTO"), ("PARALLEL", "WITH"), ("EXECUTE", "AS")}
)
_TABLES = frozenset({
    "one", "numbers", "numbers_mt", "zeros", "zeros_mt", "primes", "tables", "columns", "databases", "functions", "settings",
    "formats", "data_type_families", "aggregate_function_combinators", "time_zones", "table_engines", "table_functions",
    "collations", "keywords", "build_options", "contributors", "licenses", "unicode", "parts", "parts_columns",
    "data_skipping_indices", "current_roles", "enabled_roles", "documentation", "completions",
})  # fmt: skip
_CLOSED_DATABASES = frozenset({"system", "_files"})
_TABLE_FUNCTIONS = frozenset({
    "numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "generaterandom", "values", "null",
    "view", "format", "primes",
})  # fmt: skip
_FUNCTIONS = re.compile(
    r"file|chdb|python|ai[a-z]+|dictget.*|dicthas|dictisin|joinget.*|hascolumnintable|logtrace|showcertificate|catboostevaluate"
    r"|evalmlmethod|naivebayesclassifier.*|addressto.*|demangle|getclienthttpheader|currentrequesturl|getserversetting|getserverport"
    r"|getmacro|generateserialid|filesystem.*|region[a-z]*|transaction.*|zookeeper.*|reversednsquery|fuzzquery|globalvariable|__.*"
)
# Functions that take no function by its name, so that a column which is called like one may stand under them.
_OPERATORS = frozenset({
    "equals", "notequals", "less", "lessorequals", "greater", "greaterorequals", "in", "notin", "like", "notlike", "ilike",
    "notilike", "and", "or", "not", "isnull", "isnotnull", "plus", "minus", "concat",
})  # fmt: skip
_COMBINATORS = re.compile(r"(if|distinct|ornull|ordefault|state)+")
_TAKES_FUNCTIONS = re.compile(r"(array|map).*")
_TREE_ROOTS = frozenset({
    "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "DescribeQuery", "ExistsTableQuery",
    "ExistsDatabaseQuery", "ExistsViewQuery", "ExistsDictionaryQuery", "ShowTables", "ShowColumns", "ShowIndexes",
    "ShowFunctions", "ShowSettings", "ShowSetting", "ShowEngines", "ShowEngineQuery", "ShowCreateTableQuery",
    "ShowCreateViewQuery", "ShowCreateDatabaseQuery", "Explain", "UseQuery", "TablesInSelectQuery",
})  # fmt: skip
_TREE_LINE = re.compile(r"(?P<indent> *)(?P<node>[A-Za-z_]+) ?(?P<name>.*?)(?: \(alias .*\))?(?: \(children \d+\))?")


class Guard:
    """``table_functions``: all that the engine has. Those not known to be harmless are refused, so new ones are too.

    ``aggregates``: the engine's aggregate functions, which take no function by its name.
    """

    def __init__(self, table_functions: Iterable[str], aggregates: Iterable[str]) -> None:
        self._closed = frozenset(name.lower() for name in table_functions) - _TABLE_FUNCTIONS
        self._aggregates = frozenset(name.lower() for name in aggregates)

    def check(self, sql: str) -> None:
        """Raises ACCESS_DENIED, saying what a reader may not use."""
        everything = list(tokens(sql))
        for token in everything:
            _check_token(token)
        found = [token for token in everything if token.kind is not Kind.COMMENT]
        self._check_opening(found)
        for here, after in pairwise(found):
            if (here.upper, after.upper) in _FORBIDDEN_PAIRS:
                raise _denied(f"{here.upper} {after.upper}")
            if after.upper == "(" and here.kind in (Kind.WORD, Kind.IDENTIFIER):
                self._check_function(unquoted(here))
        self._check_references(found)
        for database, dot, table in zip(found, found[1:], found[2:], strict=False):
            if dot.upper == ".":
                if Kind.STRING in (database.kind, table.kind):
                    raise _denied("a string for a table's name")
                _check_table(unquoted(database), unquoted(table))

    def check_database(self, name: str) -> None:
        """Raises ACCESS_DENIED where unqualified names would be of a database that is closed to readers."""
        if name.lower() in _CLOSED_DATABASES:
            raise _denied(f"the database {name}")

    def check_tree(self, rows: Iterable[str]) -> None:
        """``rows`` are the lines of the engine's EXPLAIN AST of the statement. Raises ACCESS_DENIED like ``check``."""
        above: list[tuple[int, str]] = []  # the functions that the row lies in, each with its depth
        for number, row in enumerate(rows):
            line = _TREE_LINE.fullmatch(row)
            if line is None:
                raise _denied(f"what the engine reads as {row!r}")
            node, name = line["node"], line["name"]
            states = number == 0 or node.endswith("Query")
            if (states and node not in _TREE_ROOTS) or node == "ColumnsApplyTransformer":
                raise _denied(f"{node} statements")
            depth = len(line["indent"])
            while above and above[-1][0] >= depth:
                above.pop()
            if node == "Function":
                self._check_function(name)
                above.append((depth, name))
            elif node == "Identifier" and above and above[-1][0] == depth - 2 and not self._takes_columns(above[-1][1]):
                self._check_function(name)
            if node in ("TableIdentifier", "Identifier"):
                database, _, table = name.partition(".")
                _check_table(database, table)

    def _check_opening(self, found: list[Token]) -> None:
        first = found[0].upper if found else ""
        second = found[1].upper if len(found) > 1 else ""
        if first not in _STATEMENTS:
            raise _denied(f"{first or 'empty'} statements")
        if first == "SHOW" and second not in _SHOWN:
            raise _denied(f"SHOW {second}")
        if first == "EXPLAIN" and second not in _EXPLAINED | _STATEMENTS:
            raise _denied("EXPLAIN of anything but a SELECT")
        if first == "USE":
            self.check_database(unquoted(found[-1]))
        if first == "SHOW":
            for here, after in pairwise(found):
                if here.upper in ("FROM", "IN"):
                    if after.kind is Kind.STRING:
                        raise _denied("a string for a database's name")
                    self.check_database(unquoted(after))

    def _check_references(self, found: list[Token]) -> None:
        """A function's bare name in place of a lambda: ``arrayMap(file, …)``."""
        opened = ""
        for here, after in pairwise(found):
            if after.upper == "(":
                opened = opened if here.upper == "(" else unquoted(here).lower()
            elif here.upper == "(" and _TAKES_FUNCTIONS.fullmatch(opened) and after.kind in (Kind.WORD, Kind.IDENTIFIER):
                self._check_function(unquoted(after))

    def _takes_columns(self, function: str) -> bool:
        """Whether a bare name under ``function`` is a column's for certain."""
        name = function.lower()
        if name in _OPERATORS or name in self._aggregates:
            return True
        return any(name.startswith(each) and _COMBINATORS.fullmatch(name[len(each) :]) for each in self._aggregates)

    def _check_function(self, name: str) -> None:
        if name.lower() in self._closed or _FUNCTIONS.fullmatch(name.lower()):
            raise _denied(f"the function {name}")


def _check_token(token: Token) -> None:
    if token.kind is Kind.OTHER:
        raise _denied(f"the character {token.text!r} outside quotes")
    if token.kind is Kind.COMMENT and "/*" in token.text[2:]:
        raise _denied("a comment in a comment")
    if (token.kind is Kind.WORD and "$" in token.text) or (token.kind is Kind.STRING and token.text[0] != "'"):
        raise _denied("dollar and typographic quotes")
    if token.kind is Kind.IDENTIFIER and ("\\" in token.text or token.text[0] not in '`"'):
        raise _denied("escapes in names")
    if token.kind is Kind.IDENTIFIER and not token.text.isprintable():
        raise _denied("line breaks in names")  # they would forge lines of the tree
    if token.upper in ("APPLY", "IDENTIFIER"):
        raise _denied(f"{token.upper}, which hides a name")


def _check_table(database: str, table: str) -> None:
    if database.lower() in _CLOSED_DATABASES and table.partition(".")[0] not in _TABLES:
        raise _denied(f"the table {database}.{table}")


def _denied(what: str) -> ClickHouseError:
    return ClickHouseError.of(ErrorCode.ACCESS_DENIED, f"Not enough privileges: {what} may not be used by a reader.")
