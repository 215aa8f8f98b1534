import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.http_messages import BadRequestError, chunk, fields, parse_head


def test_a_head() -> None:
    head = parse_head(b"POST /query?a=1&a=2&b=%20x+y&c= HTTP/1.1\r\nContent-Length: 12\r\nX-Thing:  v \r\n\r\n")
    assert (head.method, head.path, head.parameters) == ("POST", "/query", {"a": "1", "b": " x y", "c": ""})
    assert head.headers == {"content-length": "12", "x-thing": "v"}
    assert (head.length, head.chunked, head.persistent, head.has_body) == (12, False, True, True)


@pytest.mark.parametrize(
    ("version", "connection", "persistent"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_persistence(version: str, connection: str, persistent: bool) -> None:
    assert parse_head(f"GET / HTTP/{version}\r\nConnection: {connection}\r\n\r\n".encode()).persistent is persistent


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET / x HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA B: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : c\r\n\r\n",
        b"GET / HTTP/1.1\r\n: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        b"GET /?a=%ff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"A%d: x\r\n" % number for number in range(1001)) + b"\r\n",
    ],
)
def test_what_is_not_a_head(raw: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_head(raw)


@given(st.binary(max_size=200))
def test_nothing_else_comes_of_noise(raw: bytes) -> None:
    with contextlib.suppress(BadRequestError):
        parse_head(raw + b"\r\n\r\n")


def test_headers_cannot_be_forged() -> None:
    assert fields({"A": "b", "C": "d"}) == b"A: b\r\nC: d\r\n"
    for value in ("x\r\nB: y", "x\n"):
        with pytest.raises(ValueError, match="line break"):
            fields({"A": value})


def test_chunks() -> None:
    assert b"".join(chunk(b"x" * 17)) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert chunk(b"") == ()
