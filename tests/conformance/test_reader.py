"""A read-only user against everything it must not do: by statement, by setting, by parameter, by session; and its limits."""

import base64
import http.client
from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.stack

ACCESS_DENIED, READONLY = 497, 164


@pytest.fixture(scope="module")
def asked(engine):
    """``asked(sql, **parameters)`` as the reader: status, exception code or None, body."""

    def ask(sql: str, *, admin: bool = False, headers=None, **parameters: str):
        name, password = (engine.user, engine.password) if admin else (engine.readonly_user, engine.readonly_password)
        token = base64.b64encode(f"{name}:{password}".encode()).decode()
        connection = http.client.HTTPConnection(engine.host, engine.port, timeout=60)
        connection.request(
            "POST", "/?" + urlencode(parameters), sql.encode(), {"Authorization": f"Basic {token}", **(headers or {})}
        )
        reply = connection.getresponse()
        code = reply.headers.get("X-ClickHouse-Exception-Code")
        try:
            body = reply.read()
        except http.client.IncompleteRead as error:
            body = error.partial
        connection.close()
        return reply.status, int(code) if code else None, body

    for statement in (
        "CREATE DATABASE guarded",
        "CREATE TABLE guarded.t (a UInt32, file String, b Array(UInt32)) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO guarded.t SELECT number, 'x', [number] FROM numbers(10)",
        "CREATE VIEW guarded.v AS SELECT a FROM guarded.t",
    ):
        assert ask(statement, admin=True)[0] == 200
    return ask


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count() FROM guarded.t",
        "SELECT countIf(file = 'x'), anyIf(file, a > 1) FROM guarded.t WHERE file IN ('x') AND file LIKE 'x%'",
        "SELECT arrayMap(upper, [t.file]) FROM guarded.t AS t LIMIT 1",
        "WITH x AS (SELECT a, file FROM guarded.t) SELECT sumIf(a, a > 1), any(file) FROM x",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT * FROM guarded.v ORDER BY a LIMIT 1 FORMAT JSONCompact",
        "SELECT 'file(\\'/etc/passwd\\')', \"file\", `file` FROM guarded.t LIMIT 1 -- url('http://x')",
        "SELECT arrayMap(x -> x + 1, b) FROM guarded.t ORDER BY a LIMIT 1",
        "SELECT a FROM guarded.t WHERE a IN (SELECT number FROM numbers(3)) ORDER BY a",
        "SHOW TABLES FROM guarded",
        "SHOW DATABASES",
        "SHOW CREATE TABLE guarded.t",
        "SHOW COLUMNS FROM t FROM guarded",
        "DESCRIBE TABLE guarded.t",
        "EXPLAIN SELECT a FROM guarded.t",
        "EXPLAIN AST SELECT a FROM guarded.t",
        "EXISTS TABLE guarded.t",
        "USE guarded",
        "SELECT name FROM system.tables WHERE database = 'guarded'",
        "SELECT database, table, name, type FROM system.columns WHERE database = 'guarded'",
        "SELECT name, value, readonly FROM system.settings LIMIT 3",
        "SELECT table_name FROM information_schema.tables LIMIT 1",
        "SELECT version(), timezone(), displayName(), revision()",
        "SELECT CAST(1 AS Nullable(UInt8)), 1::Decimal(9, 2), toStartOfInterval(now(), INTERVAL 1 MINUTE)",
    ],
)
def test_may(asked, sql: str) -> None:
    status, code, body = asked(sql)
    assert (status, code) == (200, None), body


WRITES = [
    "INSERT INTO guarded.t VALUES (1, '', [])",
    "INSERT INTO guarded.t SELECT 1, '', []",
    "WITH 1 AS x INSERT INTO guarded.t SELECT x, '', []",
    "CREATE TABLE guarded.u (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE u (a Int8)",
    "CREATE FUNCTION f AS x -> x",
    "ALTER TABLE guarded.t ADD COLUMN z Int8",
    "ALTER TABLE guarded.t DELETE WHERE 1",
    "DELETE FROM guarded.t WHERE 1",
    "UPDATE guarded.t SET file = '' WHERE 1",
    "TRUNCATE TABLE guarded.t",
    "DROP TABLE guarded.t",
    "DROP DATABASE guarded",
    "RENAME TABLE guarded.t TO guarded.u",
    "EXCHANGE TABLES guarded.t AND guarded.v",
    "OPTIMIZE TABLE guarded.t",
    "DETACH TABLE guarded.t",
    "ATTACH TABLE guarded.t",
    "BACKUP TABLE guarded.t TO File('x')",
    "RESTORE TABLE guarded.t FROM File('x')",
    "SYSTEM FLUSH LOGS",
    "SYSTEM STOP MERGES",
    "SYSTEM SHUTDOWN",
    "KILL QUERY WHERE 1",
    "KILL MUTATION WHERE 1",
    "GRANT ALL ON *.* TO default",
    "CREATE USER u",
    "SET readonly = 0",
    "SET ROLE platform",
    "SET ROLE ALL",
    "SET profile = 'default'",
    "EXECUTE AS default SELECT 1",
    "EXPLAIN INSERT INTO guarded.t SELECT 1, '', []",
    "BEGIN TRANSACTION",
    "CHECK TABLE guarded.t",
    "SELECT 1 PARALLEL WITH DROP TABLE guarded.t",
    "MOVE USER u TO x",
]

