"""Bytes of a tag block: the one place that knows them.

A message is an Arrow IPC stream (one record batch, its buffers compressed with zstd unless the block is small; the block's
context as JSON in the schema's metadata) followed by a 16-byte trailer, little-endian: magic ``PWTB``, wire version u16, two zero
bytes, length of the Arrow part u32, CRC-32C of everything before the checksum u32. Arrow readers stop at the end of the stream,
so they read a message as it is.

The record batch of version 2, which is written, holds what does not compress apart from what does (docs/decisions/0006): gap_low
uint16 and gap_high uint8 (uint16 where a gap asks for it), a gap being gap_low + 65536 * gap_high; and the bits of the channel
number that any record sets, each a column of booleans, channel_0 (the lowest) to channel_7. Version 1, which is still read, holds
gaps uint32 and channel uint8.
"""

import struct
from collections.abc import Iterator
from typing import Any

import google_crc32c
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.block import ADVANCE_CHANNEL, MAX_TAGS, MOST_PS, BlockContext, Channels, Gaps, TagBlock
from schemas.errors import WireError, WireFault
from schemas.topics import MAX_MESSAGE_BYTES

VERSION = 2
_WHOLE = 1
_MAGIC = b"PWTB"
_TRAILER = struct.Struct("<4sHHII")
_RESIDUE = 0x48674BC7
"""The CRC-32C of anything that is followed by its own CRC-32C, little-endian."""
_CONTEXT_KEY = b"photonwatch.block"
_WRITE = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1), use_threads=False)
_WRITE_SMALL = pa.ipc.IpcWriteOptions(use_threads=False)
SMALL = 8192
"""Records up to which a block is not compressed: setting the compressor up would take four times as long as all else, for a
tenth of the bytes."""
_READ = pa.ipc.IpcReadOptions(use_threads=False)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(BlockContext)
_MAX_RECORDS = 2 * MAX_TAGS
_MOST, _MOST_32 = 1 << 62, 1 << 32
_NARROW = 1 << 8
_BIT = pa.bool_()
_Kinds = tuple[tuple[pa.DataType, npt.DTypeLike], ...]
_HALVES: dict[str, _Kinds] = {"gap_low": ((pa.uint16(), "<u2"),), "gap_high": ((pa.uint8(), "<u1"), (pa.uint16(), "<u2"))}
"""Their columns, and of what types each may be."""
_BITS = tuple(f"channel_{k}" for k in range(8))
_FIRST_NS, _LAST_NS = 0, 4_102_444_800_000_000_000


def encode(block: TagBlock) -> bytes:
    """Bytes of a block.

    Raises:
        WireError: the message would reach 1 MiB.
    """
    columns = {**_halves(block.gaps), **_bits(block.channel)}
    schema = pa.schema(
        [pa.field(name, values.type, nullable=False) for name, values in columns.items()],
        metadata={_CONTEXT_KEY: _encoder.encode(block.context)},
    )
    sink = pa.BufferOutputStream()
    options = _WRITE if block.gaps.size > SMALL else _WRITE_SMALL
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        writer.write_batch(pa.record_batch(list(columns.values()), schema=schema))
    arrow: bytes = sink.getvalue().to_pybytes()
    head = arrow + _TRAILER.pack(_MAGIC, VERSION, 0, len(arrow), 0)[:-4]
    message = head + struct.pack("<I", google_crc32c.value(head))
    if len(message) >= MAX_MESSAGE_BYTES:
        raise WireError(WireFault.OVERSIZED, f"block {block.context.sequence} of {block.context.source}: {len(message)} bytes")
    return message


def decode(message: bytes) -> TagBlock:
    """The block in a message.

    Raises:
        WireError: truncated, damaged, of an unknown version, or not keeping the block's contract; ``fault`` names which.
    """
    if len(message) < _TRAILER.size:
        raise WireError(WireFault.TRUNCATED, f"{len(message)} bytes cannot hold a block")
    magic, version, _, length, _ = _TRAILER.unpack_from(message, len(message) - _TRAILER.size)
    if magic != _MAGIC:
        raise WireError(
            WireFault.TRUNCATED, f"no block trailer at the end of {len(message)} bytes: cut short, or not a tag block"
        )
    if version not in (_WHOLE, VERSION):
        raise WireError(WireFault.VERSION, f"wire version {version}; this program reads 1 to {VERSION}: update it")
    if google_crc32c.value(message) != _RESIDUE:
        raise WireError(WireFault.CHECKSUM, f"the checksum of {len(message)} bytes does not match: damaged on the way")
    if length != len(message) - _TRAILER.size:
        raise WireError(WireFault.TRUNCATED, f"{len(message) - _TRAILER.size} bytes of Arrow data, {length} announced")
    try:
        reader = pa.ipc.open_stream(pa.py_buffer(message), options=_READ)
        context = _decoder.decode((reader.schema.metadata or {})[_CONTEXT_KEY])
        batch = reader.read_next_batch()
        gaps, channel = _whole(batch) if version == _WHOLE else _of_bits(batch)
    except (pa.ArrowException, OSError, msgspec.DecodeError, KeyError, StopIteration, ValueError) as error:
        raise WireError(WireFault.MALFORMED, f"not a tag block: {error}") from error
    if gaps.dtype != np.uint32 or channel.dtype != np.uint8 or gaps.size > _MAX_RECORDS:
        raise WireError(WireFault.MALFORMED, f"{gaps.size} records of {gaps.dtype} and {channel.dtype}")
    block = TagBlock(context, gaps, channel)
    _check(block)
    return block


