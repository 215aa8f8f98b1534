"""One request, read to its end: parameters, statement, and the data and tables that came with it."""

import contextlib
import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from embedded.engine.codings import decoded
from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.frames import unframed
from embedded.engine.http_messages import Head
from embedded.engine.multipart import ExternalTable, Part, boundary, parts
from embedded.engine.multipart import field as form_field
from embedded.engine.spool import Spool
from embedded.engine.statement import MOST_BYTES, Shape, Statement, data_begins, parse, too_large

_LEXED_BYTES = 64 << 10
_MOST_FILES = 32
_MOST_DIGITS = 18


@dataclass(slots=True)
class Request:
    """``data``: the rows of an insert. ``tables``: external tables with their rows. Close it when the statement is over."""

    parameters: Mapping[str, str]
    statement: Statement
    data: Spool | None = None
    tables: list[tuple[ExternalTable, Spool]] = field(default_factory=list)

    @property
    def query_parameters(self) -> dict[str, str]:
        """Values for ``{name:Type}``; ClickHouse takes them escaped as in TabSeparated, and so does the engine."""
        return {name.removeprefix("param_"): value for name, value in self.parameters.items() if name.startswith("param_")}

    def flag(self, name: str) -> bool:
        return self.parameters.get(name, "0").lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """Raises BAD_REQUEST_PARAMETER."""
        text = self.parameters.get(name, "")
        if text and not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise ClickHouseError.of(ErrorCode.BAD_REQUEST_PARAMETER, f"parameter {name} is not a number: {text!r}")
        return int(text) if text else default

    def close(self) -> None:
        for spool in (self.data, *(rows for _, rows in self.tables)):
            if spool is not None:
                spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def read_request(head: Head, raw: Iterable[bytes], new_spool: Callable[[], Spool]) -> Request:
    """Read the body and cut it into statement and data. Raises ClickHouseError."""
    plain = decoded(raw, head.headers.get("content-encoding", "").lower())
    if head.parameters.get("decompress") in ("1", "true"):
        plain = unframed(plain)
    mark = boundary(head.headers.get("content-type", ""))
    if mark is not None:
        return _from_form(head, plain, mark, new_spool)
    query = head.parameters.get("query", "")
    return _from_text(head.parameters, f"{query}\n".encode() if query else b"", plain, new_spool)


def _from_text(parameters: Mapping[str, str], first: bytes, plain: Iterable[bytes], new_spool: Callable[[], Spool]) -> Request:
    """The statement is ``first`` and what follows; where it is an insert, all after its FORMAT or VALUES is data."""
    pieces = iter(plain)
    text = bytearray(first)
    due = 0  # looked at again only when it has doubled, so that looking stays linear
    while True:
        if len(text) >= min(due, MOST_BYTES + 1):
            if (begin := _data_begins(text)) is not None:
                spool = new_spool()
                try:
                    spool.take((bytes(text[begin:]),))
                    spool.take(pieces)
                    return Request(parameters, parse(_decoded(text[:begin])), spool)
                except BaseException:
                    spool.close()
                    raise
            if len(text) > MOST_BYTES:
                raise too_large()
            due = 2 * max(len(text), _LEXED_BYTES)
        piece = next(pieces, None)
        if piece is None:
            break
        text += piece
    begin = _data_begins(text)
    statement = parse(_decoded(text if begin is None else text[:begin]))
    if statement.shape is not Shape.DATA:
        return Request(parameters, statement)
    spool = new_spool()
    try:
        spool.take((bytes(text[begin:]) if begin is not None else b"",))
    except BaseException:
        spool.close()
        raise
    return Request(parameters, statement, spool)


def _data_begins(text: bytearray) -> int | None:
    """In bytes; None too where the text so far ends within a quote."""
    start = text[:MOST_BYTES].decode("utf-8", "surrogateescape")
    with contextlib.suppress(ClickHouseError):
        begin = data_begins(start)
        return None if begin is None else len(start[:begin].encode("utf-8", "surrogateescape"))
    return None


def _decoded(text: bytearray) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise ClickHouseError.of(ErrorCode.BAD_ARGUMENTS, f"the statement is not UTF-8 at byte {error.start}") from error


def _from_form(head: Head, plain: Iterable[bytes], mark: bytes, new_spool: Callable[[], Spool]) -> Request:
    parameters = dict(head.parameters)
    with contextlib.ExitStack() as held, new_spool() as whole:
        whole.take(plain)
        if whole.size == 0:
            raise ClickHouseError.of(ErrorCode.BAD_REQUEST_PARAMETER, "the multipart body is empty")
        files: list[Part] = []
        with mmap.mmap(whole.descriptor, whole.size, prot=mmap.PROT_READ) as body:
            for part in parts(body, mark):
                if part.is_file:
                    files.append(part)
                    if len(files) > _MOST_FILES:
                        raise ClickHouseError.of(
                            ErrorCode.BAD_REQUEST_PARAMETER, f"more than {_MOST_FILES} external tables: send fewer at once"
                        )
                elif part.name == "query" and part.end - part.start > MOST_BYTES:
                    raise too_large()
                else:
                    parameters[part.name] = form_field(body, part)
        request = Request(parameters, parse(parameters.get("query", "")))
        for part in files:
            described = (parameters.pop(f"{part.name}_{what}", None) for what in ("structure", "types", "format"))
            rows = held.enter_context(new_spool())
            rows.take(_between(whole, part))
            request.tables.append((ExternalTable.described(part.name, *described), rows))
        held.pop_all()
        return request


def _between(whole: Spool, part: Part) -> Iterator[bytes]:
    at = part.start
    while at < part.end:
        piece = os.pread(whole.descriptor, min(1 << 20, part.end - at), at)
        at += len(piece)
        yield piece
