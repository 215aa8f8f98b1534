"""ClickHouse's HTTP interface as curl and bare sockets see it."""

import base64
import gzip
import http.client
import json
import shutil
import socket
import subprocess
import time
import zlib
from urllib.parse import urlencode

import lz4.frame
import pytest
from backports import zstd

from embedded.engine.frames import FrameEncoder, unframed

pytestmark = pytest.mark.stack


class Reply:
    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self.broken = False
        try:
            self.body = reply.read()
        except http.client.IncompleteRead as error:
            self.body, self.broken = error.partial, True

    @property
    def code(self) -> int | None:
        code = self.headers.get("X-ClickHouse-Exception-Code")
        return int(code) if code else None

    @property
    def summary(self) -> dict[str, int]:
        return {name: int(value) for name, value in json.loads(self.headers["X-ClickHouse-Summary"]).items()}


def _token(engine) -> str:
    return "Basic " + base64.b64encode(f"{engine.user}:{engine.password}".encode()).decode()


@pytest.fixture
def ask(engine):
    """``ask(body, method=…, path=…, headers=…, **parameters)`` as the platform's user."""

    def ask(
        body: str | bytes = b"", *, method: str = "POST", path: str = "/", headers=None, login: bool = True, **parameters: str
    ):
        connection = http.client.HTTPConnection(engine.host, engine.port, timeout=60)
        body = body.encode() if isinstance(body, str) else body
        address = path + ("?" + urlencode(parameters) if parameters else "")
        connection.request(method, address, body, {**({"Authorization": _token(engine)} if login else {}), **(headers or {})})
        reply = Reply(connection.getresponse())
        connection.close()
        return reply

    return ask


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/ping"), ("HEAD", "/ping"), ("GET", "/replicas_status"), ("GET", "/"), ("HEAD", "/")]
)
def test_health(ask, method: str, path: str) -> None:
    reply = ask(method=method, path=path, login=False)
    assert (reply.status, reply.body) == (200, b"" if method == "HEAD" else b"Ok.\n")


def test_other_paths_and_methods(ask) -> None:
    assert ask(method="GET", path="/nowhere").status == 404
    assert ask(method="DELETE").status == 404
    assert ask(method="OPTIONS").status == 204
    assert json.loads(ask(method="GET", path="/status", login=False).body)["confinement"].startswith(("Landlock", "none"))


def test_headers_tell_the_truth(ask) -> None:
    reply = ask("SELECT sum(number) AS s FROM numbers(1000) FORMAT JSONEachRow", query_id="mine-1")
    assert reply.headers["X-ClickHouse-Query-Id"] == "mine-1"
    assert reply.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert reply.headers["X-ClickHouse-Timezone"] == "UTC"
    assert reply.headers["X-ClickHouse-Server-Display-Name"]
    assert reply.headers["Content-Type"] == "application/x-ndjson; charset=UTF-8"
    assert (reply.summary["read_rows"], reply.summary["result_rows"]) == (1000, 1)
    ask("CREATE OR REPLACE TABLE told (a Int32) ENGINE = MergeTree ORDER BY a")
    assert ask("INSERT INTO told SELECT number FROM numbers(7)").summary["written_rows"] == 7
    assert ask("INSERT INTO told FORMAT CSV\n1\n2\n").summary["written_rows"] == 2


@pytest.mark.parametrize(
    ("sql", "code", "status"),
    [
        ("SELECT nope", 47, 404),
        ("SELECT * FROM nope", 60, 404),
        ("SELECT FROM WHERE", 62, 400),
        ("", 62, 400),
        ("SELECT 1; SELECT 2", 62, 400),
        ("SELECT 'open", 62, 400),
        ("SELECT toUInt8('x')", 6, 400),
        ("SELECT 1 FORMAT Nope", 73, 404),
        ("SELECT 1 INTO OUTFILE 'x'", 358, 500),
        ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78, 404),
        ("INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV\n1", 48, 501),
        ("SELECT throwIf(1)", 395, 500),
    ],
)
def test_errors_have_their_code_and_status(ask, sql: str, code: int, status: int) -> None:
    reply = ask(sql)
    assert (reply.code, reply.status) == (code, status), reply.body
    assert reply.body.startswith(b"Code: %d. DB::Exception: " % code)