REACHES = [
    "SELECT file('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    'SELECT "file"(\'/etc/passwd\')',
    "SELECT FILE('/etc/passwd')",
    "SELECT file/**/('/etc/passwd')",
    "SELECT file -- x\n('/etc/passwd')",
    "SELECT `fi\\x6ce`('/etc/passwd')",
    "SELECT \u201cfile\u201d('/etc/passwd')",
    "SELECT file\u00a0('/etc/passwd')",
    "SELECT /* /* */ 1, */ file('/etc/passwd')",
    "SELECT $$a$$, file('/etc/passwd'), $$b$$",
    "SELECT '\\'', file('/etc/passwd'), ''",
    "SELECT '''', file('/etc/passwd') --'",
    "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
    "SELECT arrayMap(file, ['/etc/passwd'])",
    "SELECT arrayMap(`file`, ['/etc/passwd'])",
    'SELECT arrayMap("file", [\'/etc/passwd\'])',
    "SELECT arrayMap(((file)), ['/etc/passwd'])",
    "SELECT arrayMap(file AS f, ['/etc/passwd'])",
    "SELECT `arrayMap`(file, ['/etc/passwd'])",
    "SELECT arrayMap(file, ['/etc/passwd']) AS `q\n    Function any (children 1)\n     ExpressionList`",
    "WITH arrayMap(file, ['/etc/passwd']) AS x SELECT x",
    "SELECT 1 WHERE notEmpty(arrayMap(file, ['/etc/passwd']))",
    "SELECT arrayFilter(file, ['/etc/passwd'])",
    "SELECT arrayExists(file, ['/etc/passwd'])",
    "SELECT arraySort(file, ['/etc/passwd'])",
    "SELECT arrayFold(file, ['/etc/passwd'], '')",
    "SELECT arrayMap(demangle, ['x'])",
    "SELECT arrayMap(file, [x]) FROM (SELECT '/etc/passwd' AS x)",
    "SELECT mapApply(file, map('/etc/passwd', '/etc/passwd'))",
    "SELECT mapFilter(file, map('/etc/passwd', '/etc/passwd'))",
    "SHOW COLUMNS FROM processes FROM system",
    "SHOW INDEX FROM processes IN system",
    "SHOW COLUMNS FROM processes FROM 'system'",
    "SHOW COLUMNS FROM 'system'.'processes'",
    "SHOW COLUMNS FROM 'sys\\x74em'.processes",
    "SELECT * FROM 'system'.'processes'",
    "SELECT arrayMap(file, (SELECT ['/etc/passwd'] FROM 'x\\n    Function any (children 1)'))",
    "SHOW FULL COLUMNS IN `processes` IN `system`",
    "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
    "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
    "SELECT COLUMNS('.*') APPLY `file` FROM (SELECT '/etc/passwd' AS x)",
    "WITH (SELECT file('/etc/passwd')) AS x SELECT x",
    "WITH a AS (WITH b AS (SELECT file('/etc/passwd') AS c) SELECT * FROM b) SELECT * FROM a",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM (SELECT * FROM view(SELECT file('/etc/passwd')))",
    "DESCRIBE file('/etc/passwd')",
    "DESCRIBE TABLE file('/etc/passwd', 'LineAsString')",
    "EXPLAIN SELECT file('/etc/passwd')",
    "EXPLAIN AST SELECT file('/etc/passwd')",
    "SELECT 1 IN file('/etc/passwd', 'CSV', 'a Int8')",
    "SELECT * FROM _files.`/etc/passwd`",
    "SELECT * FROM `_files`.`/etc/passwd`",
    "SELECT * FROM fileCluster('default', '/etc/passwd')",
    "SELECT * FROM filesystem('/etc')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a Int8')",
    "SELECT * FROM urlCluster('default', 'http://127.0.0.1:1/', 'CSV', 'a Int8')",
    "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV', 'a Int8')",
    "SELECT * FROM gcs('http://127.0.0.1:1/b/k', 'CSV', 'a Int8')",
    "SELECT * FROM azureBlobStorage('http://127.0.0.1:1/')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', 'CSV', 'a Int8')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM remoteSecure('127.0.0.1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM clusterAllReplicas('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e Int8')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k Int8')",
    "SELECT * FROM sqlite('/x', 'y')",
    "SELECT * FROM jdbc('x', 'y')",
    "SELECT * FROM odbc('x', 'y')",
    "SELECT * FROM iceberg('http://127.0.0.1:1/')",
    "SELECT * FROM deltaLakeLocal('/x')",
    "SELECT * FROM executable('cat', 'TSV', 'a Int8')",
    "SELECT * FROM python('x')",
    "SELECT * FROM eval('SELECT file(\\'/etc/passwd\\')')",
    "SELECT * FROM input('a Int8')",
    "SELECT * FROM merge('system', '.*')",
    "SELECT * FROM loop(system.processes)",
    "SELECT * FROM dictionary('x')",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))",
    "SELECT dictGet('x', 'y', 1)",
    "SELECT dictGetOrDefault('x', 'y', 1, 2)",
    "SELECT dictHas('x', 1)",
    "SELECT joinGet('guarded.j', 'a', 1)",
    "SELECT catboostEvaluate('/x', 1)",
    "SELECT evalMLMethod(1, 2)",
    "SELECT aiGenerate('x', 'y')",
    "SELECT chdb()",
    "SELECT addressToSymbol(1)",
    "SELECT getServerSetting('path')",
    "SELECT logTrace('x')",
    "SELECT * FROM system.processes",
    "SELECT * FROM `system`.`processes`",
    'SELECT * FROM "system".processes',
    "SELECT * FROM system . processes",
    "SELECT * FROM system/* */./* */processes",
    "SELECT * FROM system.user_processes",
    "SELECT * FROM system.query_log",
    "SELECT * FROM system.users",
    "SELECT * FROM system.grants",
    "SELECT * FROM system.server_settings",
    "SELECT * FROM system.disks",
    "SELECT * FROM system.stack_trace",
    "SELECT * FROM system.named_collections",
    "SELECT * FROM system.user_query_log",
    "SELECT 1 WHERE 'x' IN system.processes",
    "SELECT * FROM guarded.t JOIN system.processes ON 1",
    "SHOW PROCESSLIST",
    "SHOW GRANTS",
    "SHOW USERS",
    "SHOW ACCESS",
    "SHOW CREATE USER default",
    "SHOW CLUSTERS",
    "SELECT 1 INTO OUTFILE 'x'",
    "SELECT 1; SELECT 2",
]  # fmt: skip


