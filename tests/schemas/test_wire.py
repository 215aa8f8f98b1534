"""Bytes of blocks: what is written is read, old bytes stay readable, and damaged ones say what is wrong."""

import struct
from pathlib import Path

import google_crc32c
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import wire
from schemas.block import MAX_TAGS, BlockContext, Channel, Loss, TagBlock
from schemas.errors import WireError, WireFault
from schemas.topics import MAX_MESSAGE_BYTES

BYTES = Path(__file__).parent / "bytes"


def example() -> TagBlock:
    """The block of bytes/block-v*.bin. Never changes: other bytes get another name."""
    context = BlockContext(
        domain="link-a", source="tagger-7", device="sps-1", run="20260102T030405Z-x1", sequence=41,
        origin_unix_ns=1_767_323_045_000_000_001, start_ps=1_000, reached_ps=90_000_000_000, members=("tagger-7", "tagger-8"),
        channels=(Channel(0), Channel(5, "sync", "laser")), firmware="2.0.1", calibration="c-19", period_ps=12_495.314,
        resolution_ps=16, reordered=3, overflows=2, losses=(Loss(2_000, 3_000, 4), Loss(4_000, 5_000)),
        labels={"file": "example.ptu"}, final=True,
    )  # fmt: skip
    return TagBlock.from_times(context, np.array([1_000, 1_000, 2_500, 80_000_000_000]), np.array([0, 5, 0, 5], np.uint8))


def same(left: TagBlock, right: TagBlock) -> bool:
    return (
        left.context == right.context
        and left.gaps.tolist() == right.gaps.tolist()
        and left.channel.tolist() == right.channel.tolist()
    )


@pytest.mark.parametrize("version", [1, 2])
def test_old_bytes_stay_readable(version: int) -> None:
    assert same(wire.decode((BYTES / f"block-v{version}.bin").read_bytes()), example())


def test_a_block_comes_back_whole() -> None:
    assert same(wire.decode(wire.encode(example())), example())


def test_arrow_reads_a_message_as_it_is() -> None:
    table = pa.ipc.open_stream(wire.encode(example())).read_all()
    assert table.schema.names == ["gap_low", "gap_high", *(f"channel_{bit}" for bit in range(8))]  # an advance sets all bits
    assert table.num_rows == 5  # four tags and one advance
    rows = table.to_pylist()
    assert [row["gap_low"] + 65536 * row["gap_high"] for row in rows] == example().gaps.tolist()
    assert [sum(row[f"channel_{bit}"] << bit for bit in range(8)) for row in rows] == example().channel.tolist()


records = st.tuples(
    st.integers(0, 255) | st.integers(0, (1 << 24) + 1) | st.integers(0, (1 << 32) - 1), st.sampled_from([0, 1, 2, 7, 128, 254])
)


@given(st.lists(records, max_size=40))
def test_gaps_of_any_width_and_channels_of_any_number_come_back(made: list[tuple[int, int]]) -> None:
    context = msgspec.structs.replace(example().context, start_ps=0, reached_ps=1 << 60, losses=())
    gaps, channel = (np.array(values, np.int64) for values in zip(*made, strict=True)) if made else (np.empty(0),) * 2
    block = TagBlock(context, gaps.astype(np.uint32), channel.astype(np.uint8))
    assert same(wire.decode(wire.encode(block)), block)


def test_a_message_carries_the_checksum_of_all_before_it() -> None:
    message = wire.encode(example())
    assert wire.checksum(message) == google_crc32c.value(message[:-4])


def test_incompressible_full_blocks_stay_below_the_limit() -> None:
    rng = np.random.default_rng(7)
    time_ps = np.cumsum(rng.integers(0, 1 << 32, MAX_TAGS, dtype=np.int64))
    context = msgspec.structs.replace(example().context, start_ps=0, reached_ps=int(time_ps[-1]) + 1)
    message = wire.encode(TagBlock.from_times(context, time_ps, rng.integers(0, 255, MAX_TAGS).astype(np.uint8)))
    assert len(message) < MAX_MESSAGE_BYTES
    assert wire.decode(message).tags == MAX_TAGS


def fault_of(message: bytes) -> WireFault:
    with pytest.raises(WireError) as refusal:
        wire.decode(message)
    return refusal.value.fault


@given(st.integers(0, 10_000))
def test_every_truncation_is_noticed(cut: int) -> None:
    message = wire.encode(example())
    assert fault_of(message[: cut % len(message)]) in (WireFault.TRUNCATED, WireFault.CHECKSUM)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_every_flipped_byte_is_noticed(place: int, flip: int) -> None:
    message = bytearray(wire.encode(example()))
    message[place % len(message)] ^= flip
    assert fault_of(bytes(message)) in (WireFault.CHECKSUM, WireFault.TRUNCATED, WireFault.VERSION)