def checksum(message: bytes) -> int:
    """The CRC-32C that a message carries: of all but itself, as far as ``decode`` takes the message."""
    return int.from_bytes(message[-4:], "little")


def _halves(gaps: Gaps) -> dict[str, pa.Array]:
    high = gaps >> np.uint32(16)
    narrow = not high.size or high.max() < _NARROW
    return {"gap_low": pa.array(gaps.astype(np.uint16)), "gap_high": pa.array(high.astype(np.uint8 if narrow else np.uint16))}


def _bits(channel: Channels) -> dict[str, pa.Array]:
    used = int(np.bitwise_or.reduce(channel))
    advance, of_tags = None, used
    if used == ADVANCE_CHANNEL:
        # Advances set every bit: one column stands for all bits that no tag sets.
        is_advance = channel == ADVANCE_CHANNEL
        advance, of_tags = _column(is_advance), int(np.bitwise_or.reduce(channel + is_advance))  # their number wraps to 0
    return {
        f"channel_{k}": advance if advance is not None and not of_tags >> k & 1 else _column(channel & np.uint8(1 << k))
        for k in range(8)
        if used >> k & 1
    }


def _column(bits: npt.NDArray[np.uint8 | np.bool_]) -> pa.Array:
    return pa.Array.from_buffers(pa.bool_(), bits.size, [None, pa.py_buffer(np.packbits(bits, bitorder="little"))])


def _whole(batch: pa.RecordBatch) -> tuple[Gaps, Channels]:
    return batch.column("gaps").to_numpy(), batch.column("channel").to_numpy()


def _of_bits(batch: pa.RecordBatch) -> tuple[Gaps, Channels]:
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    if len(columns) != batch.num_columns or any(column.null_count for column in columns.values()):
        raise ValueError(f"columns {', '.join(batch.schema.names)} with nulls, or twice")
    return _gaps(columns, batch.num_rows), _channel(columns, batch.num_rows)


def _gaps(columns: dict[str, pa.Array], records: int) -> Gaps:
    low, high = (_values(columns, name, kinds, records) for name, kinds in _HALVES.items())
    gaps: Gaps = high.astype(np.uint32)
    np.left_shift(gaps, 16, out=gaps)
    np.bitwise_or(gaps, low, out=gaps)
    return gaps


def _values(columns: dict[str, pa.Array], name: str, kinds: _Kinds, records: int) -> npt.NDArray[np.integer[Any]]:
    column = columns[name]
    kind = next((kind for known, kind in kinds if column.type == known), None)
    if kind is None:
        raise ValueError(f"{name} of {column.type}")
    return np.frombuffer(column.buffers()[1], kind, records)


def _channel(columns: dict[str, pa.Array], records: int) -> Channels:
    """Bits that are alike, as the high ones are where only silences set them, are unpacked once."""
    alike: dict[bytes, int] = {}
    for k, name in enumerate(_BITS):
        if (column := columns.get(name)) is not None:
            if column.type != _BIT:
                raise ValueError(f"{name} of {column.type}")
            packed = column.buffers()[1].to_pybytes()
            alike[packed] = alike.get(packed, 0) | 1 << k
    channel = np.zeros(records, np.uint8)
    for packed, mark in alike.items():
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=records, bitorder="little")
        channel |= bits if mark == 1 else np.multiply(bits, np.uint8(mark), out=bits)
    return channel


def _check(block: TagBlock) -> None:
    """Refuse what no honest source says, so that nothing behind this line meets a number that it cannot hold."""
    context = block.context
    wrong = next(_contradictions(context), None)
    if wrong is None and block.gaps.size and context.start_ps + block.span_ps() >= context.reached_ps:
        wrong = "a tag lies at or after its reached time"
    if wrong is not None:
        raise WireError(WireFault.CONTRADICTION, f"a block of {context.source[:64]}: {wrong}")


def _contradictions(context: BlockContext) -> Iterator[str]:
    if not 0 <= context.sequence < _MOST:
        yield "sequence numbers count from 0"
    if not -MOST_PS <= context.start_ps <= context.reached_ps <= MOST_PS:
        yield "needs start <= reached, both within 2**61 ps (26 days) of the origin: begin a new run"
    if not _FIRST_NS <= context.origin_unix_ns + context.start_ps // 1000 <= _LAST_NS:
        yield "lies before 1970 or after 2100: set the source's clock"
    if any(not 0 <= channel.number < ADVANCE_CHANNEL for channel in context.channels):
        yield f"channel numbers go from 0 to {ADVANCE_CHANNEL - 1}"
    if context.period_ps is not None and not 1 <= context.period_ps <= MOST_PS:
        yield "the period must be at least 1 ps"
    if not (0 < context.resolution_ps < _MOST_32 and 0 <= context.reordered < _MOST and 0 <= context.overflows < _MOST):
        yield "resolution must be positive, and counts must not be negative"
    for loss in context.losses:
        if not -MOST_PS <= loss.start_ps <= loss.end_ps <= MOST_PS or not 0 <= (loss.tags or 0) < _MOST:
            yield "a loss needs start <= end, and no negative number of tags"
