"""ClickHouse's own compressed frames, which ``compress=1`` and ``decompress=1`` ask for.

A frame: CityHash128 (version 1.0.2) of all that follows, 16 bytes; method, 1 byte; compressed size with this 9-byte head, and
plain size, 4 bytes each, little-endian; data. Source: ClickHouse, docs/en/native-protocol/basics and
Compression/CompressedReadBufferBase.
"""

import struct
from collections.abc import Iterable, Iterator

import lz4.block
from backports import zstd
from clickhouse_cityhash.cityhash import CityHash128

from embedded.engine.errors import ClickHouseError, ErrorCode

_HASH_BYTES, _HEAD_BYTES = 16, 9
_NONE, _LZ4, _ZSTD = 0x02, 0x82, 0x90
_PLAIN_BYTES = 1 << 20
_MOST_BYTES = 64 << 20  # ClickHouse's clients send about one MiB


def _hash(data: bytes) -> bytes:
    value = CityHash128(data)
    return struct.pack("<QQ", value >> 64, value & (1 << 64) - 1)


class FrameEncoder:
    """An Encoder (see codings) into LZ4 frames of at most 1 MiB of plain bytes."""

    def __init__(self) -> None:
        self._held = bytearray()

    def compress(self, data: bytes) -> bytes:
        self._held += data
        out = b""
        while len(self._held) >= _PLAIN_BYTES:
            out += _frame(bytes(self._held[:_PLAIN_BYTES]))
            del self._held[:_PLAIN_BYTES]
        return out

    def flush(self) -> bytes:
        held = bytes(self._held)
        self._held.clear()
        return _frame(held) if held else b""


def _frame(plain: bytes) -> bytes:
    packed = bytes(lz4.block.compress(plain, store_size=False))
    body = struct.pack("<BII", _LZ4, _HEAD_BYTES + len(packed), len(plain)) + packed
    return _hash(body) + body


def unframed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes of a body of frames. Raises CHECKSUM_DOESNT_MATCH, CANNOT_DECOMPRESS, UNKNOWN_COMPRESSION_METHOD."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while (plain := _take(held)) is not None:
            yield plain
    if held:
        raise ClickHouseError.of(ErrorCode.CANNOT_DECOMPRESS, "the body ends within a compressed frame")


def _take(held: bytearray) -> bytes | None:
    if len(held) < _HASH_BYTES + _HEAD_BYTES:
        return None
    method, size, plain_size = struct.unpack_from("<BII", held, _HASH_BYTES)
    if not _HEAD_BYTES <= size <= _MOST_BYTES or plain_size > _MOST_BYTES:
        raise ClickHouseError.of(ErrorCode.CANNOT_DECOMPRESS, f"a compressed frame claims {size} bytes for {plain_size}")
    if len(held) < _HASH_BYTES + size:
        return None
    body = bytes(held[_HASH_BYTES : _HASH_BYTES + size])
    if held[:_HASH_BYTES] != _hash(body):
        raise ClickHouseError.of(ErrorCode.CHECKSUM_DOESNT_MATCH, "Checksum doesn't match: corrupted data")
    del held[: _HASH_BYTES + size]
    return _unpacked(method, body[_HEAD_BYTES:], plain_size)


def _unpacked(method: int, packed: bytes, plain_size: int) -> bytes:
    try:
        if method == _NONE:
            return bytes(packed)
        if method == _LZ4:
            return bytes(lz4.block.decompress(packed, uncompressed_size=plain_size))
        if method == _ZSTD:
            return zstd.ZstdDecompressor().decompress(packed, plain_size)
    except (lz4.block.LZ4BlockError, zstd.ZstdError) as error:
        raise ClickHouseError.of(ErrorCode.CANNOT_DECOMPRESS, f"a compressed frame is broken: {error}") from error
    raise ClickHouseError.of(ErrorCode.UNKNOWN_COMPRESSION_METHOD, f"Unknown codec family code: {method}")
