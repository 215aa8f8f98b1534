"""Names and pieces of batches: functions of the batch alone."""

import dataclasses

import pyarrow as pa
import pytest

from storage.tables import BLOCKS, PANES, TAG_RUNS
from tests.storage.made import MIDNIGHT_UNIX_S, batch


def test_a_day_is_one_piece() -> None:
    one = batch("device", 2)
    ((token, rows),) = one.pieces(TAG_RUNS)
    assert token == "tags-1:tag_runs:device:3:8-12:2026-09-22"
    assert rows.drop_columns([name for name in rows.schema.names if name.startswith("batch_")]).equals(one.tables[TAG_RUNS])
    marks = {name: set(rows[name].to_pylist()) for name in rows.schema.names if name.startswith("batch_")}
    assert marks == {"batch_pipeline": {"tags-1"}, "batch_topic": {"device"}, "batch_partition": {3}, "batch_lo": {8}}


@pytest.mark.parametrize("table", [BLOCKS, TAG_RUNS, PANES])
def test_midnight_cuts_and_nothing_else_does(table: str) -> None:
    one = batch("device", 0, start_s=-2)
    pieces = dict(one.pieces(table))
    assert [token.rpartition(":")[2] for token in pieces] == ["2026-09-21", "2026-09-22"]
    joined = pa.concat_tables(pieces.values())
    assert sorted(joined["time"].to_pylist()) == sorted(one.tables[table]["time"].to_pylist())
    before, after = pieces.values()
    midnight = pa.scalar(MIDNIGHT_UNIX_S, pa.timestamp("s", "UTC")).as_py()
    assert max(before["time"].to_pylist()) < midnight <= min(after["time"].to_pylist())


def test_pieces_are_the_same_every_time() -> None:
    first, second = (batch("device", 0, start_s=-2) for _ in range(2))
    for table in first.tables:
        for (token, rows), (again, others) in zip(first.pieces(table), second.pieces(table), strict=True):
            assert token == again
            assert rows.equals(others)


def test_no_rows_are_no_pieces() -> None:
    one = batch("device", 0)
    empty = dataclasses.replace(one, tables={BLOCKS: one.tables[BLOCKS].slice(0, 0)})
    assert list(empty.pieces(BLOCKS)) == []


@pytest.mark.parametrize(("lo", "hi"), [(-1, 3), (3, 3), (4, 3)])
def test_a_batch_holds_an_offset(lo: int, hi: int) -> None:
    with pytest.raises(ValueError, match="at least one offset"):
        dataclasses.replace(batch("device", 0), lo=lo, hi=hi)
