"""A body is cut into statement and data, however it arrives in pieces."""

from pathlib import Path

import pytest

from embedded.engine.http_messages import Head
from embedded.engine.request import read_request
from embedded.engine.spool import Spool

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
