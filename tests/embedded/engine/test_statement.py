import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.errors import ClickHouseError
from embedded.engine.lexer import significant
from embedded.engine.statement import Shape, data_begins, parse, quoted, quoted_name


@pytest.mark.parametrize(
    ("sql", "data"),
    [
        ("INSERT INTO t FORMAT CSV\n1,2", "1,2"),
        ("INSERT INTO t FORMAT CSV\r\n1,2", "1,2"),
        ("INSERT INTO t FORMAT CSV  \t\n\n1", "\n1"),
        ("INSERT INTO t FORMAT CSV;\n1", "1"),
        ("insert into `db`.`t` (a, `values`) values (1, ')')", " (1, ')')"),
        ("INSERT INTO t SETTINGS a = 'FORMAT x' FORMAT Native\n\x00", "\x00"),
        ("/* FORMAT a */ INSERT INTO t (format) FORMAT RowBinary\nx", "x"),
        ("INSERT INTO t FORMAT CSV", None),
        ("INSERT INTO t SELECT 1 FORMAT CSV\n", None),
        ("SELECT 1 FORMAT CSV\n1", None),
        ("INSERT INTO t", None),
        ("", None),
    ],
)
def test_where_data_begins(sql: str, data: str | None) -> None:
    begin = data_begins(sql)
    assert (None if begin is None else sql[begin:]) == data


@pytest.mark.parametrize(
    ("sql", "into"),
    [
        ("SELECT 1", "SELECT 1\nINTO OUTFILE 'p' TRUNCATE FORMAT TSV "),
        ("SELECT 1;;", "SELECT 1\nINTO OUTFILE 'p' TRUNCATE FORMAT TSV "),
        ("SELECT 1 -- end", "SELECT 1\nINTO OUTFILE 'p' TRUNCATE FORMAT TSV "),
        ("SELECT 1 FORMAT JSON", "SELECT 1 \nINTO OUTFILE 'p' TRUNCATE FORMAT JSON "),
        ("SELECT 1 SETTINGS a = 1 FORMAT X SETTINGS b = 2",
         "SELECT 1 SETTINGS a = 1 \nINTO OUTFILE 'p' TRUNCATE FORMAT X  SETTINGS b = 2"),
        ("SELECT format FROM t", "SELECT format FROM t\nINTO OUTFILE 'p' TRUNCATE FORMAT TSV "),
        ("SELECT 1 AS format SETTINGS a = 1", "SELECT 1 AS format SETTINGS a = 1\nINTO OUTFILE 'p' TRUNCATE FORMAT TSV "),
        ("(SELECT 1 FORMAT x)", "(SELECT 1 FORMAT x)\nINTO OUTFILE 'p' TRUNCATE FORMAT TSV "),
    ],
)  # fmt: skip
def test_rows_go_into_a_pipe(sql: str, into: str) -> None:
    statement = parse(sql)
    assert statement.shape is Shape.STREAMED
    assert statement.into("p", "TSV") == into


@pytest.mark.parametrize(
    ("sql", "out_of"),
    [
        ("INSERT INTO t FORMAT CSV\n", "INSERT INTO t \nFROM INFILE 'p' COMPRESSION 'none'  FORMAT CSV"),
        ("INSERT INTO t (a) VALUES", "INSERT INTO t (a) \nFROM INFILE 'p' COMPRESSION 'none'  FORMAT Values"),
        ("INSERT INTO t SETTINGS a = 1 FORMAT X", "INSERT INTO t \nFROM INFILE 'p' COMPRESSION 'none' SETTINGS a = 1  FORMAT X"),
    ],
)
def test_rows_come_out_of_a_file(sql: str, out_of: str) -> None:
    statement = parse(sql)
    assert statement.shape is Shape.DATA
    assert statement.out_of("p") == out_of


@pytest.mark.parametrize(
    ("sql", "keyword", "reads"),
    [
        ("CREATE TABLE t (a Int8) ENGINE = Memory", "CREATE", False),
        ("INSERT INTO t SELECT 1", "INSERT", False),
        ("WITH 1 AS x INSERT INTO t SELECT x", "WITH", False),
        ("EXPLAIN SELECT 1", "EXPLAIN", True),
        ("SET a = 1", "SET", False),
        ("USE db", "USE", True),
    ],
)
def test_short_answers(sql: str, keyword: str, reads: bool) -> None:
    statement = parse(sql)
    assert (statement.shape, statement.keyword, statement.reads, statement.text) == (Shape.WHOLE, keyword, reads, sql)


def test_kill_finds_statements_by_their_clients_ids() -> None:
    assert parse("KILL QUERY WHERE query_id = 'query_id'").text == "KILL QUERY WHERE Settings['log_comment'] = 'query_id'"


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("", 62),
        (" -- nothing\n", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT 1 INTO OUTFILE 'x'", 358),
        ("SELECT 1 INTO /* */ outfile 'x' FORMAT CSV", 358),
        ("EXPLAIN SELECT 1 INTO OUTFILE 'x'", 358),
        ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78),
        ("INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV", 48),
    ],
)
def test_what_is_not_taken(sql: str, code: int) -> None:
    with pytest.raises(ClickHouseError) as raised:
        parse(sql)
    assert raised.value.code == code


@given(st.text())
def test_quoted_text_is_one_token(text: str) -> None:
    for quote in (quoted, quoted_name):
        assert [token.text for token in significant(f"{quote(text)} x")] == [quote(text), "x"]
