import mmap
import tempfile

import pytest

from embedded.engine.errors import ClickHouseError
from embedded.engine.multipart import ExternalTable, boundary, field, parts


def _mapped(data: bytes) -> mmap.mmap:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return mmap.mmap(file.fileno(), len(data), prot=mmap.PROT_READ)


def _form(*sections: tuple[bytes, bytes]) -> bytes:
    return b"".join(b"--B\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in sections) + b"--B--\r\n"


def test_parts() -> None:
    data = _form(
        (b'Content-Disposition: form-data; name="query"', "SELECT '☃'".encode()),
        (b'content-type: text/csv\r\ncontent-disposition: form-data; name="t"; filename="x.csv"', b"1\r\n--2\r\n"),
        (b'Content-Disposition: form-data; name="empty"', b""),
    )
    with _mapped(data) as body:
        found = list(parts(body, b"B"))
        assert [(part.name, part.is_file, body[part.start : part.end]) for part in found] == [
            ("query", False, "SELECT '☃'".encode()),
            ("t", True, b"1\r\n--2\r\n"),
            ("empty", False, b""),
        ]
        assert field(body, found[0]) == "SELECT '☃'"


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"--B\r\n",
        b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--",
        b"--B\r\n\r\nx\r\n--B--",
        _form((b"A: b", b"x")),
    ],
)
def test_malformed(data: bytes) -> None:
    with _mapped(data) as body, pytest.raises(ClickHouseError, match="malformed"):
        list(parts(body, b"B"))


def test_names_are_utf8() -> None:
    data = _form((b'Content-Disposition: form-data; name="\xff"', b"x"))
    with _mapped(data) as body, pytest.raises(ClickHouseError, match="not UTF-8"):
        list(parts(body, b"B"))


def test_boundaries() -> None:
    assert boundary('multipart/form-data; boundary="a b"') == b"a b"
    assert boundary("Multipart/Form-Data;charset=x; boundary=ab") == b"ab"
    assert boundary("application/x-www-form-urlencoded") is None
    assert boundary("") is None


def test_structures() -> None:
    table = ExternalTable.described("t", "a UInt8, `b c` Tuple(x Int8, y Enum8('p' = -1)), d Decimal(9, 2)", None, "CSV")
    assert table.columns == "a UInt8, `b c` Tuple(x Int8, y Enum8('p' = -1)), d Decimal(9, 2)"
    assert ExternalTable.described("t", None, "UInt8,Array(String)", None).columns == "_1 UInt8, _2 Array(String)"
    assert (
        ExternalTable.described("a`b", "a Int8", None, None).creation == "CREATE TEMPORARY TABLE `a\\`b` (a Int8) ENGINE = Memory"
    )


@pytest.mark.parametrize(
    "structure",
    [
        "a",
        "a Int8 b",
        "a Int8)",
        "a Int8, ",
        "a Int8; x",
        "a Array(Int8",
        "a Int8 DEFAULT 1",
        "a Int8 --x",
        "a f(x -> 1)",
        "a (1)",
        "a.b Int8",
    ],
)
def test_structures_that_say_more(structure: str) -> None:
    with pytest.raises(ClickHouseError, match="not a list of column names and types"):
        ExternalTable.described("t", structure, None, None)


def test_formats_are_names() -> None:
    with pytest.raises(ClickHouseError, match="format"):
        ExternalTable.described("t", "a Int8", None, "CSV SETTINGS x = 1")