def test_logging_in(ask, engine) -> None:
    names = {"X-ClickHouse-User": engine.user, "X-ClickHouse-Key": engine.password.encode().decode("latin-1")}
    assert ask("SELECT 1", login=False, headers=names).body == b"1\n"
    assert ask("SELECT 1", login=False, user=engine.user, password=engine.password).body == b"1\n"
    nobody = ask("SELECT 1", login=False)
    assert (nobody.status, nobody.code, nobody.headers["WWW-Authenticate"]) == (
        401,
        194,
        'Basic realm="ClickHouse server HTTP API"',
    )
    for wrong in ({"user": engine.user, "password": "x"}, {"user": "nobody", "password": engine.password}, {"user": engine.user}):
        reply = ask("SELECT 1", login=False, **wrong)
        assert (reply.status, reply.code) == (403, 516)
    assert ask("SELECT 1", headers=names).code == 516
    assert ask("SELECT 1", login=False, headers={"Authorization": "Bearer x"}).code == 516
    assert ask("SELECT 1", login=False, headers={"Authorization": "Basic !"}).code == 516


def test_get_only_reads(ask) -> None:
    assert ask(method="GET", query="SELECT {a:UInt8} + 1", param_a="5").body == b"6\n"
    for sql in (
        "CREATE TABLE x (a Int8) ENGINE = Memory",
        "INSERT INTO x VALUES (1)",
        "SET max_threads = 1",
        "KILL QUERY WHERE 1",
    ):
        assert ask(method="GET", query=sql).code == 164


def test_query_and_body_are_one_statement(ask) -> None:
    assert ask("FROM numbers(3)", query="SELECT number").body == b"0\n1\n2\n"
    assert ask("SELECT 1", default_format="JSONCompactEachRow").body == b"[1]\n"
    assert ask("SELECT 1", headers={"X-ClickHouse-Format": "CSVWithNames"}).body == b'"1"\n1\n'
    assert ask("SELECT 1 FORMAT TSV;\n", default_format="JSON").body == b"1\n"
    assert ask("SELECT 1 AS format SETTINGS max_threads = 1").body == b"1\n"
    assert ask("SELECT currentDatabase()", headers={"X-ClickHouse-Database": "system"}).body == b"system\n"
    assert ask("SELECT 1", default_format="CSV; DROP").code == 36


def test_settings_in_the_address(ask) -> None:
    assert ask("SELECT getSetting('max_block_size')", max_block_size="77").body == b"77\n"
    assert ask("SELECT getSetting('max_block_size')").body != b"77\n"
    assert ask("SELECT 1", nonsense="1").code == 115
    assert ask("SELECT 1", **{"max_threads = 1, readonly": "0"}).code == 115
    assert (
        ask("SELECT getSetting('log_comment')", log_comment="it's \\ 'mine'", query_id="q").body == b"it\\'s \\\\ \\'mine\\' q\n"
    )


def test_sessions(ask) -> None:
    assert ask("SELECT 1", session_id="absent", session_check="1").code == 372
    assert ask("SELECT 1", session_id="s", session_timeout="100000").code == 374
    assert ask("CREATE TEMPORARY TABLE kept (a Int8)", session_id="s").status == 200
    assert ask("SELECT count() FROM kept", session_id="s", session_check="1").body == b"0\n"
    assert ask("SELECT count() FROM kept", session_id="s", close_session="1").body == b"0\n"
    assert ask("SELECT count() FROM kept", session_id="s").code == 60


def test_a_session_ends_when_nobody_comes(ask) -> None:
    assert ask("SELECT 1", session_id="brief", session_timeout="1").status == 200
    deadline = time.monotonic() + 20
    while ask("SELECT 1", session_id="brief", session_check="1", session_timeout="1").code != 372:
        assert time.monotonic() < deadline
        time.sleep(1.5)


