"""The endpoint as clickhouse-connect uses it, unmodified."""

import clickhouse_connect
import pyarrow as pa
import pytest

pytestmark = pytest.mark.stack


def test_create_insert_query(engine) -> None:
    client = clickhouse_connect.get_client(
        host=engine.host, port=engine.port, username=engine.user, password=engine.password
    )
    client.command("CREATE DATABASE first")
    client.command("CREATE TABLE first.t (a UInt32, b String) ENGINE=MergeTree ORDER BY a")
    client.insert("first.t", [[1, "x"], [2, "y'\\"]], column_names=["a", "b"])
    client.insert_arrow("first.t", pa.table({"a": pa.array([3], pa.uint32()), "b": ["z"]}))
    assert client.query("SELECT a, b FROM first.t WHERE b != {no:String} ORDER BY a", parameters={"no": "q"}).result_rows == [
        (1, "x"),
        (2, "y'\\"),
        (3, "z"),
    ]
    client.close()
