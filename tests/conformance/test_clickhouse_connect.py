"""The endpoint as clickhouse-connect uses it, unmodified."""

import asyncio
import datetime as dt
import gzip
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import clickhouse_connect
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, ProgrammingError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

pytestmark = pytest.mark.stack

_DATABASES = itertools.count()


@pytest.fixture
def connect(engine):
    """``connect(**options)`` makes a client in this test's own database; as the reader with ``reader=True``."""
    database = f"connect_{next(_DATABASES)}"
    made = []

    def make(*, reader: bool = False, **options):
        name, password = (engine.readonly_user, engine.readonly_password) if reader else (engine.user, engine.password)
        address = {"host": engine.host, "port": engine.port, "username": name, "password": password}
        made.append(clickhouse_connect.get_client(**address, **{"database": database, **options}))
        return made[-1]

    make(database="default").command(f"CREATE DATABASE {database}")
    yield make
    made[0].command(f"DROP DATABASE {database}")
    for client in made:
        client.close()


@pytest.fixture
def client(connect):
    client = connect()
    client.command("CREATE TABLE t (a UInt32, s String, g Array(UInt32)) ENGINE = MergeTree ORDER BY a")
    return client


def test_create_insert_query(client) -> None:
    assert client.ping()
    summary = client.insert("t", [[1, "x", [1, 2]], [2, "y'\\", []]], column_names=["a", "s", "g"])
    assert summary.written_rows == 2
    result = client.query("SELECT * FROM t ORDER BY a")
    assert result.result_rows == [(1, "x", [1, 2]), (2, "y'\\", [])]
    assert result.summary["read_rows"] == "2"
    assert client.command("SELECT count() FROM t") == 2
    assert client.query("SELECT * FROM t LIMIT 0").column_names == ("a", "s", "g")


def test_every_type_comes_back_as_it_went(client) -> None:
    client.command(
        "CREATE TABLE types (d DateTime64(9), l LowCardinality(Nullable(String)), m Map(String, Float64),"
        " t Tuple(x UInt8, y String), u UUID, f FixedString(3), n Nullable(Decimal(18, 4)), b Bool,"
        " e Enum8('one' = 1, 'two' = 2), i IPv4) ENGINE = Memory"
    )
    client.command(
        "INSERT INTO types SELECT toDateTime64('2026-01-02 03:04:05.123456', 9), NULL, map('k', 1.5), (1, 'z'),"
        " toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'), 'abc', toDecimal64(1.25, 4), true, 'two', toIPv4('10.0.0.1')"
    )
    rows = client.query("SELECT * FROM types").result_rows
    client.insert("types", rows)
    assert client.query("SELECT * FROM types").result_rows == rows * 2


def test_frames_arrays_and_arrow(client) -> None:
    client.insert_df("t", pd.DataFrame({"a": np.arange(3, dtype=np.uint32), "s": list("abc")}))
    client.insert_arrow("t", pa.table({"a": pa.array([3], pa.uint32()), "s": ["d"], "g": pa.array([[7]], pa.list_(pa.uint32()))}))
    assert list(client.query_df("SELECT a, s FROM t ORDER BY a")["s"]) == list("abcd")
    assert client.query_np("SELECT a FROM t ORDER BY a").ravel().tolist() == [0, 1, 2, 3]
    assert client.query_arrow("SELECT g FROM t WHERE a = 3")["g"].to_pylist() == [[7]]


def test_streams(client) -> None:
    with client.query_row_block_stream("SELECT number, toString(number) FROM numbers(300000)") as blocks:
        assert sum(len(block) for block in blocks) == 300_000
    with client.query_df_stream("SELECT number FROM numbers(300000)") as frames:
        assert sum(len(frame) for frame in frames) == 300_000
    with client.query_arrow_stream("SELECT number FROM numbers(300000)") as batches:
        assert sum(batch.num_rows for batch in batches) == 300_000
    assert client.raw_query("SELECT number FROM numbers(2)", fmt="CSVWithNames") == b'"number"\n0\n1\n'
    with client.raw_stream("SELECT number FROM numbers(1000000)", fmt="RowBinary") as stream:
        assert sum(len(piece) for piece in iter(lambda: stream.read(1 << 20), b"")) == 8_000_000