@pytest.mark.parametrize("sql", WRITES + REACHES)
def test_may_not(asked, sql: str) -> None:
    status, code, body = asked(sql)
    assert status >= 400, body
    assert code in (ACCESS_DENIED, READONLY, 62, 358), body  # refused as such, not for want of what was named
    assert b"root:" not in body


@pytest.mark.parametrize(
    "parameters",
    [
        {"readonly": "0"},
        {"readonly": "2"},
        {"profile": "default"},
        {"format_template_resultset": "/etc/passwd"},
        {"format_template_row": "/etc/passwd"},
        {"format_schema": "/etc/passwd"},
        {"format_schema_path": "/etc"},
        {"output_format_schema": "x"},
        {"allow_ddl": "1"},
        {"allow_introspection_functions": "1"},
        {"dialect": "kusto"},
        {"additional_table_filters": "{}"},
        {"additional_result_filter": "file('/etc/passwd') = ''"},
        {"log_queries": "1"},
        {"max_memory_usage_for_user": "0"},
        {"implicit_select": "1"},
        {"role": "platform"},
        {"database": "system"},
        {"database": "_files"},
        {"query": "SELECT file('/etc/passwd')"},
    ],
)
def test_parameters_open_nothing(asked, parameters) -> None:
    status, code, body = asked("SELECT 1", **parameters)
    assert status >= 400, body
    assert code is not None


@pytest.mark.parametrize(
    "clause",
    ["SETTINGS readonly = 0", "SETTINGS max_result_rows = 0", "SETTINGS max_execution_time = 0", "SETTINGS max_threads = 99"],
)
@pytest.mark.parametrize("form", ["", "FORMAT JSON"])
def test_settings_clauses_raise_no_limit(asked, clause: str, form: str) -> None:
    status, code, body = asked(f"SELECT number FROM numbers(6000000) {form} {clause}")
    assert (status >= 400 and code in (READONLY, ACCESS_DENIED)) or b"TOO_MANY_ROWS_OR_BYTES" in body, body[-300:]


def test_names_in_parameters_are_refused(asked) -> None:
    for sql in ("SELECT * FROM {t:Identifier}", "SELECT * FROM {d:Identifier}.processes", "SELECT {c:identifier} FROM guarded.t"):
        _, code, body = asked(sql, param_t="system.processes", param_d="system", param_c="file")
        assert code == ACCESS_DENIED, body
    status, _, body = asked("SELECT {x:String}", param_x="file('/etc/passwd')")
    assert (status, body) == (200, b"file(\\'/etc/passwd\\')\n")