_DECODED = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": zstd.decompress,
}
_ENCODED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "lz4": lz4.frame.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("coding", list(_DECODED))
@pytest.mark.parametrize("rows", [1, 400_000])
def test_codings(ask, coding: str, rows: int) -> None:
    sql = f"SELECT number FROM numbers({rows})"
    plain = ask(sql).body
    reply = ask(
        _ENCODED[coding](sql.encode()),
        headers={"Accept-Encoding": coding, "Content-Encoding": coding},
        enable_http_compression="1",
    )
    assert reply.headers["Content-Encoding"] == coding
    assert _DECODED[coding](reply.body) == plain
    assert "Content-Encoding" not in ask(sql, headers={"Accept-Encoding": coding}).headers
    assert "Content-Encoding" not in ask(sql, headers={"Accept-Encoding": "br"}, enable_http_compression="1").headers


def test_bad_codings(ask) -> None:
    assert ask(b"xx", headers={"Content-Encoding": "gzip"}).code == 271
    assert ask(gzip.compress(b"SELECT 1")[:-4], headers={"Content-Encoding": "gzip"}).code == 271
    assert ask(b"xx", headers={"Content-Encoding": "br"}).code == 89


def test_clickhouse_frames(ask) -> None:
    assert (
        b"".join(unframed([ask("SELECT number FROM numbers(300000)", compress="1").body]))
        == ask("SELECT number FROM numbers(300000)").body
    )
    encoder = FrameEncoder()
    framed = encoder.compress(b"SELECT 5") + encoder.flush()
    assert ask(framed, decompress="1").body == b"5\n"
    assert ask(framed[:-1] + b"x", decompress="1").code == 40
    assert ask(framed[:-1], decompress="1").code == 271


def test_a_failure_in_mid_stream(ask) -> None:
    sql = "SELECT number FROM numbers(3000000) WHERE throwIf(number = 2900000, 'broken off') = 0"
    reply = ask(sql)
    assert (reply.status, reply.broken) == (200, True)
    tag = reply.headers["X-ClickHouse-Exception-Tag"].encode()
    rows, mark, tail = reply.body.partition(b"\r\n__exception__\r\n" + tag + b"\r\n")
    assert rows.startswith(b"0\n1\n2\n")
    assert mark
    assert b"broken off" in tail
    assert tail.endswith(tag + b"\r\n__exception__\r\n")
    whole = ask(sql, wait_end_of_query="1")
    assert (whole.status, whole.code) == (500, 395)
    assert ask("SELECT number FROM numbers(3000000)", wait_end_of_query="1").summary["read_rows"] == 3_000_000


def test_progress_headers(ask) -> None:
    slow = "SELECT sum(sleepEachRow(0.01)) FROM numbers(60) SETTINGS max_block_size = 5"
    reply = ask(slow, send_progress_in_http_headers="1", http_headers_progress_interval_ms="50")
    told = [int(json.loads(value)["read_rows"]) for value in reply.headers.get_all("X-ClickHouse-Progress")]
    assert told == sorted(told)
    assert 0 < told[-1] <= 60
    assert reply.body == b"0\n"


def test_head_has_the_headers_of_get(ask) -> None:
    reply = ask(method="HEAD", query="SELECT 1")
    assert (reply.status, reply.body, reply.headers["X-ClickHouse-Format"]) == (200, b"", "TabSeparated")


def test_chunked_bodies_and_persistent_connections(engine) -> None:
    connection = http.client.HTTPConnection(engine.host, engine.port, timeout=30)
    for number in range(3):
        pieces = (piece for piece in (b"SELECT ", b"%d" % number, b" + 1"))
        connection.request("POST", "/", pieces, {"Authorization": _token(engine)}, encode_chunked=True)
        assert connection.getresponse().read() == b"%d\n" % (number + 1)
        connection.request("GET", "/ping")
        assert connection.getresponse().read() == b"Ok.\n"
        connection.request("POST", "/", b"SELECT nope", {"Authorization": _token(engine)})
        assert connection.getresponse().read().startswith(b"Code: 47")
    connection.close()


def test_http_1_0(engine) -> None:
    with socket.create_connection((engine.host, engine.port), 30) as client:
        client.sendall(
            b"GET /?query=SELECT+number+FROM+numbers(300000) HTTP/1.0\r\nAuthorization: %s\r\n\r\n" % _token(engine).encode()
        )
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body.count(b"\n") == 300_000