def test_parameters_are_bound_by_the_server(client) -> None:
    odd = "it's \\ \t\n {x:String} ☃"
    # The client gives UTC without a zone.
    moment = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
    values = {"a": odd, "b": [odd, ""], "d": moment, "n": None, "i": -5}
    result = client.query("SELECT {a:String}, {b:Array(String)}, {d:DateTime}, {n:Nullable(Int8)}, {i:Int32}", parameters=values)
    assert result.result_rows == [(odd, [odd, ""], moment, None, -5)]
    assert client.query("SELECT %(a)s", parameters={"a": odd}).result_rows == [(odd,)]
    client.command("INSERT INTO t (a, s) SELECT 1, {a:String}", parameters={"a": odd})
    assert client.command("SELECT count() FROM {table:Identifier} WHERE s = {a:String}", parameters={"a": odd, "table": "t"}) == 1


def test_long_parameters_travel_in_a_form(connect) -> None:
    long = "x" * 200_000
    assert connect(form_encode_query_params=True).query("SELECT {a:String}", parameters={"a": long}).result_rows == [(long,)]


def test_settings_are_the_requests_own(connect) -> None:
    one, other = connect(settings={"max_threads": 1}), connect(settings={"max_threads": 3})
    asked = "SELECT getSetting('max_threads')"
    for _ in range(3):
        assert one.command(asked) == 1
        assert other.command(asked) == 3
        assert one.query(asked, settings={"max_threads": 2}).result_rows == [(2,)]
    barrier = threading.Barrier(2)

    def slow(client) -> list:
        barrier.wait(10)
        return [
            client.query(f"{asked} FROM numbers(1000) WHERE NOT ignore(sipHash64(number)) LIMIT 1").result_rows for _ in range(20)
        ]

    with ThreadPoolExecutor(2) as threads:
        assert [set(itertools.chain(*map(tuple, rows))) for rows in threads.map(slow, (one, other))] == [{(1,)}, {(3,)}]


def test_settings_of_a_session_outlive_a_request(connect) -> None:
    client = connect()
    client.command("SET max_block_size = 4321")
    assert client.command("SELECT getSetting('max_block_size')") == 4321
    assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 99}).result_rows == [(99,)]
    assert client.command("SELECT getSetting('max_block_size')") == 4321
    assert connect().command("SELECT getSetting('max_block_size')") != 4321


def test_temporary_tables_live_in_their_session(connect) -> None:
    client = connect()
    client.command("CREATE TEMPORARY TABLE held (a Int8)")
    client.insert("held", [[1], [2]], column_names=["a"])
    assert client.query("SELECT * FROM held ORDER BY a").result_rows == [(1,), (2,)]
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        connect().query("SELECT * FROM held")


def test_a_session_takes_one_request_at_a_time(connect) -> None:
    client = connect(session_id="busy")
    twin = connect(autogenerate_session_id=False)
    with client.query_row_block_stream("SELECT number FROM numbers(50000000)") as blocks:
        next(iter(blocks))
        with pytest.raises(DatabaseError, match="SESSION_IS_LOCKED"):
            twin.query("SELECT 1", settings={"session_id": "busy"})


def test_external_data(connect) -> None:
    data = ExternalData(file_name="people.csv", data=b'1,"x"\n2,y\n', fmt="CSV", structure="id UInt64, name String")
    data.add_file(file_name="kinds", data=b"2\tz\n", fmt="TSV", types="UInt64, String")
    for client in (connect(), connect(reader=True)):
        rows = client.query(
            "SELECT people.name, _2 FROM people JOIN kinds ON people.id = kinds._1", external_data=data
        ).result_rows
        assert rows == [("y", "z")]


