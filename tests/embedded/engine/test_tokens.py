"""Tokens whose rows never came to be are struck from the logs, and only those: an insert cut off there comes to be after all."""

import fcntl
import shutil
from pathlib import Path

import clickhouse_connect
import pytest

from embedded.engine.tokens import forget_unkept, main
from tests.fixtures_engine import EmbeddedEngine


def table_of(store: Path, logs: dict[int, str], *parts: str) -> Path:
    table = store / "store" / "8ac" / "8ace339e"
    (table / "deduplication_logs").mkdir(parents=True)
    for number, text in logs.items():
        (table / "deduplication_logs" / f"deduplication_log_{number}.txt").write_text(text)
    for part in parts:
        (table / part).mkdir()
    return table


def last_log(table: Path) -> str:
    return max((table / "deduplication_logs").iterdir()).read_text()


def test_only_tokens_without_a_part_are_struck(tmp_path: Path) -> None:
    added = "1\t20260922_1_1_0\ta\n1\t20260922_2_2_0\tb\n1\t20260923_1_1_0\tc\n1\t20260922_3_3_0\td\n"
    table = table_of(tmp_path, {1: added}, "20260922_1_1_0", "20260922_2_2_1_7", "tmp_insert_20260922_3_3_0", "detached")
    assert forget_unkept(tmp_path) == {table: 2}
    assert last_log(table) == added + "2\t20260923_1_1_0\tc\n2\t20260922_3_3_0\td\n"
    assert forget_unkept(tmp_path) == {}


def test_a_merged_part_speaks_for_what_went_into_it(tmp_path: Path) -> None:
    table = table_of(tmp_path, {1: "".join(f"1\tall_{n}_{n}_0\tt{n}\n" for n in range(1, 8))}, "all_1_4_1", "all_6_6_0")
    assert forget_unkept(tmp_path) == {table: 2}
    assert last_log(table).endswith("2\tall_5_5_0\tt5\n2\tall_7_7_0\tt7\n")


def test_logs_are_read_in_order_and_the_last_is_written(tmp_path: Path) -> None:
    logs = {9: "1\tall_1_1_0\ta\n1\tall_2_2_0\tb\n2\tall_2_2_0\tb\n", 10: "1\tall_2_2_0\ta2\n"}
    table = table_of(tmp_path, logs, "all_2_2_0")
    assert forget_unkept(tmp_path) == {table: 1}
    assert (table / "deduplication_logs" / "deduplication_log_9.txt").read_text() == logs[9]
    assert (table / "deduplication_logs" / "deduplication_log_10.txt").read_text() == logs[10] + "2\tall_1_1_0\ta\n"


@pytest.mark.parametrize("torn", ["1", "1\tall_2_2", "1\tall_2_2_0\tb"])
def test_a_line_that_was_cut_off_goes(tmp_path: Path, torn: str) -> None:
    table = table_of(tmp_path, {1: "1\tall_1_1_0\ta\n" + torn}, "all_1_1_0")
    assert forget_unkept(tmp_path) == {}
    assert last_log(table) == "1\tall_1_1_0\ta\n"


def test_tables_without_logs_or_entries(tmp_path: Path) -> None:
    table_of(tmp_path, {}, "all_1_1_0")
    (tmp_path / "empty" / "deduplication_logs").mkdir(parents=True)
    (tmp_path / "empty" / "deduplication_logs" / "deduplication_log_1.txt").touch()
    assert forget_unkept(tmp_path) == {}


def test_by_hand_on_a_stopped_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = table_of(tmp_path, {1: "1\tall_1_1_0\ta\n"})
    with (tmp_path / "status").open("wb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        assert "a server runs on it: stop it first" in (main([str(tmp_path)]) or "")
    assert main([str(tmp_path)]) is None
    assert capsys.readouterr().out == f"{table}: forgot 1 tokens of inserts that never came to be\n"
    assert "no such directory" in (main([str(tmp_path / "elsewhere")]) or "")
    assert "usage" in (main([]) or "")


@pytest.mark.stack
@pytest.mark.parametrize("lost", ["tags", "sums"])
def test_an_insert_cut_off_between_token_and_rows_comes_to_be(own_engine: EmbeddedEngine, lost: str) -> None:
    """What a death between the two leaves is made by hand: the last part of a table, or of a view's, is taken away."""

    def connected() -> clickhouse_connect.driver.client.Client:
        return clickhouse_connect.get_client(
            host=own_engine.host, port=own_engine.port, username=own_engine.user, password=own_engine.password
        )

    def insert(token: str) -> None:
        settings = {"insert_deduplication_token": token, "deduplicate_blocks_in_dependent_materialized_views": 1}
        client.insert("tags", [[token, 1]], column_names=["token", "n"], settings=settings)

    def totals() -> list[int]:
        return [client.command(f"SELECT sum(n) FROM {table}") for table in ("tags", "sums")]

    client = connected()
    window = "ORDER BY token SETTINGS non_replicated_deduplication_window = 100"
    client.command(f"CREATE TABLE tags (token String, n UInt64) ENGINE = MergeTree {window}")
    client.command(f"CREATE TABLE sums (token String, n UInt64) ENGINE = SummingMergeTree {window}")
    client.command("CREATE MATERIALIZED VIEW v TO sums AS SELECT token, sum(n) AS n FROM tags GROUP BY token")
    for token in ("one", "two", "three"):
        insert(token)
    (path,) = client.query(
        f"SELECT path FROM system.parts WHERE table = '{lost}' AND active ORDER BY name DESC LIMIT 1"
    ).result_rows[0]
    client.close()
    own_engine.kill()
    shutil.rmtree(path)
    own_engine.start()
    client = connected()
    assert totals() == [3 - (lost == "tags"), 3 - (lost == "sums")]
    for token in ("one", "two", "three"):
        insert(token)
    assert totals() == [3, 3]
    assert "1 inserts had left a token and no rows" in own_engine.log.read_text()
    client.close()
