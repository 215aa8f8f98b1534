"""multipart/form-data bodies: parameters, and tables that come with a query (ClickHouse's external data)."""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.lexer import Kind, tokens
from embedded.engine.statement import MOST_BYTES, quoted_name, too_large

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary="?([^";,]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([^"]*)"', re.IGNORECASE)
_FILE_NAME = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)
_FIELD_BYTES = 16 << 20
_IN_TYPES = frozenset("(),=-")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body: where its content lies, and whether it is a file or a field."""

    name: str
    is_file: bool
    start: int
    end: int


def boundary(content_type: str) -> bytes | None:
    """The boundary of a multipart/form-data body, or None for any other."""
    found = _BOUNDARY.match(content_type)
    return found[1].encode("latin-1") if found else None


def parts(body: mmap.mmap, mark: bytes) -> Iterator[Part]:
    """Raises BAD_REQUEST_PARAMETER where the body does not keep to the form."""
    delimiter = b"--" + mark
    at = body.find(delimiter)
    while at >= 0:
        start = at + len(delimiter)
        if body[start : start + 2] == b"--":
            return
        head_end = body.find(b"\r\n\r\n", start)
        at = body.find(b"\r\n" + delimiter, head_end)
        if head_end < 0 or at < 0 or head_end - start > 65536:
            break
        disposition = _DISPOSITION.search(body[start:head_end].strip())
        name = _NAME.search(disposition[1]) if disposition else None
        if disposition is None or name is None:
            break
        yield Part(_name(name[1]), bool(_FILE_NAME.search(disposition[1])), head_end + 4, at)
        at += 2
    raise ClickHouseError.of(ErrorCode.BAD_REQUEST_PARAMETER, "the multipart body is malformed")


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ClickHouseError.of(ErrorCode.BAD_REQUEST_PARAMETER, f"the name of a form field is not UTF-8: {raw!r}") from error


def field(body: mmap.mmap, part: Part) -> str:
    """A field's text."""
    if part.end - part.start > _FIELD_BYTES:
        raise ClickHouseError.of(ErrorCode.QUERY_IS_TOO_LARGE, f"form field {part.name} is larger than {_FIELD_BYTES} bytes")
    try:
        return body[part.start : part.end].decode()
    except UnicodeDecodeError as error:
        raise ClickHouseError.of(ErrorCode.BAD_REQUEST_PARAMETER, f"form field {part.name} is not UTF-8") from error


@dataclass(frozen=True, slots=True)
class ExternalTable:
    """A table that lives for one query; ``columns`` is SQL that holds names and types and nothing else."""

    name: str
    columns: str
    format: str

    @classmethod
    def described(cls, name: str, structure: str | None, types: str | None, form: str | None) -> "ExternalTable":
        """From the parameters NAME_structure or NAME_types, and NAME_format. Raises BAD_ARGUMENTS."""
        if structure:
            columns = _columns(structure, named=True)
        elif types:
            columns = _columns(types, named=False)
        else:
            raise ClickHouseError.of(
                ErrorCode.BAD_ARGUMENTS, f"neither {name}_structure nor {name}_types is given for external table {name}"
            )
        if not re.fullmatch(r"\w+", form or "TabSeparated", re.ASCII):
            raise ClickHouseError.of(ErrorCode.BAD_ARGUMENTS, f"{name}_format is not the name of a format")
        return cls(name, columns, form or "TabSeparated")

    @property
    def creation(self) -> str:
        return f"CREATE TEMPORARY TABLE {quoted_name(self.name)} ({self.columns}) ENGINE = Memory"

    def insertion(self, path: str) -> str:
        return f"INSERT INTO {quoted_name(self.name)} FROM INFILE '{path}' COMPRESSION 'none' FORMAT {self.format}"

    @property
    def removal(self) -> str:
        return f"DROP TEMPORARY TABLE IF EXISTS {quoted_name(self.name)}"


def _columns(text: str, *, named: bool) -> str:
    """A list of columns for CREATE TABLE, if ``text`` is names and types: nothing that the engine would evaluate."""
    shapes, starts, ends = [""], [0], []
    depth = 0
    if len(text) > MOST_BYTES:
        raise too_large()
    for token in tokens(text):
        mark = token.upper
        depth -= mark == ")"
        if depth == 0 and mark == ",":
            shapes.append("")
            starts.append(token.end)
            ends.append(token.start)
        elif depth == 0:
            shapes[-1] += "n" if token.kind in (Kind.WORD, Kind.IDENTIFIER) else mark or "?"
        elif depth < 0 or token.kind in (Kind.COMMENT, Kind.OTHER) or (token.kind is Kind.MARK and mark not in _IN_TYPES):
            raise _not_columns(text)
        depth += mark == "("
    column = re.compile(r"nn(\(\))?" if named else r"n(\(\))?")
    if depth or not all(column.fullmatch(shape) for shape in shapes):
        raise _not_columns(text)
    if named:
        return text
    kinds = (text[start:end] for start, end in zip(starts, [*ends, len(text)], strict=True))
    return ", ".join(f"_{number} {kind}" for number, kind in enumerate(kinds, 1))


def _not_columns(text: str) -> ClickHouseError:
    return ClickHouseError.of(ErrorCode.BAD_ARGUMENTS, f"{text!r} is not a list of column names and types")
