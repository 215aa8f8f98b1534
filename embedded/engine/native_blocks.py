"""The Native format as newer clients read it: each block behind its info, each column's rows behind a serialization flag.

The engine writes Native without them. A client that sends ``client_protocol_version`` (clickhouse-go, and so Grafana) expects
them, so each column's bytes are measured by its type and the flags are put between. Source: ClickHouse, Formats/NativeWriter.cpp,
Core/BlockInfo.cpp; revision 54454 brought the flag.
"""

import re
import struct
from collections.abc import Iterable, Iterator

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.lexer import Kind, significant

FLAGGED_REVISION = 54454
_BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"  # not overflows, no bucket, end
_PLAIN_SERIALIZATION = b"\x00"

_WIDTHS = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Date", "Enum16", "BFloat16"), 2),
    **dict.fromkeys(("UInt32", "Int32", "Float32", "DateTime", "IPv4", "Date32", "Decimal32", "Time"), 4),
    **dict.fromkeys(("UInt64", "Int64", "Float64", "DateTime64", "Decimal64", "Time64"), 8),
    **dict.fromkeys(("UInt128", "Int128", "UUID", "IPv6", "Decimal128"), 16),
    **dict.fromkeys(("UInt256", "Int256", "Decimal256"), 32),
}
_GEOMETRY = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}
_LOW_CARDINALITY_OWN_KEYS = 1 << 9
_LOW_CARDINALITY_WIDTHS = (1, 2, 4, 8)


class _Bytes:
    """Bytes that come in pieces, read forward; what is read is kept for ``taken``."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = bytearray()
        self.at = 0

    def need(self, count: int) -> None:
        while len(self._held) < self.at + count:
            piece = next(self._pieces, None)
            if piece is None:
                raise ClickHouseError.of(ErrorCode.UNKNOWN_EXCEPTION, "the engine's Native block ends early")
            self._held += piece

    def more(self) -> bool:
        while len(self._held) == self.at:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._held += piece
        return True

    def skip(self, count: int) -> None:
        self.need(count)
        self.at += count

    def number(self) -> int:
        """A variable-length unsigned integer."""
        value = shift = 0
        while True:
            self.need(1)
            byte = self._held[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def fixed(self) -> int:
        """A UInt64."""
        self.skip(8)
        return int(struct.unpack_from("<Q", self._held, self.at - 8)[0])

    def text(self) -> str:
        size = self.number()
        self.skip(size)
        return self._held[self.at - size : self.at].decode()

    def skip_strings(self, count: int) -> None:
        """As ``count`` times ``skip(number())``; the one loop over rows, so it is kept tight for lengths of one byte."""
        held = self._held
        at, end = self.at, len(held)
        for _ in range(count):
            if at >= end or held[at] > 0x7F:
                self.at = at
                at = self.number()
                at += self.at
                end = len(held)
            else:
                at += held[at] + 1
        self.at = at
        self.need(0)

    def taken(self) -> bytes:
        """What was read since the last time."""
        found = bytes(self._held[: self.at])
        del self._held[: self.at]
        self.at = 0
        return found


def flagged(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same blocks with infos and flags. Raises NOT_IMPLEMENTED at a type whose bytes cannot be measured."""
    source = _Bytes(pieces)
    while source.more():
        columns, rows = source.number(), source.number()
        yield _BLOCK_INFO + source.taken()
        for _ in range(columns):
            source.text()
            kind = source.text()
            yield source.taken() + _PLAIN_SERIALIZATION
            if rows:
                _skip_prefix(source, kind)
                _skip(source, kind, rows)
                yield source.taken()


def _split(kind: str) -> tuple[str, list[str]]:
    """``Name(a, b)`` as name and arguments; element names in tuples are dropped."""
    name, opened, inside = kind.partition("(")
    if not opened:
        return name, []
    inside = inside[: inside.rindex(")")]
    arguments, depth, start = [], 0, 0
    for token in significant(inside):
        depth += (token.upper == "(") - (token.upper == ")")
        if token.upper == "," and depth == 0:
            arguments.append(inside[start : token.start].strip())
            start = token.end
    return name, [*arguments, inside[start:].strip()]


def _element(argument: str) -> str:
    """A tuple's element type, without its name if it has one."""
    found = list(significant(argument))
    named = len(found) > 1 and found[1].kind in (Kind.WORD, Kind.IDENTIFIER)
    return argument[found[1].start :] if named else argument


def _parts(name: str, arguments: list[str]) -> list[str]:
    """The types that a type is made of, where it is made of others."""
    if name in _GEOMETRY:
        return [_GEOMETRY[name]]
    if name == "Map":
        return [f"Tuple({arguments[0]}, {arguments[1]})"]
    if name in ("Tuple", "Nested"):
        return [_element(argument) for argument in arguments]
    if name == "SimpleAggregateFunction":
        return [arguments[-1]]
    return arguments[:1] if name in ("Array", "Nullable", "LowCardinality") else []


def _skip_prefix(source: _Bytes, kind: str) -> None:
    """What stands before a column's rows, once, for every LowCardinality within."""
    name, arguments = _split(kind)
    if name == "LowCardinality":
        source.skip(8)
        return
    for part in _parts(name, arguments):
        _skip_prefix(source, part)


def _skip(source: _Bytes, kind: str, rows: int) -> None:
    name, arguments = _split(kind)
    width = _width(name, arguments)
    if width is not None:
        source.skip(rows * width)
    elif name == "String":
        source.skip_strings(rows)
    elif name == "Nullable":
        source.skip(rows)
        _skip(source, arguments[0], rows)
    elif name == "Nested":
        _skip_array(source, f"Tuple({', '.join(arguments)})", rows)
    elif name in ("Array", "Map"):
        _skip_array(source, _parts(name, arguments)[0], rows)
    elif name == "LowCardinality":
        _skip_low_cardinality(source, re.sub(r"^Nullable\((.*)\)$", r"\1", arguments[0]), rows)
    else:
        parts = _parts(name, arguments)
        if not parts:
            raise ClickHouseError.of(
                ErrorCode.NOT_IMPLEMENTED, f"type {kind} in Native for this client: cast it to String in the query"
            )
        for part in parts:
            _skip(source, part, rows)


def _width(name: str, arguments: list[str]) -> int | None:
    """Bytes a row, where every row takes as many."""
    if name == "FixedString":
        return int(arguments[0])
    if name == "Decimal":
        return _decimal_width(int(arguments[0]))
    if name == "Tuple" and not any(arguments):
        return 1
    return 8 if name.startswith("Interval") else _WIDTHS.get(name)


def _skip_array(source: _Bytes, element: str, rows: int) -> None:
    source.skip(8 * (rows - 1))
    total = source.fixed()
    if total:
        _skip(source, element, total)


def _skip_low_cardinality(source: _Bytes, dictionary: str, rows: int) -> None:
    if rows == 0:
        return
    form = source.fixed()
    if form & _LOW_CARDINALITY_OWN_KEYS:
        _skip(source, dictionary, source.fixed())
    source.skip(source.fixed() * _LOW_CARDINALITY_WIDTHS[form & 0xFF])


def _decimal_width(precision: int) -> int:
    return 4 if precision <= 9 else 8 if precision <= 18 else 16 if precision <= 38 else 32
