"""ClickHouse's tokens, exactly enough to find clauses and to see every name that a statement uses.

A statement is cut as ClickHouse's own lexer cuts it: nested block comments, ``--``, ``//`` and ``# `` comments, quotes with both
kinds of escape, heredocs, and the typographic quotes and spaces that ClickHouse takes for ASCII ones.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from embedded.engine.errors import ClickHouseError, ErrorCode


class Kind(Enum):
    WORD = "word"
    NUMBER = "number"
    STRING = "string"
    IDENTIFIER = "quoted identifier"
    COMMENT = "comment"
    MARK = "mark"
    OTHER = "other"


class Token(NamedTuple):
    kind: Kind
    start: int
    end: int
    text: str

    @property
    def upper(self) -> str:
        """A bare word in capitals, a mark as it is, and nothing for anything quoted: quoted text is never a keyword."""
        return self.text.upper() if self.kind in (Kind.WORD, Kind.MARK) else ""


_SPACE = re.compile(r"[ \t\n\r\f\v\u00a0\u180e\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]+")
_PLAIN = re.compile(
    r"""(?P<number>(?:0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)(?![A-Za-z0-9_]))
      | (?P<word>[A-Za-z0-9_][A-Za-z0-9_$]*)
      | (?P<mark>->|::|[<>!=]=|<>|\|\||[-+*/%=<>?:;,.(){}\[\]@|])""",
    re.VERBOSE,
)
_SINGLE = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.|"")*"', re.DOTALL)
_BACK = re.compile(r"`(?:[^`\\]|\\.|``)*`", re.DOTALL)
_TYPOGRAPHIC = re.compile("\u2018[^\u2019]*\u2019")
_TYPOGRAPHIC_DOUBLE = re.compile("\u201c[^\u201d]*\u201d")
_HEREDOC_TAG = re.compile(r"\$[A-Za-z0-9_]*\$")
_LINE = re.compile(r"(?:--|//|\#[ !])[^\n]*")
_BLOCK_EDGE = re.compile(r"/\*|\*/")
_QUOTED = (
    (_SINGLE, Kind.STRING),
    (_TYPOGRAPHIC, Kind.STRING),
    (_DOUBLE, Kind.IDENTIFIER),
    (_BACK, Kind.IDENTIFIER),
    (_TYPOGRAPHIC_DOUBLE, Kind.IDENTIFIER),
    (_LINE, Kind.COMMENT),
)


def tokens(sql: str) -> Iterator[Token]:
    """The statement's tokens, comments among them, spaces not. Raises SYNTAX_ERROR at a quote or comment that does not close."""
    position = 0
    while True:
        if space := _SPACE.match(sql, position):
            position = space.end()
        if position >= len(sql):
            return
        token = _token(sql, position)
        yield token
        position = token.end


def significant(sql: str) -> Iterator[Token]:
    """The tokens without comments."""
    return (token for token in tokens(sql) if token.kind is not Kind.COMMENT)


def _token(sql: str, start: int) -> Token:
    if sql.startswith("/*", start):
        end = _block_comment_end(sql, start)
        return Token(Kind.COMMENT, start, end, sql[start:end])
    if tag := _HEREDOC_TAG.match(sql, start):
        end = _heredoc_end(sql, tag)
        return Token(Kind.STRING, start, end, sql[start:end])
    for pattern, kind in _QUOTED:
        if quoted := pattern.match(sql, start):
            return Token(kind, start, quoted.end(), quoted.group())
    if sql[start] in "'\"`\u2018\u201c":
        raise ClickHouseError.of(ErrorCode.SYNTAX_ERROR, f"Syntax error: the quote at position {start + 1} is not closed")
    if plain := _PLAIN.match(sql, start):
        return Token(Kind[(plain.lastgroup or "other").upper()], start, plain.end(), plain.group())
    return Token(Kind.OTHER, start, start + 1, sql[start])


def _heredoc_end(sql: str, tag: re.Match[str]) -> int:
    """An open one is an error at once, so that looking for ends stays linear."""
    closing = sql.find(tag.group(), tag.end())
    if closing < 0:
        raise ClickHouseError.of(ErrorCode.SYNTAX_ERROR, f"Syntax error: the quote at position {tag.start() + 1} is not closed")
    return closing + len(tag.group())


def _block_comment_end(sql: str, start: int) -> int:
    depth = 0
    for edge in _BLOCK_EDGE.finditer(sql, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise ClickHouseError.of(ErrorCode.SYNTAX_ERROR, f"Syntax error: the comment at position {start + 1} is not closed")


def unquoted(token: Token) -> str:
    """The name that a bare or quoted identifier stands for; escapes other than doubled quotes stay as they are written."""
    if token.kind is not Kind.IDENTIFIER:
        return token.text
    quote = token.text[-1]
    return token.text[1:-1].replace(quote * 2, quote)