def sealed(arrow: bytes, version: int = wire.VERSION) -> bytes:
    head = arrow + struct.pack("<4sHHI", b"PWTB", version, 0, len(arrow))
    return head + struct.pack("<I", google_crc32c.value(head))


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(WireError, match=r"wire version 9; this program reads 1 to 2"):
        wire.decode(sealed(b"whatever", version=9))


@pytest.mark.parametrize("junk", [b"", b"not arrow", b"\xff" * 64])
def test_sealed_junk_is_malformed(junk: bytes) -> None:
    assert fault_of(sealed(junk)) is WireFault.MALFORMED


def arrow(context: bytes, **columns: pa.Array) -> bytes:
    schema = pa.schema([(name, values.type) for name, values in columns.items()], metadata={b"photonwatch.block": context})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(list(columns.values()), schema=schema))
    return sink.getvalue().to_pybytes()


def v2(context: bytes, low: pa.Array, high: pa.Array, bit: pa.Array) -> bytes:
    return sealed(arrow(context, gap_low=low, gap_high=high, channel_3=bit))


def v1(context: bytes, gaps: pa.Array, channel: pa.Array) -> bytes:
    return sealed(arrow(context, gaps=gaps, channel=channel), version=1)


def test_wrong_types_nulls_and_missing_columns_or_context_are_malformed() -> None:
    context = msgspec.json.encode(example().context)
    low, high, bit = pa.array([1], pa.uint16()), pa.array([0], pa.uint8()), pa.array([True])
    block = wire.decode(v2(context, low, high, bit))
    assert (block.gaps.tolist(), block.channel.tolist()) == ([1], [8])
    assert fault_of(v2(context, pa.array([1], pa.uint32()), high, bit)) is WireFault.MALFORMED
    assert fault_of(v2(context, low, pa.array([1], pa.int8()), bit)) is WireFault.MALFORMED
    assert fault_of(v2(context, pa.array([None], pa.uint16()), high, bit)) is WireFault.MALFORMED
    assert fault_of(v2(context, low, high, pa.array([None], pa.bool_()))) is WireFault.MALFORMED
    assert fault_of(v2(context, low, high, pa.array([1], pa.uint8()))) is WireFault.MALFORMED
    assert fault_of(v2(b"{}", low, high, bit)) is WireFault.MALFORMED
    assert fault_of(sealed(arrow(context, gap_low=low, channel_0=bit))) is WireFault.MALFORMED
    gaps, channel = pa.array([1], pa.uint32()), pa.array([0], pa.uint8())
    assert wire.decode(v1(context, gaps, channel)).gaps.tolist() == [1]
    assert fault_of(v1(context, pa.array([1], pa.int64()), channel)) is WireFault.MALFORMED
    assert fault_of(v1(context, pa.array([None], pa.uint32()), channel)) is WireFault.MALFORMED
    assert fault_of(v1(b"{}", gaps, channel)) is WireFault.MALFORMED


def test_a_tag_outside_the_announced_time_is_a_contradiction() -> None:
    context = msgspec.json.encode(msgspec.structs.replace(example().context, start_ps=0, reached_ps=10))
    assert fault_of(v1(context, pa.array([10], pa.uint32()), pa.array([0], pa.uint8()))) is WireFault.CONTRADICTION
    context = msgspec.json.encode(msgspec.structs.replace(example().context, start_ps=11, reached_ps=10))
    assert fault_of(v1(context, pa.array([], pa.uint32()), pa.array([], pa.uint8()))) is WireFault.CONTRADICTION


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": -1},
        {"sequence": 1 << 70},
        {"resolution_ps": 0},
        {"reordered": -1},
        {"period_ps": 0.0},
        {"reached_ps": 10**400},
        {"start_ps": -(1 << 63)},
        {"origin_unix_ns": -(10**9)},
        {"channels": (Channel(300),)},
        {"channels": (Channel(-1),)},
        {"losses": (Loss(5, 4),)},
        {"losses": (Loss(0, 1, -3),)},
        {"losses": (Loss(0, 1 << 80),)},
    ],
)
def test_numbers_that_no_source_says_are_refused(changes: dict[str, object]) -> None:
    context = msgspec.json.encode(msgspec.structs.replace(example().context, **changes))
    assert fault_of(v1(context, pa.array([], pa.uint32()), pa.array([], pa.uint8()))) is WireFault.CONTRADICTION