@pytest.mark.slow
def test_limits_hold_and_can_only_be_lowered(asked) -> None:
    _, code, body = asked("SELECT number FROM numbers(10)", max_result_rows="5")
    assert code == 396, body
    _, _, body = asked("SELECT number FROM numbers(7000000)", max_result_rows="100000000")
    assert b"TOO_MANY_ROWS_OR_BYTES" in body[-500:]
    _, code, body = asked("SELECT count() FROM system.numbers WHERE NOT ignore(sipHash64(number))", max_execution_time="0.3")
    assert code in (159, 158), body
    _, code, body = asked("SELECT count() FROM numbers(3000000000) WHERE NOT ignore(number)")
    assert code == 158, body
    _, code, body = asked("SELECT length(groupArray(number)) FROM numbers(1000000000)")
    assert code == 241, body
    status, _, body = asked("SELECT getSetting('max_threads'), getSetting('readonly')", max_threads="64")
    assert (status, body) == (200, b"2\t1\n")


def test_a_session_is_its_users_own(asked) -> None:
    assert asked("CREATE TEMPORARY TABLE secret (a Int8)", admin=True, session_id="s1")[0] == 200
    assert asked("INSERT INTO secret VALUES (7)", admin=True, session_id="s1")[0] == 200
    _, code, _ = asked("SELECT * FROM secret", session_id="s1", session_check="1")
    assert code == 372
    _, code, _ = asked("SELECT * FROM secret", session_id="s1")
    assert code == 60
    assert asked("SELECT * FROM secret", admin=True, session_id="s1")[2] == b"7\n"


def test_the_database_of_a_session_stays_checked(asked) -> None:
    assert asked("USE guarded", session_id="s2")[0] == 200
    assert asked("SELECT count() FROM t", session_id="s2")[2] == b"10\n"
    assert asked("USE system", session_id="s2")[1] == ACCESS_DENIED
    assert asked("SELECT count() FROM t", session_id="s2")[2] == b"10\n"


@pytest.mark.parametrize(
    "structure",
    [
        "a Int8) AS SELECT file('/etc/passwd') --",
        "a Int8 DEFAULT file('/etc/passwd')",
        "a String MATERIALIZED file('/etc/passwd')",
        "a String ALIAS file('/etc/passwd')",
        "a Int8) ENGINE = File('CSV', 'x') --",
        "a Int8 -- x",
        "a Array(Int8",
        "",
    ],
)
def test_external_tables_hold_types_alone(asked, structure: str) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\n1\n\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    _, code, text = asked(body, headers=headers, query="SELECT * FROM x", x_structure=structure)
    assert code == 36, text
    status, _, text = asked(body, headers=headers, query="SELECT a + 1 FROM x", x_structure="a Nullable(Int8)")
    assert (status, text) == (200, b"2\n")


def test_files_are_out_of_reach_of_the_platform_too(asked, engine, tmp_path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("1\n")
    outside.chmod(0o644)
    for sql in (
        f"SELECT file('{outside}')",
        "SELECT file('/etc/hostname')",
        "SELECT file('/proc/self/environ')",
        f"SELECT * FROM file('{outside}', 'CSV', 'a Int8')",
        f"SELECT * FROM _files.`{outside}`",
        f"INSERT INTO FUNCTION file('{tmp_path}/made.csv', 'CSV', 'a Int8') SELECT 1",
        f"INSERT INTO guarded.t FROM INFILE '{outside}' FORMAT CSV",
        f"SELECT 1 INTO OUTFILE '{tmp_path}/made.csv'",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a Int8')",
        "SELECT * FROM remote('127.0.0.1:1', system.one)",
        "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "SELECT * FROM executable('cat', 'TSV', 'a Int8')",
        "SELECT * FROM python('x')",
    ):
        status, code, body = asked(sql, admin=True)
        assert status >= 400, (sql, body)
        assert code is not None
    assert not (tmp_path / "made.csv").exists()


def test_bodies_are_bounded(asked) -> None:
    head = '--b\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    _, code, text = asked(head + "1\n" * (33 << 20) + "\r\n--b--\r\n", headers=headers, query="SELECT 1", x_structure="a Int8")
    assert code == 229, text


def test_sessions_make_room(asked) -> None:
    for number in range(520):
        assert asked("SELECT 1", session_id=f"many-{number}")[0] == 200
    assert asked("SELECT 1", session_id="many-0", session_check="1")[1] == 372
    assert asked("SELECT 1", session_id="many-519", session_check="1")[0] == 200
