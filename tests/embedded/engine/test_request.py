"""A body is cut into statement and data, however it arrives in pieces."""

from pathlib import Path

import pytest

from embedded.engine.errors import ClickHouseError
from embedded.engine.http_messages import Head
from embedded.engine.request import Request, read_request
from embedded.engine.spool import Spool
from embedded.engine.statement import MOST_BYTES, parse

STATEMENT = b"INSERT INTO t (a) FORMAT RowBinary\n"


def head(query: str = "") -> Head:
    return Head("POST", "/", {"query": query} if query else {}, {}, persistent=False, chunked=True, length=0)


@pytest.mark.parametrize("sizes", [[1], [1, 7, 1000, 70_000], [len(STATEMENT) - 1, 1 << 20], [1 << 20]])
def test_a_large_insert_with_its_statement_in_the_body(tmp_path: Path, sizes: list[int]) -> None:
    body = STATEMENT + bytes(20 << 20)
    pieces, begin = [], 0
    while begin < len(body):
        size = sizes[min(len(pieces), len(sizes) - 1)] if len(pieces) < 2000 else 1 << 20
        pieces.append(body[begin : begin + size])
        begin += size
    with read_request(head(), iter(pieces), lambda: Spool(tmp_path, 1 << 30)) as request:
        assert request.data is not None
        assert request.data.size == 20 << 20


def test_the_statement_in_the_address_and_the_rows_in_the_body(tmp_path: Path) -> None:
    with read_request(head(STATEMENT.decode().strip()), iter([b"rows"]), lambda: Spool(tmp_path, 100)) as request:
        assert request.data is not None
        assert request.data.size == 4


def _form(*parts: tuple[str, bytes]) -> bytes:
    return b"".join(b"--B\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (n.encode(), c) for n, c in parts) + b"--B--\r\n"


def _read_form(tmp_path: Path, body: bytes, **parameters: str) -> Request:
    headers = {"content-type": "multipart/form-data; boundary=B"}
    asked = Head("POST", "/", parameters, headers, persistent=False, chunked=True, length=0)
    return read_request(asked, iter([body]), lambda: Spool(tmp_path, 1 << 30))


@pytest.mark.parametrize("size", [MOST_BYTES, 5 << 20])
def test_statements_are_bounded_wherever_they_stand(tmp_path: Path, size: int) -> None:
    long = "SELECT " + "1," * (size // 2) + "1"
    for refused in (
        lambda: read_request(head(long), iter([]), lambda: Spool(tmp_path, 1 << 30)),
        lambda: read_request(head(), iter([long.encode()]), lambda: Spool(tmp_path, 1 << 30)),
        lambda: _read_form(tmp_path, _form(('name="query"', long.encode()))),
        lambda: _read_form(tmp_path, _form(('name="x"', b"1")), query=long),
    ):
        with pytest.raises(ClickHouseError) as raised:
            refused()
        assert raised.value.code == 229


def test_an_insert_that_comes_in_one_piece_with_its_rows_is_not_too_large(tmp_path: Path) -> None:
    with read_request(head(), iter([STATEMENT + bytes(1 << 20)]), lambda: Spool(tmp_path, 1 << 30)) as request:
        assert request.data is not None
        assert request.data.size == 1 << 20


def test_external_tables_are_bounded_in_number(tmp_path: Path) -> None:
    files = [(f'name="t{number}"; filename="t"', b"1") for number in range(33)]
    types = {f"t{number}_types": "Int8" for number in range(33)}
    with _read_form(tmp_path, _form(*files[:32]), query="SELECT 1", **types) as request:
        assert len(request.tables) == 32
    with pytest.raises(ClickHouseError, match="more than 32 external tables"):
        _read_form(tmp_path, _form(*files), query="SELECT 1", **types)


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 19, "-1", "x", "²"])
def test_numbers_are_bounded(text: str) -> None:
    request = Request({"buffer_size": text}, parse("SELECT 1"))
    with pytest.raises(ClickHouseError) as raised:
        request.number("buffer_size", 0)
    assert raised.value.code == 408


def test_a_directory_that_takes_no_body_is_clickhouses_error(tmp_path: Path) -> None:
    with pytest.raises(ClickHouseError, match="CANNOT_OPEN_FILE"):
        Spool(tmp_path / "missing", 1)
