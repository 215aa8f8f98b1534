"""Rows leave by the time they were stored, a part at a time, and recordings of long ago stay."""

import pyarrow as pa
import pytest

from storage import policy, tables
from storage.client import Client
from storage.policy import Policy
from storage.writer import Writer
from tests.storage.made import batch, context, tags
from tests.storage.plain_runs import tag_runs

pytestmark = pytest.mark.stack


def stored(client: Client, table: str, device: str) -> int:
    rows = client.query(f"SELECT count() AS n FROM {table} WHERE device = {{device:String}}", {"device": device})
    return int(rows["n"][0].as_py())


def test_nothing_is_to_be_done_twice(client: Client) -> None:
    policy.apply(client, Policy())
    assert policy.apply(client, Policy()) == ()
    assert policy.apply(client, Policy(second_days=15)) == (
        "ALTER TABLE panes_1s MODIFY TTL toDateTime(stored_at) + toIntervalDay(15)",
    )
    policy.apply(client, Policy())


def test_old_recordings_stay_and_rows_stored_long_ago_leave(client: Client, device: str) -> None:
    old = context(device, 0, 0, origin_unix_ns=86_400 * 10**9)  # recorded in 1970
    rows = tables.tag_rows([tables.StoredTags(old, 0, tag_runs(*tags(0, 0)))])
    long_ago = pa.array([1_000_000_000_000] * rows.num_rows, pa.timestamp("ms", "UTC"))
    client.insert(tables.TAG_RUNS, rows.append_column("stored_at", long_ago), token=f"{device}: stored in 2001")
    client.command(f"OPTIMIZE TABLE {tables.TAG_RUNS} PARTITION 19700102 FINAL")
    assert stored(client, tables.TAG_RUNS, device) == 0
    client.insert(tables.TAG_RUNS, rows, token=f"{device}: stored now")
    client.command(f"OPTIMIZE TABLE {tables.TAG_RUNS} PARTITION 19700102 FINAL")
    assert stored(client, tables.TAG_RUNS, device) == rows.num_rows


def test_partitions_are_days_of_event_time(client: Client, writer: Writer, device: str) -> None:
    writer.write(batch(device, 0, start_s=-2))
    partitions = client.query(
        "SELECT DISTINCT table, _partition_id AS day FROM ("
        "SELECT 'tag_runs' AS table, _partition_id FROM tag_runs WHERE device = {device:String} "
        "UNION ALL SELECT 'panes_1h', _partition_id FROM panes_1h WHERE device = {device:String}) ORDER BY table, day",
        {"device": device},
    )
    assert [tuple(row.values()) for row in partitions.to_pylist()] == [
        ("panes_1h", "202609"),
        ("tag_runs", "20260921"),
        ("tag_runs", "20260922"),
    ]
