import gzip
import zlib

import lz4.frame
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.codings import chosen, decoded, encoder
from embedded.engine.errors import ClickHouseError

_CODINGS = ["gzip", "deflate", "zstd", "lz4"]
_WHOLE = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress, "lz4": lz4.frame.compress}


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("coding", _CODINGS)
@given(parts=st.lists(st.binary(max_size=300), max_size=6), size=st.integers(1, 97))
def test_what_is_encoded_is_decoded(coding: str, parts: list[bytes], size: int) -> None:
    coder = encoder(coding, 3)
    packed = b"".join([*map(coder.compress, parts), coder.flush()])
    assert b"".join(decoded(_cut(packed, size), coding)) == b"".join(parts)


@pytest.mark.parametrize("coding", _CODINGS)
@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_frames_one_after_another(coding: str, size: int) -> None:
    packed = b"".join(_WHOLE[coding](data) for data in (b"one", b"", b"two" * 1000))
    assert b"".join(decoded(_cut(packed, size), coding)) == b"one" + b"two" * 1000


@pytest.mark.parametrize("coding", _CODINGS)
def test_a_bomb_comes_out_in_pieces(coding: str) -> None:
    pieces = decoded([_WHOLE[coding](bytes(64 << 20))], coding)
    largest = total = 0
    for piece in pieces:
        largest, total = max(largest, len(piece)), total + len(piece)
    assert total == 64 << 20
    assert largest <= 1 << 20


@pytest.mark.parametrize("coding", _CODINGS)
def test_broken_and_cut_frames(coding: str) -> None:
    for bad in (b"nonsense here", _WHOLE[coding](b"x" * 1000)[:-3]):
        with pytest.raises(ClickHouseError) as raised:
            list(decoded([bad], coding))
        assert raised.value.code == 271


def test_unknown_codings() -> None:
    with pytest.raises(ClickHouseError, match="UNKNOWN_COMPRESSION_METHOD"):
        list(decoded([b""], "br"))
    assert list(decoded([b"x"], "")) == [b"x"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("br", None),
        ("gzip, deflate", "gzip"),
        ("deflate;q=1", "deflate"),
        ("gzip;q=0, zstd", "zstd"),
        ("lz4,zstd,br,gzip", "lz4"),
        ("identity", None),
        ("*", None),
    ],
)
def test_choice(accepted: str, coding: str | None) -> None:
    assert chosen(accepted) == coding
