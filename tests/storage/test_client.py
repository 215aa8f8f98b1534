"""Addresses, settings and errors, against the real engine."""

import dataclasses
import io
import socket
import threading

import numpy as np
import pyarrow as pa
import pytest

from storage.client import Client, StoreAddress, connect
from storage.errors import Refused, StoreError, Unavailable
from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack


@pytest.fixture
def numbers(client: Client, request: pytest.FixtureRequest) -> str:
    """A table of one UInt64 column."""
    name = request.node.name.replace("[", "_").replace("]", "_")
    client.command(
        f"CREATE TABLE {name} (x UInt64, gaps Array(UInt32)) ENGINE = MergeTree ORDER BY x "
        "SETTINGS non_replicated_deduplication_window = 10"
    )
    return name


def rows(count: int, width: int = 0) -> pa.Table:
    offsets = np.arange(count + 1, dtype=np.int32) * width
    gaps = pa.ListArray.from_arrays(offsets, np.arange(count * width, dtype=np.uint32))
    return pa.table({"x": pa.array(np.arange(count, dtype=np.uint64)), "gaps": gaps})


def counted(client: Client, table: str) -> int:
    return int(client.query(f"SELECT count() AS n FROM {table}")["n"][0].as_py())


def test_an_address_does_not_show_its_password(address: StoreAddress) -> None:
    assert address.password not in f"{address!r} {address}"
    assert str(address) == f"http://127.0.0.1:{address.port}/storage_tests"


def test_rows_under_a_token_are_taken_once(client: Client, numbers: str) -> None:
    for _ in range(2):
        client.insert(numbers, rows(3), token="it's a \\ token ☂")
    assert counted(client, numbers) == 3
    client.insert(numbers, rows(3), token="another")
    assert counted(client, numbers) == 6


def test_the_same_token_with_other_data_is_taken_for_the_same(client: Client, numbers: str) -> None:
    """The engine does not compare: token and rows must correspond, which is why batches are a function of the log."""
    client.insert(numbers, rows(3), token="t")
    client.insert(numbers, rows(5), token="t")
    assert counted(client, numbers) == 3


def test_without_a_token_equal_rows_are_taken_twice(client: Client, numbers: str) -> None:
    for _ in range(2):
        client.insert(numbers, rows(3), token=None)
    assert counted(client, numbers) == 6


def test_however_many_rows_are_one_block(client: Client, numbers: str) -> None:
    client.insert(numbers, rows(1_500_000), token="many")
    client.insert(numbers, rows(40, 1_000_000), token="wide")
    assert counted(client, numbers) == 1_500_040
    parts = client.query(
        "SELECT rows FROM system.parts WHERE database = currentDatabase() AND table = {table:String} AND active AND level = 0 "
        "ORDER BY rows",
        {"table": numbers},
    )
    assert parts["rows"].to_pylist() == [40, 1_500_000]


def test_parameters_are_values_not_sql(client: Client) -> None:
    hostile = "'; DROP TABLE blocks; -- \\"
    answer = client.query("SELECT {given:String} AS x, {list:Array(String)} AS y", {"given": hostile, "list": [hostile, "☂"]})
    assert answer.to_pylist() == [{"x": hostile, "y": [hostile, "☂"]}]


def test_nobody_listens(address: StoreAddress) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match=f"connecting to http://127.0.0.1:{port}"):
        connect(dataclasses.replace(address, port=port))


def test_the_wrong_password_is_refused(address: StoreAddress) -> None:
    with pytest.raises(Refused) as refused:
        connect(dataclasses.replace(address, password="guessed"))
    assert "guessed" not in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "code"),
    [("SELECT * FROM nowhere", 60), ("SELEC 1", 62), ("SELECT x FROM blocks", 47), ("SELECT throwIf(1)", 395)],
)
def test_what_will_never_work_is_refused(client: Client, sql: str, code: int) -> None:
    with pytest.raises(Refused) as refused:
        client.query(sql)
    assert refused.value.code == code


