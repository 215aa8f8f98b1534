"""The engine's process under kill -9, restarts, rivals and clients that break off: what it acknowledged is there, once."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlencode

import clickhouse_connect
import psutil
import pyarrow as pa
import pytest

from tests.fixtures_engine import EmbeddedEngine

pytestmark = pytest.mark.stack


def _client(engine: EmbeddedEngine):
    return clickhouse_connect.get_client(host=engine.host, port=engine.port, username=engine.user, password=engine.password)


@pytest.mark.slow
def test_kill_and_restart_keep_what_was_acknowledged(own_engine: EmbeddedEngine) -> None:
    client = _client(own_engine)
    client.command(
        "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100,"
        " parts_to_delay_insert = 1000"
    )
    acknowledged = 0
    for kill in range(3):
        for batch in range(5):
            token = f"{kill}-{batch}"
            client.insert("t", [[kill * 100 + batch]] * 10, column_names=["n"], settings={"insert_deduplication_token": token})
            acknowledged += 10
        own_engine.kill()
        with pytest.raises(Exception, match=r"refused|closed|aborted|reset|Error"):
            client.command("SELECT 1")
        own_engine.start()
        client = _client(own_engine)
        assert client.command("SELECT count() FROM t") == acknowledged
        client.insert("t", [[kill * 100 + 4]] * 10, column_names=["n"], settings={"insert_deduplication_token": f"{kill}-4"})
        assert client.command("SELECT count() FROM t") == acknowledged, "a token survives the restart"


@pytest.mark.slow
def test_kill_in_mid_insert_stores_all_or_nothing(own_engine: EmbeddedEngine) -> None:
    client = _client(own_engine)
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100")
    table = pa.table({"n": pa.array(range(500_000), pa.uint64())})
    for number in range(3):
        body = pa.BufferOutputStream()
        with pa.ipc.new_stream(body, table.schema) as writer:
            writer.write_table(table)
        data = body.getvalue().to_pybytes()
        address = "/?" + urlencode({"query": "INSERT INTO t FORMAT ArrowStream", "insert_deduplication_token": f"k{number}"})
        sent = _begun(own_engine, address, data, len(data) if number else len(data) // 2)
        time.sleep(0.02 * number)  # somewhere within the insert; the outcome must be whole wherever it is
        own_engine.kill()
        sent.close()
        own_engine.start()
        client = _client(own_engine)
        before = client.command("SELECT count() FROM t")
        assert before in (number * 500_000, (number + 1) * 500_000)
        client.insert_arrow("t", table, settings={"insert_deduplication_token": f"k{number}"})
        assert client.command("SELECT count() FROM t") == (number + 1) * 500_000


def _begun(engine: EmbeddedEngine, address: str, data: bytes, send: int) -> socket.socket:
    token = b64encode(f"{engine.user}:{engine.password}".encode()).decode()
    client = socket.create_connection((engine.host, engine.port), 30)
    client.sendall(f"POST {address} HTTP/1.1\r\nAuthorization: Basic {token}\r\nContent-Length: {len(data)}\r\n\r\n".encode())
    client.sendall(data[:send])
    return client


def test_a_body_that_breaks_off_stores_nothing_and_spends_no_token(engine: EmbeddedEngine) -> None:
    client = _client(engine)
    client.command(
        "CREATE OR REPLACE TABLE broken (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 9"
    )
    address = "/?" + urlencode({"query": "INSERT INTO broken FORMAT RowBinary", "insert_deduplication_token": "b"})
    data = bytes(8 * 100_000)
    _begun(engine, address, data, len(data) // 2 // 8 * 8).close()
    client.raw_insert("broken", ["n"], data, fmt="RowBinary", settings={"insert_deduplication_token": "b"})
    assert client.command("SELECT count() FROM broken") == 100_000
    assert not list((engine.data / "spool").iterdir())


def test_a_clean_stop_and_a_second_start(own_engine: EmbeddedEngine) -> None:
    client = _client(own_engine)
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    client.command("INSERT INTO t SELECT number FROM numbers(1000)")
    client.command("CREATE DATABASE other")
    client.command(
        "CREATE MATERIALIZED VIEW other.v ENGINE = SummingMergeTree ORDER BY k"
        " AS SELECT n % 3 AS k, sum(n) AS s FROM t GROUP BY k"
    )
    assert own_engine.stop() == 0
    started = time.monotonic()
    own_engine.start()
    assert time.monotonic() - started < 20
    client = _client(own_engine)
    client.command("INSERT INTO t SELECT number FROM numbers(10)")
    assert client.query("SELECT count(), (SELECT sum(s) FROM other.v) FROM t").result_rows == [(1010, 45)]


def test_a_stop_does_not_wait_for_long_queries(own_engine: EmbeddedEngine) -> None:
    sql = b"SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))"
    with _begun(own_engine, "/", sql, len(sql)):
        client = _client(own_engine)
        while not client.command(
            "SELECT count() FROM system.processes WHERE query LIKE '%ignore(sip%' AND query NOT LIKE '%processes%'"
        ):
            time.sleep(0.02)
        started = time.monotonic()
        assert own_engine.stop() == 0
        assert time.monotonic() - started < 10


def test_a_second_process_on_the_same_data_is_refused(engine: EmbeddedEngine) -> None:
    users = engine.data.parent / "users.json"
    command = [sys.executable, "-m", "embedded.engine", "--data", str(engine.data), "--port", "0", "--users", str(users)]
    rival = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert rival.returncode == 1
    told = f"process {engine.pid} runs an engine on this data ({engine.data}): stop it, or give another --data"
    assert rival.stderr.strip() == told
    assert _client(engine).command("SELECT 1") == 1


def test_parts_are_merged_in_the_background(engine: EmbeddedEngine) -> None:
    client = _client(engine)
    client.command("CREATE OR REPLACE TABLE merging (n UInt64) ENGINE = MergeTree ORDER BY n")
    for number in range(40):
        client.command(f"INSERT INTO merging VALUES ({number})")
    deadline = time.monotonic() + 60
    while client.command("SELECT count() FROM system.parts WHERE table = 'merging' AND active") > 24:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert client.command("SELECT sum(n) FROM merging") == 780


def test_no_log_tables(engine: EmbeddedEngine) -> None:
    tables = (
        _client(engine).query("SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\\\_log'").result_rows
    )
    assert [name for (name,) in tables if name != "user_query_log"] == []


def test_memory_is_bounded(tmp_path: Path) -> None:
    small = EmbeddedEngine(tmp_path, "--memory-bytes", str(700 << 20))
    small.start()
    try:
        client = _client(small)
        with pytest.raises(Exception, match="MEMORY_LIMIT_EXCEEDED"):
            client.command("SELECT length(groupArray(number)) FROM numbers(300000000)")
        assert client.command("SELECT 1") == 1
    finally:
        assert small.stop() == 0


def test_bodies_are_bounded(tmp_path: Path) -> None:
    small = EmbeddedEngine(tmp_path, "--body-bytes", "1000000")
    small.start()
    try:
        client = _client(small)
        client.command("CREATE TABLE t (n UInt64) ENGINE = Memory")
        with pytest.raises(Exception, match="QUERY_IS_TOO_LARGE"):
            client.raw_insert("t", ["n"], bytes(8_000_000), fmt="RowBinary")
        client.raw_insert("t", ["n"], bytes(800_000), fmt="RowBinary")
        assert client.command("SELECT count() FROM t") == 100_000
    finally:
        small.stop()


def test_statements_at_once_are_bounded(tmp_path: Path) -> None:
    small = EmbeddedEngine(tmp_path, "--queries", "2")
    small.start()
    sql = b"SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))"
    held = [_begun(small, f"/?query_id={number}", sql, len(sql)) for number in range(2)]
    try:
        deadline = time.monotonic() + 30
        while _status(small) != 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(Exception, match="TOO_MANY_SIMULTANEOUS_QUERIES"):
            _client(small)
        held.pop().close()
        while _status(small) != 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert _client(small).command("SELECT 1") == 1
    finally:
        for client in held:
            client.close()
        small.stop()


def _status(engine: EmbeddedEngine) -> int:
    connection = http.client.HTTPConnection(engine.host, engine.port, timeout=30)
    connection.request("GET", "/status")
    body = connection.getresponse().read()
    connection.close()
    return int(body.rpartition(b'"running":')[2].rstrip(b"}"))


@pytest.mark.slow
def test_descriptors_and_threads_stay_flat(engine: EmbeddedEngine) -> None:
    def counted() -> tuple[int, int]:
        process = psutil.Process(engine.pid)
        return process.num_fds(), process.num_threads()

    client = _client(engine)
    client.command("CREATE OR REPLACE TABLE flat (n UInt64) ENGINE = Memory")

    def work(times: int) -> None:
        for number in range(times):
            client.insert("flat", [[number]], column_names=["n"])
            client.query("SELECT number FROM numbers(200000)")
            with pytest.raises(Exception, match="UNKNOWN"):
                client.query("SELECT nope")
            _begun(engine, "/", b"SELECT number FROM system.numbers", 33).close()

    work(40)
    descriptors, threads = counted()
    work(40)
    deadline = time.monotonic() + 30
    while True:
        later = counted()
        if later[0] <= descriptors + 10 and later[1] <= threads + 10:
            break
        assert time.monotonic() < deadline, ((descriptors, threads), later)
        time.sleep(0.1)


def test_a_bind_beyond_loopback_needs_a_word(tmp_path: Path, engine: EmbeddedEngine) -> None:
    users = engine.data.parent / "users.json"
    command = [sys.executable, "-m", "embedded.engine", "--data", str(tmp_path), "--users", str(users), "--port"]
    for arguments, told in (
        (["0", "--host", "0.0.0.0"], "add --allow-remote"),
        (["0", "--host", "localhost"], "not a numeric address"),
        ([str(engine.port)], "free the port"),
    ):
        refused = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert refused.returncode == 1
        assert told in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_interrupt_stops_it_too(tmp_path: Path) -> None:
    own = EmbeddedEngine(tmp_path)
    own.start()
    os.kill(own.pid, signal.SIGINT)
    assert own.stop() == 0