@pytest.mark.parametrize("coding", [False, "lz4", "zstd", "gzip"])
def test_codings_both_ways(connect, coding) -> None:
    client = connect(compress=coding)
    client.command("CREATE TABLE t (a UInt32, s String) ENGINE = Memory")
    rows = [[number, f"row {number}"] for number in range(20_000)]
    client.insert("t", rows, column_names=["a", "s"])
    assert client.query("SELECT * FROM t ORDER BY a").result_rows == [tuple(row) for row in rows]
    assert len(client.query("SELECT number, toString(number) FROM numbers(200000)").result_rows) == 200_000


def test_raw_inserts(client) -> None:
    client.raw_insert("t", ["a", "s"], b"1\tx\n", fmt="TSV")
    client.raw_insert("t", ["a", "s"], gzip.compress(b'{"a": 2, "s": "y"}\n'), fmt="JSONEachRow", compression="gzip")
    client.raw_insert("t", ["a", "s"], (piece for piece in (b"3,z\n4", b",w\n")), fmt="CSV")
    client.command("INSERT INTO t (a, s) VALUES (5, ';'), (6, ')')")
    assert client.query("SELECT a, s FROM t ORDER BY a").result_rows == [
        (1, "x"),
        (2, "y"),
        (3, "z"),
        (4, "w"),
        (5, ";"),
        (6, ")"),
    ]


def test_errors_have_their_codes(client) -> None:
    for sql, code in (("SELECT nope", 47), ("SELEC 1 FROM", 62), ("SELECT * FROM nope", 60), ("SELECT toUInt8('x')", 6)):
        with pytest.raises(DatabaseError) as raised:
            client.query(sql)
        assert raised.value.code == code
    with pytest.raises(DatabaseError, match=r"TYPE_MISMATCH|CANNOT_PARSE|ILLEGAL"):
        client.raw_insert("t", ["a"], b"not a number\n", fmt="TSV")
    assert client.command("SELECT 1") == 1


def test_an_error_in_mid_stream_is_noticed(client) -> None:
    failing = "SELECT number, throwIf(number = 2900000, 'broken off') FROM numbers(3000000)"
    with pytest.raises((DatabaseError, StreamFailureError), match="broken off"):
        client.query(failing)
    with pytest.raises((DatabaseError, StreamFailureError), match="broken off"), client.query_row_block_stream(failing) as blocks:
        for _ in blocks:
            pass
    assert client.command("SELECT 1") == 1


def test_a_wrong_password(engine) -> None:
    with pytest.raises(DatabaseError) as raised:
        clickhouse_connect.get_client(host=engine.host, port=engine.port, username=engine.user, password="guess")
    assert raised.value.code == 516


def test_the_reader_reads(client, connect) -> None:
    client.insert("t", [[1, "x", []]], column_names=["a", "s", "g"])
    reader = connect(reader=True)
    assert reader.query("SELECT s FROM t WHERE a = {a:UInt32}", parameters={"a": 1}).result_rows == [("x",)]
    assert len(reader.query_df("SELECT * FROM t")) == 1
    with pytest.raises(DatabaseError) as raised:
        reader.insert("t", [[2, "y", []]], column_names=["a", "s", "g"])
    assert raised.value.code == 497
    with pytest.raises(ProgrammingError, match="readonly"):
        reader.query("SELECT 1", settings={"max_threads": 4})


async def test_the_async_client(engine) -> None:
    client = await clickhouse_connect.get_async_client(
        host=engine.host, port=engine.port, username=engine.user, password=engine.password
    )
    try:
        results = await asyncio.gather(*(client.query("SELECT {i:Int32}", parameters={"i": number}) for number in range(20)))
        assert [result.result_rows for result in results] == [[(number,)] for number in range(20)]
        await client.command("CREATE OR REPLACE TABLE async_rows (a UInt32) ENGINE = Memory")
        await client.insert("async_rows", [[1], [2]], column_names=["a"])
        stream = await client.query_row_block_stream("SELECT number FROM numbers(100000)")
        async with stream:
            assert sum([len(block) async for block in stream]) == 100_000
        assert (await client.query("SELECT sum(a) FROM async_rows")).result_rows == [(3,)]
    finally:
        await client.close()