def test_rows_that_do_not_fit_are_refused(client: Client, numbers: str) -> None:
    with pytest.raises(Refused):
        client.insert(numbers, pa.table({"x": ["one"], "y": [2]}), token="t")
    with pytest.raises(Refused):
        client.insert(numbers, pa.table({"x": ["one"]}), token="t")
    assert counted(client, numbers) == 0


def test_too_many_parts_is_worth_another_try(client: Client, numbers: str) -> None:
    client.command(f"ALTER TABLE {numbers} MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 0")
    client.command(f"SYSTEM STOP MERGES {numbers}")
    client.insert(numbers, rows(1), token="first")
    with pytest.raises(Unavailable) as away:
        client.insert(numbers, rows(1), token="second")
    assert away.value.code == 252


def test_a_full_disk_is_worth_another_try(client: Client, numbers: str) -> None:
    with pytest.raises(Unavailable) as away:
        client.command(f"INSERT INTO {numbers} (x) SETTINGS min_free_disk_bytes_to_perform_insert = {1 << 60} VALUES (1)")
    assert away.value.code == 243


def test_a_question_that_asks_for_too_much_is_refused(address: StoreAddress) -> None:
    with connect(address, max_memory_usage=10_000_000) as client, pytest.raises(Refused) as refused:
        client.query("SELECT groupArray(number) AS x FROM numbers(100000000)")
    assert refused.value.code == 241


def test_a_store_without_memory_for_an_insert_is_worth_another_try(address: StoreAddress, client: Client, numbers: str) -> None:
    with connect(address, max_memory_usage=1_000_000) as starved, pytest.raises(Unavailable) as away:
        starved.insert(numbers, rows(10, 1_000_000), token="large")
    assert away.value.code == 241
    assert counted(client, numbers) == 0


def test_a_store_that_hangs_up_is_worth_another_try(address: StoreAddress) -> None:
    """A listener that accepts, reads and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1 << 16)

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(Unavailable):
            connect(dataclasses.replace(address, port=port))
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("ending", ["", ";", " ;\n", "\n-- why not"])
def test_a_stream_comes_in_the_format_asked_for(client: Client, ending: str) -> None:
    sql = f"SELECT number FROM system.numbers LIMIT {{n:UInt32}}{ending}"
    assert b"".join(client.stream(sql, "CSV", {"n": 3})) == b"0\n1\n2\n"
    with pa.ipc.open_stream(io.BytesIO(b"".join(client.stream(sql, "ArrowStream", {"n": 3})))) as arrow:
        assert arrow.read_all().to_pylist() == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_a_large_stream_comes_in_pieces(client: Client) -> None:
    pieces = [len(piece) for piece in client.stream("SELECT number FROM numbers(3000000)", "RowBinary")]
    assert sum(pieces) == 8 * 3_000_000
    assert len(pieces) > 5


def test_a_stream_that_breaks_off_says_so(client: Client) -> None:
    with pytest.raises(StoreError, match="throwIf"):
        list(client.stream("SELECT throwIf(number = 5000000) FROM numbers(10000000) SETTINGS max_block_size = 1000", "CSV"))


def test_a_stream_may_hold_the_mark_of_failure(client: Client) -> None:
    assert b"".join(client.stream("SELECT '__exception__\\r\\n'", "RawBLOB")) == b"__exception__\r\n"


def test_a_reader_reads_and_is_refused_everything_else(engine: EmbeddedEngine, address: StoreAddress) -> None:
    reading = dataclasses.replace(address, user=engine.readonly_user, password=engine.readonly_password)
    with connect(reading) as client:
        assert client.query("SELECT 1 AS x").to_pylist() == [{"x": 1}]
        assert b"".join(client.stream("SELECT 1", "CSV")) == b"1\n"
        with pytest.raises(Refused):
            client.command("CREATE TABLE mine (x UInt8) ENGINE = Memory")
        with pytest.raises(Refused):
            client.insert("ledger", pa.table({"pipeline": ["mine"]}), token=None)
