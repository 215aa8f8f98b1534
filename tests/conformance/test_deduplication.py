"""Tokens as the writer relies on them: the same token stores once, in the table and in every view that depends on it."""

import clickhouse_connect
import numpy as np
import pyarrow as pa
import pytest

pytestmark = pytest.mark.stack


@pytest.fixture
def client(engine):
    client = clickhouse_connect.get_client(host=engine.host, port=engine.port, username=engine.user, password=engine.password)
    client.command("CREATE DATABASE deduplicated")
    window = "SETTINGS non_replicated_deduplication_window = 1000"
    client.command(f"CREATE TABLE deduplicated.tags (domain String, n UInt64) ENGINE = MergeTree ORDER BY domain {window}")
    client.command(f"CREATE TABLE deduplicated.sums (domain String, n UInt64) ENGINE = SummingMergeTree ORDER BY domain {window}")
    client.command(
        "CREATE MATERIALIZED VIEW deduplicated.mv TO deduplicated.sums AS"
        " SELECT domain, sum(n) AS n FROM deduplicated.tags GROUP BY domain"
    )
    yield client
    client.command("DROP DATABASE deduplicated")
    client.close()


def _insert(client, token: str | None, n: int = 1, how: str = "arrow") -> None:
    settings = {"insert_deduplication_token": token} if token else {}
    settings["deduplicate_blocks_in_dependent_materialized_views"] = 1
    if how == "arrow":
        table = pa.table({"domain": ["a", "b"], "n": pa.array([n, n], pa.uint64())})
        client.insert_arrow("deduplicated.tags", table, settings=settings)
    elif how == "native":
        client.insert("deduplicated.tags", [["a", n], ["b", n]], column_names=["domain", "n"], settings=settings)
    else:
        clause = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
        client.command(f"INSERT INTO deduplicated.tags (domain, n) SETTINGS {clause} VALUES ('a', {n}), ('b', {n})")


def _totals(client) -> tuple[int, int, int]:
    rows, total = client.query("SELECT count(), sum(n) FROM deduplicated.tags").result_rows[0]
    return rows, total, client.command("SELECT sum(n) FROM deduplicated.sums")


@pytest.mark.parametrize("how", ["arrow", "native", "clause"])
def test_a_repeated_token_stores_once(client, how: str) -> None:
    for token in ("p:t:0:0-32", "p:t:0:0-32", "p:t:0:32-64", "p:t:0:0-32", "p:t:0:32-64"):
        _insert(client, token, how=how)
    assert _totals(client) == (4, 4, 4)


def test_equal_rows_under_other_tokens_are_stored(client) -> None:
    for number in range(3):
        _insert(client, f"p:t:0:{number}-x")
    assert _totals(client) == (6, 6, 6)


def test_many_blocks_under_one_token(client) -> None:
    table = pa.table({"domain": pa.array(np.repeat(["a", "b"], 60_000)), "n": pa.array(np.ones(120_000, np.uint64))})
    settings = {"insert_deduplication_token": "p:t:0:big", "max_insert_block_size": 10_000, "min_insert_block_size_rows": 10_000}
    for _ in range(2):
        client.insert_arrow("deduplicated.tags", table, settings=settings)
    assert _totals(client) == (120_000, 120_000, 120_000)


def test_the_control_without_deduplication_counts_twice(client) -> None:
    for _ in range(2):
        client.insert("deduplicated.tags", [["a", 1]], column_names=["domain", "n"], settings={"deduplicate_insert": "disable"})
    assert _totals(client) == (2, 2, 2)
