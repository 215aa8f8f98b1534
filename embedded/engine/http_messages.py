"""HTTP/1.1 as the endpoint speaks it: the head of a request, the raw body, and replies whole or in chunks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from embedded.engine.wire import Wire

HEAD_BYTES = 1 << 20  # a query may stand in the address
_LINE_BYTES = 4096
_MOST_FIELDS = 1000
_ONCE = frozenset({"content-length", "transfer-encoding", "authorization", "x-clickhouse-user", "x-clickhouse-key"})
_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+) HTTP/1\.([01])")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


class BadRequestError(ValueError):
    """What came is not the HTTP that this endpoint speaks; the connection is closed after saying so."""


@dataclass(frozen=True, slots=True)
class Head:
    """``parameters`` are the address's, the first of each name; ``headers`` have lower-case names."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    persistent: bool
    chunked: bool
    length: int | None

    @property
    def has_body(self) -> bool:
        return self.chunked or bool(self.length)


def parse_head(raw: bytes) -> Head:
    """Raises BadRequestError; strict where laxness lets two readers see two requests."""
    lines = raw.decode("latin-1").split("\r\n")
    request = _REQUEST_LINE.fullmatch(lines[0])
    if request is None:
        raise BadRequestError("the request line is not HTTP/1.1's")
    headers: dict[str, str] = {}
    for line in lines[1:-2]:
        matched = _FIELD.fullmatch(line)
        if matched is None or len(headers) >= _MOST_FIELDS:
            raise BadRequestError("a header field is malformed, or there are too many")
        name = matched[1].lower()
        if name in headers and name in _ONCE:
            raise BadRequestError(f"{name} is given twice")
        headers[name] = matched[2]
    coding = headers.get("transfer-encoding", "").lower()
    length = headers.get("content-length")
    if (
        coding not in ("", "chunked")
        or (coding and length is not None)
        or not re.fullmatch(r"[0-9]{1,18}", "0" if length is None else length)
    ):
        raise BadRequestError("the body's length is not said, or said in two ways")
    try:
        address = urlsplit(request[2])
        pairs = parse_qsl(address.query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadRequestError(f"the address: {error}") from error
    connection = headers.get("connection", "").lower()
    return Head(
        method=request[1],
        path=address.path,
        parameters=dict(reversed(pairs)),
        headers=headers,
        persistent=connection != "close" if request[3] == "1" else connection == "keep-alive",
        chunked=coding == "chunked",
        length=None if length is None else int(length),
    )


def raw_body(wire: Wire, head: Head, whole_s: float) -> Iterator[bytes]:
    """The body's bytes as they come. Raises ClientGoneError where it ends early, BadRequestError at broken framing."""
    if head.headers.get("expect", "").lower() == "100-continue":
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not head.chunked:
        yield from _exactly(wire, head.length or 0)
        return
    while True:
        size = _line(wire, whole_s).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", size):
            raise BadRequestError("a chunk's size is malformed")
        if int(size, 16) == 0:
            break
        yield from _exactly(wire, int(size, 16))
        if _line(wire, whole_s):
            raise BadRequestError("a chunk is longer than it says")
    while _line(wire, whole_s):
        pass  # trailers say nothing here


def _exactly(wire: Wire, left: int) -> Iterator[bytes]:
    while left:
        part = wire.some(left)
        left -= len(part)
        yield part


def _line(wire: Wire, whole_s: float) -> bytes:
    try:
        line = wire.until(b"\r\n", _LINE_BYTES, whole_s, whole_s)
    except ValueError as error:
        raise BadRequestError("a line of the body's framing is too long") from error
    if line is None:
        raise BadRequestError("the body ends early")
    return line[:-2]


def status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()


def fields(headers: Mapping[str, str]) -> bytes:
    """Header lines. Raises ValueError at a line break, which would forge another header."""
    for name, value in headers.items():
        if "\r" in value or "\n" in value:
            raise ValueError(f"header {name} has a line break")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1", "replace")


def chunk(data: bytes) -> tuple[bytes, ...]:
    """One chunk of a chunked body; none for nothing, which would end it."""
    return (b"%x\r\n" % len(data), data, b"\r\n") if data else ()


LAST_CHUNK = b"0\r\n\r\n"
