"""Content codings both ways, as a stream: what HTTP calls gzip, deflate, zstd and lz4."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import lz4.frame
from backports import zstd

from embedded.engine.errors import ClickHouseError, ErrorCode

_GZIP_BITS, _ZLIB_BITS = 31, 15
_WINDOW_BITS = 27
_PIECE_BYTES = 1 << 20


class Encoder(Protocol):
    """Turns an answer's bytes into what goes over the wire."""

    def compress(self, data: bytes) -> bytes: ...

    def flush(self) -> bytes: ...


class _Lz4Encoder:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._begun = False

    def compress(self, data: bytes) -> bytes:
        head = b"" if self._begun else self._frame.begin()
        self._begun = True
        return bytes(head + self._frame.compress(data))

    def flush(self) -> bytes:
        return (b"" if self._begun else bytes(self._frame.begin())) + bytes(self._frame.flush())


# In the server's order of preference, of those that the dependencies offer.
_ENCODERS: dict[str, Callable[[int], Encoder]] = {
    "lz4": lambda _: _Lz4Encoder(),
    "zstd": zstd.ZstdCompressor,
    "gzip": lambda level: zlib.compressobj(level, wbits=_GZIP_BITS),
    "deflate": lambda level: zlib.compressobj(level, wbits=_ZLIB_BITS),
}


def chosen(accepted: str) -> str | None:
    """The coding for an Accept-Encoding header, or None."""
    offered = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        offered[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((name for name in _ENCODERS if offered.get(name, False)), None)


def encoder(name: str, level: int) -> Encoder:
    return _ENCODERS[name](min(9, max(1, level)))


class _Frame(Protocol):
    """One compressed frame: ``eof`` after its last byte, ``rest`` what followed that byte in the data given last."""

    eof: bool
    rest: bytes

    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Inflated:
    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)
        self.eof = False
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._stream.eof:
            yield self._stream.decompress(data, _PIECE_BYTES)
            data = self._stream.unconsumed_tail
        self.eof, self.rest = self._stream.eof, self._stream.unused_data


class _Bounded:
    """Around a decompressor that gives at most what is asked for."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.eof = False
        self.rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._stream.decompress(data, _PIECE_BYTES)
        while not self._stream.needs_input and not self._stream.eof:
            yield self._stream.decompress(b"", _PIECE_BYTES)
        self.eof, self.rest = self._stream.eof, self._stream.unused_data or b""


_FRAMES: dict[str, Callable[[], _Frame]] = {
    "gzip": lambda: _Inflated(_GZIP_BITS),
    "x-gzip": lambda: _Inflated(_GZIP_BITS),
    "deflate": lambda: _Inflated(_ZLIB_BITS),
    "zstd": lambda: _Bounded(zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_BITS})),
    "lz4": lambda: _Bounded(lz4.frame.LZ4FrameDecompressor()),
}


def decoded(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """The plain bytes of a body in one or more frames of ``coding`` (a Content-Encoding), in bounded memory.

    Raises UNKNOWN_COMPRESSION_METHOD, and CANNOT_DECOMPRESS for a frame that is broken or does not end.
    """
    if coding in ("", "identity"):
        yield from chunks
        return
    if coding not in _FRAMES:
        raise ClickHouseError.of(
            ErrorCode.UNKNOWN_COMPRESSION_METHOD, f"Content-Encoding {coding!r}: use one of {', '.join(_FRAMES)}"
        )
    frame: _Frame | None = None
    try:
        for chunk in chunks:
            data = chunk
            while data:
                frame = frame or _FRAMES[coding]()
                yield from frame.feed(data)
                data, frame = (frame.rest, None) if frame.eof else (b"", frame)
    except (zlib.error, zstd.ZstdError, RuntimeError) as error:
        raise ClickHouseError.of(ErrorCode.CANNOT_DECOMPRESS, f"the body is not {coding}: {error}") from error
    if frame is not None:
        raise ClickHouseError.of(ErrorCode.CANNOT_DECOMPRESS, f"the body's {coding} frame does not end")
