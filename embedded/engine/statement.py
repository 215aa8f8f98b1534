"""A statement as the endpoint must see it before the engine does: what it is, where its data begins, what format it asks for."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.lexer import Kind, Token, significant

_READS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESC", "DESCRIBE", "EXISTS", "EXPLAIN", "CHECK", "VALUES", "(", "USE"})
# Statements whose rows the engine can write into a pipe as they come. EXPLAIN would show the pipe in its answer.
_STREAMED = _READS - {"EXPLAIN", "USE", "CHECK"}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


MOST_BYTES = 256 << 10  # the engine's max_query_size; rows of an insert do not count


class Shape(Enum):
    """How the engine must be fed and read."""

    STREAMED = "rows that may be many"
    WHOLE = "a short answer or none"
    DATA = "an insert whose rows follow the statement"


@dataclass(frozen=True, slots=True)
class Statement:
    """``text``: the statement, without its FORMAT clause where it is STREAMED or DATA. ``tail``: what follows that clause."""

    shape: Shape
    keyword: str
    text: str
    format: str | None = None
    tail: str = ""
    reads: bool = False

    def into(self, path: str, default_format: str) -> str:
        """STREAMED: the same statement, its rows written to ``path``."""
        return f"{self.text}\nINTO OUTFILE {quoted(path)} TRUNCATE FORMAT {self.format or default_format} {self.tail}"

    def out_of(self, path: str) -> str:
        """DATA: the same statement, its rows read from ``path``."""
        return f"{self.text}\nFROM INFILE {quoted(path)} COMPRESSION 'none' {self.tail} FORMAT {self.format}"


def quoted(text: str) -> str:
    """A ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted_name(text: str) -> str:
    """A ClickHouse identifier."""
    return "`" + text.replace("\\", "\\\\").replace("`", "\\`") + "`"


def data_begins(text: str) -> int | None:
    """Where the rows of an ``INSERT … FORMAT x`` or ``… VALUES`` begin in ``text``; None: it is none, or not yet all there.

    As ClickHouse: after the format's name, blanks and one line end are skipped. Raises SYNTAX_ERROR.
    """
    depth = 0
    words = significant(text)
    first = next(words, None)
    if first is None or first.upper != "INSERT":
        return None
    for token in words:
        depth += (token.upper in _OPENING) - (token.upper in _CLOSING)
        if depth:
            continue
        if token.upper in ("SELECT", "WITH", "FROM", ";"):
            return None
        if token.upper == "VALUES":
            return token.end
        if token.upper == "FORMAT" and (name := next(words, None)) and name.end < len(text):
            end = name.end
            while end < len(text) and text[end] in " \t\f;":
                end += 1
            return end + (2 if text.startswith("\r\n", end) else text.startswith("\n", end))
    return None


def parse(text: str) -> Statement:
    """The one statement in ``text``, without the data of an insert. Raises what ClickHouse's server raises."""
    if len(text.encode()) > MOST_BYTES:
        raise too_large()
    found = _alone(text)
    if not found:
        raise ClickHouseError.of(ErrorCode.SYNTAX_ERROR, "Syntax error: Empty query")
    for here, after in pairwise(found):
        if here.upper == "INTO" and after.upper == "OUTFILE":
            raise ClickHouseError.of(ErrorCode.INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed")
        if here.upper == "FROM" and after.upper == "INFILE":
            raise ClickHouseError.of(
                ErrorCode.UNKNOWN_TYPE_OF_QUERY, "FROM INFILE is the client's, not the server's: send the data"
            )
    outer = _outermost(found)
    keyword = found[0].upper
    text = text[: found[-1].end]
    if keyword == "INSERT":
        return _insert(text, outer)
    inserts = any(here.upper == "INSERT" and after.upper == "INTO" for here, after in pairwise(outer))
    clause = _format_clause(outer)
    if keyword not in _STREAMED or inserts:
        named = clause[1].text if clause else None
        return Statement(
            Shape.WHOLE, keyword, _by_tag(text) if keyword == "KILL" else text, named, reads=keyword in _READS and not inserts
        )
    if clause is None:
        return Statement(Shape.STREAMED, keyword, text, reads=True)
    head, name = clause
    return Statement(Shape.STREAMED, keyword, text[: head.start], name.text, text[name.end :], reads=True)


def too_large() -> ClickHouseError:
    return ClickHouseError.of(ErrorCode.QUERY_IS_TOO_LARGE, f"the statement is larger than {MOST_BYTES} bytes")


def _by_tag(text: str) -> str:
    """A KILL that finds statements by their clients' ids: the engine has ids of its own, the clients' stand in the comment."""
    named = [token for token in significant(text) if token.upper == "QUERY_ID"]
    for token in reversed(named):
        text = f"{text[: token.start]}Settings['log_comment']{text[token.end :]}"
    return text


def _alone(text: str) -> list[Token]:
    """The tokens up to a closing semicolon; a second statement is refused."""
    found = list(significant(text))
    end = next((index for index, token in enumerate(found) if token.upper == ";"), len(found))
    if any(token.upper != ";" for token in found[end:]):
        raise ClickHouseError.of(ErrorCode.SYNTAX_ERROR, "Syntax error: Multi-statements are not allowed")
    return found[:end]


def _outermost(found: list[Token]) -> list[Token]:
    depth = 0
    outer = []
    for token in found:
        closes = token.upper in _CLOSING
        depth -= closes
        if depth == 0 and not closes:
            outer.append(token)
        depth += token.upper in _OPENING
    return outer


def _insert(text: str, outer: list[Token]) -> Statement:
    if any(token.upper in ("SELECT", "WITH") for token in outer):
        if any(here.text.lower() == "input" and text[here.end :].lstrip().startswith("(") for here in significant(text)):
            raise ClickHouseError.of(
                ErrorCode.NOT_IMPLEMENTED, "INSERT … SELECT … FROM input() is not implemented: insert, then select"
            )
        return Statement(Shape.WHOLE, "INSERT", text)
    settings = next((token.start for token in outer if token.upper == "SETTINGS"), None)
    for here, after in zip(outer, [*outer[1:], None], strict=True):
        if here.upper == "VALUES" or (here.upper == "FORMAT" and after and after.kind is Kind.WORD):
            begin = here.start if settings is None or settings > here.start else settings
            name = "Values" if here.upper == "VALUES" else after.text if after else ""
            return Statement(Shape.DATA, "INSERT", text[:begin], name, text[begin : here.start])
    return Statement(Shape.WHOLE, "INSERT", text)


def _format_clause(outer: list[Token]) -> tuple[Token, Token] | None:
    """``FORMAT name`` where a clause can stand: at the end, or before the last SETTINGS; not an alias or column of that name."""
    for index in range(len(outer) - 2, 0, -1):
        head, name = outer[index], outer[index + 1]
        if head.upper == "FORMAT" and name.kind is Kind.WORD and outer[index - 1].upper not in ("AS", ".", ","):
            last = index + 2 == len(outer)
            return (head, name) if last or outer[index + 2].upper == "SETTINGS" else None
    return None