@pytest.mark.parametrize(
    "raw",
    [
        b"NONSENSE\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused_and_closed(engine, raw: bytes) -> None:
    with socket.create_connection((engine.host, engine.port), 30) as client:
        client.sendall(raw)
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in answer


def test_query_ids(ask, engine) -> None:
    assert ask("SELECT 1", query_id="a\r\nX-Forged: 1").code == 408
    with socket.create_connection((engine.host, engine.port), 30) as client:
        sql = b"SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))"
        head = b"POST /?query_id=long-one HTTP/1.1\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n"
        client.sendall(head % (_token(engine).encode(), len(sql)) + sql)
        _until_running(ask, 1)
        assert ask("SELECT 1", query_id="long-one").code == 216
        assert b"long-one" not in ask("KILL QUERY WHERE query_id = 'another'").body
        assert ask("KILL QUERY WHERE query_id = 'long-one'").status == 200
        assert b"\r\nX-ClickHouse-Exception-Code: 394\r\n" in client.recv(1 << 16)
    _until_running(ask, 0)


def _until_running(ask, count: int) -> None:
    deadline = time.monotonic() + 30
    while (
        int(ask("SELECT count() FROM system.processes WHERE query LIKE '%system.numbers%' AND query NOT LIKE '%processes%'").body)
        != count
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))",
        "SELECT number FROM system.numbers",
        "SELECT number FROM system.numbers FORMAT JSON",
        "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0",
        "SELECT * FROM (SELECT number FROM system.numbers ORDER BY sipHash64(number) LIMIT 5)",
    ],
)
def test_a_query_ends_when_its_client_goes(ask, engine, sql: str) -> None:
    client = socket.create_connection((engine.host, engine.port), 30)
    head = f"POST / HTTP/1.1\r\nAuthorization: {_token(engine)}\r\nContent-Length: {len(sql)}\r\n\r\n{sql}"
    client.sendall(head.encode())
    _until_running(ask, 1)
    client.close()
    _until_running(ask, 0)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(engine, tmp_path) -> None:
    def curl(*arguments: str, data: bytes = b"") -> bytes:
        address = f"http://{engine.host}:{engine.port}/"
        command = ["curl", "-sS", "--fail-with-body", "-u", f"{engine.user}:{engine.password}", *arguments]
        return subprocess.run(
            [*command[:-1], address + command[-1]], input=data, capture_output=True, check=True, timeout=60
        ).stdout

    curl("-d", "CREATE OR REPLACE TABLE curled (a UInt32, s String) ENGINE = MergeTree ORDER BY a", "")
    packed = tmp_path / "rows.gz"
    packed.write_bytes(gzip.compress(b"1,x\n2,y\n"))
    curl("-H", "Content-Encoding: gzip", "--data-binary", f"@{packed}", "?query=INSERT%20INTO%20curled%20FORMAT%20CSV")
    curl(
        "-H", "Transfer-Encoding: chunked", "--data-binary", "@-", "?query=INSERT%20INTO%20curled%20FORMAT%20TSV", data=b"3\tz\n"
    )
    assert (
        curl("--compressed", "?enable_http_compression=1&query=SELECT%20*%20FROM%20curled%20ORDER%20BY%20a")
        == b"1\tx\n2\ty\n3\tz\n"
    )
    sent = ("-F", "query=SELECT {a:UInt8} + (SELECT sum(b) FROM t)", "-F", "param_a=1", "-F", "t=@-;filename=t")
    assert curl(*sent, "?t_structure=b%20Int8", data=b"2\n3\n") == b"6\n"


def test_a_strangers_body_is_not_waited_for(engine) -> None:
    with socket.create_connection((engine.host, engine.port), 30) as client:
        client.sendall(b"POST / HTTP/1.1\r\nX-ClickHouse-User: nobody\r\nContent-Length: 33554432\r\n\r\n")
        with client.makefile("rb") as answer:  # ends although the client sends nothing and does not close
            text = answer.read()
    assert text.startswith(b"HTTP/1.1 403 ")
    assert b"Connection: close" in text
