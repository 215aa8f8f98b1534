"""Blocks, late blocks and dead letters through the store."""

import pytest

from schemas.block import Loss
from schemas.ids import DeviceId, RunId
from schemas.records import DeadLetter
from storage import tables
from storage.client import Client
from storage.reader import Reader
from storage.tables import StoredBlock
from tests.storage.made import MIDNIGHT_UNIX_S, SECOND_PS, context

pytestmark = pytest.mark.stack


def test_blocks_add_up_to_their_run(client: Client, reader: Reader, device: str) -> None:
    blocks = [
        StoredBlock(context(device, 0, 10), 100, 40, 1, 1_790_000_000_000),
        StoredBlock(
            context(device, 1, 11, losses=(Loss(11 * SECOND_PS, 12 * SECOND_PS),), overflows=2), 50, 41, 2, 1_790_000_000_500
        ),
        StoredBlock(context(device, 2, 12, final=True, period_ps=12_500.0), 7, 42, 3, 1_790_000_001_000, fate="late"),
    ]
    for block in blocks:
        client.insert(tables.BLOCKS, tables.block_rows([block]), token=f"{device}{block.offset}")
    run = reader.run(DeviceId(device), RunId("run-1"))
    assert run is not None
    assert (run.blocks, run.tags, run.late_tags) == (3, 157, 7)
    assert (run.reordered, run.overflows, run.lost_ps, run.lost_tags) == (6, 2, SECOND_PS + 10, 6)
    assert run.origin_unix_ns == MIDNIGHT_UNIX_S * 10**9
    assert run.began_unix_ns == run.origin_unix_ns + 10 * 10**9
    assert run.duration_s == 3.0
    assert run.seen_unix_ms == 1_790_000_001_000
    assert run.final
    assert run.labels == {"file": 'it\'s \\ a "name" ☂'}
    assert run.channels == context(device, 0, 0).channels
    assert run.channel_tags == {}


def test_block_columns_are_what_the_block_said(client: Client, device: str) -> None:
    said = context(device, 5, 1, period_ps=3_128.5, calibration="c-7", resolution_ps=16)
    client.insert(tables.BLOCKS, tables.block_rows([StoredBlock(said, 9, 77, 2**32 - 1, 1)]), token=device)
    (row,) = client.query(
        "SELECT sequence, start_ps, reached_ps, tags, period_ps, resolution_ps, calibration, offset, crc, lost, fate "
        "FROM blocks WHERE device = {device:String}",
        {"device": device},
    ).to_pylist()
    assert row == {
        "sequence": 5,
        "start_ps": SECOND_PS,
        "reached_ps": 2 * SECOND_PS,
        "tags": 9,
        "period_ps": 3_128.5,
        "resolution_ps": 16,
        "calibration": "c-7",
        "offset": 77,
        "crc": 2**32 - 1,
        "lost": [{"start_ps": SECOND_PS, "end_ps": SECOND_PS + 5, "tags": 3}],
        "fate": "in-order",
    }


def test_late_blocks_keep_their_fate(client: Client, reader: Reader, device: str) -> None:
    strays = [
        StoredBlock(context(device, sequence, sequence), 3, 90 + sequence, 0, 1, fate)
        for sequence, fate in enumerate(("late", "duplicate"))
    ]
    client.insert(tables.LATE_BLOCKS, tables.late_rows(strays), token=device)
    late = reader.late_blocks(DeviceId(device), RunId("run-1"))
    assert [(block.sequence, block.fate, block.tags, block.offset) for block in late] == [
        (0, "late", 3, 90),
        (1, "duplicate", 3, 91),
    ]


def test_dead_letters_come_back_byte_for_byte(client: Client, reader: Reader, device: str) -> None:
    letter = DeadLetter(
        topic=device,
        partition=3,
        offset=2**40,
        reason="checksum",
        detail="it's damaged ☂",
        size=1 << 20,
        head=bytes(range(256)),
        seen_unix_ns=4_000_000_000_123_000_000,
    )
    client.insert(tables.DEAD_LETTERS, tables.dead_letter_rows([letter]), token=device)
    assert letter in reader.dead_letters(since=4_000_000_000)
    assert letter not in reader.dead_letters(since=4_000_000_001)
