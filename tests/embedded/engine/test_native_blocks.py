"""Native with flags, against the columns' own blocks, each asked for alone: the oracle measures no types."""

import http.client
from base64 import b64encode
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.errors import ClickHouseError
from embedded.engine.native_blocks import FLAGGED_REVISION, flagged

_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _number(len(data)) + data


@given(
    rows=st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 2**64 - 1)), min_size=1, max_size=30), size=st.integers(1, 64)
)
def test_columns_of_strings_and_numbers(rows: list[tuple[bytes, int]], size: int) -> None:
    strings = b"".join(_text(text) for text, _ in rows)
    numbers = b"".join(number.to_bytes(8, "little") for _, number in rows)
    heads = _number(2) + _number(len(rows)), _text("s") + _text("String"), _text("n") + _text("UInt64")
    plain = heads[0] + heads[1] + strings + heads[2] + numbers
    expected = _INFO + heads[0] + heads[1] + b"\0" + strings + heads[2] + b"\0" + numbers
    pieces = [(plain * 2)[at : at + size] for at in range(0, 2 * len(plain), size)]
    assert b"".join(flagged(pieces)) == expected * 2


def test_types_that_cannot_be_measured() -> None:
    with pytest.raises(ClickHouseError, match="cast it to String"):
        list(flagged([_number(1) + _number(1) + _text("j") + _text("JSON") + bytes(50)]))


def test_a_block_that_ends_early() -> None:
    with pytest.raises(ClickHouseError, match="ends early"):
        list(flagged([_number(1) + _number(9) + _text("n") + _text("UInt64") + bytes(50)]))


_EXPRESSIONS = [
    "number",
    "toString(number * 1000000007)",
    "repeat('x', number * 100)",
    "number % 2 = 0",
    "toNullable(number)",
    "if(number % 3 = 0, NULL, toString(number))",
    "range(number)",
    "arrayMap(x -> arrayMap(y -> toString(y), range(x)), range(number % 4))",
    "map(toString(number), [number])",
    "(number, toString(number), [(1, 'a'), (2, 'b')])",
    "CAST((number, 'x'), 'Tuple(`a b` UInt8, c String)')",
    "CAST([(number, 'x')], 'Nested(a UInt8, b String)')",
    "toLowCardinality(toString(number % 2))",
    "CAST(if(number % 2 = 0, NULL, 'x'), 'LowCardinality(Nullable(String))')",
    "arrayMap(x -> toLowCardinality(toString(x)), range(number))",
    "CAST([], 'Array(LowCardinality(String))')",
    "toDate('2026-01-01') + number",
    "toDate32('2026-01-01') + number",
    "toDateTime('2026-01-01 00:00:00', 'UTC') + number",
    "toDateTime64('2026-01-01 00:00:00', 9, 'UTC')",
    "toDecimal32(number, 2)",
    "toDecimal64(number, 2)",
    "toDecimal128(number, 2)",
    "toDecimal256(number, 2)",
    "toInt128(number)",
    "toUInt256(number)",
    "toFloat32(number)",
    "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",
    "toFixedString('abc', 5)",
    "toIPv4('10.0.0.1')",
    "toIPv6('::1')",
    "CAST('b', 'Enum8(\\'a\\' = 1, \\'b\\' = 2)')",
    "CAST('b (', 'Enum16(\\'a, ,\\' = 1, \\'b (\\' = 2)')",
    "toIntervalDay(number)",
    "CAST((1, 2), 'Point')",
    "CAST([[(1., 2.)]], 'Polygon')",
    "CAST(number, 'SimpleAggregateFunction(sum, UInt64)')",
]


@pytest.fixture(scope="module")
def ask(engine):
    def ask(sql: str, **parameters: str) -> bytes:
        token = b64encode(f"{engine.user}:{engine.password}".encode()).decode()
        connection = http.client.HTTPConnection(engine.host, engine.port, timeout=60)
        connection.request(
            "POST", "/?" + urlencode({"default_format": "Native", **parameters}), sql, {"Authorization": f"Basic {token}"}
        )
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        assert reply.status == 200, body
        return body

    columns = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(_EXPRESSIONS))
    ask(f"CREATE OR REPLACE TABLE flagged_types ENGINE = Memory AS SELECT number AS row, {columns} FROM numbers(5)")
    return ask


def _column(alone: bytes, name: str) -> bytes:
    """One column's part of the expected block, from the block that holds it alone."""
    at = alone.index(_text(name))
    after = at + len(_text(name))
    size, digits = (alone[after], 1) if alone[after] < 0x80 else (alone[after] & 0x7F | alone[after + 1] << 7, 2)
    return alone[at : after + digits + size] + b"\0" + alone[after + digits + size :]


@pytest.mark.stack
@pytest.mark.parametrize("rows", [1, 5])
def test_every_type(ask, rows: int) -> None:
    names = [f"c{number}" for number in range(len(_EXPRESSIONS))]
    expected = _INFO + _number(len(names)) + _number(rows)
    for name in names:
        expected += _column(ask(f"SELECT {name} FROM flagged_types WHERE row < {rows}"), name)
    asked = f"SELECT {', '.join(names)} FROM flagged_types WHERE row < {rows}"
    assert ask(asked, client_protocol_version=str(FLAGGED_REVISION)) == expected
    assert ask(asked, client_protocol_version=str(FLAGGED_REVISION - 1)) == ask(asked)


@pytest.mark.stack
@pytest.mark.parametrize("expression", ["NULL", "[NULL]", "[]", "tuple()", "tuple(tuple())", "toString(number) WHERE 0"])
def test_empty_types(ask, expression: str) -> None:
    sql = f"SELECT {expression.replace(' WHERE', ' AS c0 FROM numbers(2) WHERE')}{'' if 'WHERE' in expression else ' AS c0'}"
    alone = ask(sql)
    expected = _INFO + alone[:2] + _column(alone, "c0") if alone else b""
    assert ask(sql, client_protocol_version=str(FLAGGED_REVISION)) == expected
