"""Migrations: once, in order, never edited."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from storage.client import Client, StoreAddress, connect
from storage.errors import MigrationError
from storage.migrate import Migration, migrate, shipped
from storage.policy import Policy
from storage.tables import SCHEMAS
from tests.fixtures_engine import EmbeddedEngine
from tests.migrated import migrated
from tests.storage.conftest import address_of

FIRST = Migration.parse("0001_first.sql", "-- why\nCREATE TABLE IF NOT EXISTS a (x UInt8)\nENGINE = MergeTree ORDER BY x;\n")
SECOND = Migration.parse("0002_second.sql", "ALTER TABLE a ADD COLUMN IF NOT EXISTS y String COMMENT 'a; b';\n")
pytestmark = pytest.mark.stack


@pytest.fixture
def fresh(engine: EmbeddedEngine, request: pytest.FixtureRequest) -> Iterator[StoreAddress]:
    """A database that does not exist yet."""
    made = address_of(engine, f"migrate {request.node.name}")
    yield made
    with connect(replace(made, database="")) as client:
        client.command(f"DROP DATABASE IF EXISTS `{made.database}` SYNC")


def test_files_are_numbered_without_holes_and_checked() -> None:
    assert [migration.number for migration in shipped()] == list(range(1, len(shipped()) + 1))


def test_each_is_applied_once(fresh: StoreAddress) -> None:
    assert migrate(fresh, migrations=[FIRST]) == ("0001_first.sql",)
    assert migrate(fresh, migrations=[FIRST]) == ()
    assert migrate(fresh, migrations=[FIRST, SECOND]) == ("0002_second.sql",)
    with connect(fresh) as client:
        history = client.query("SELECT number, name, checksum FROM migrations ORDER BY number").to_pylist()
        assert [row["name"] for row in history] == ["0001_first.sql", "0002_second.sql"]
        assert history[0]["checksum"] == FIRST.checksum
        assert client.query("SELECT x, y FROM a").num_rows == 0


def test_edited_history_is_refused(fresh: StoreAddress) -> None:
    migrate(fresh, migrations=[FIRST])
    edited = Migration.parse(FIRST.name, "CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = MergeTree ORDER BY x;\n")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was applied with another text"):
        migrate(fresh, migrations=[edited, SECOND])
    with connect(fresh) as client:
        assert client.query("EXISTS TABLE b").column(0).to_pylist() == [0]


def test_a_newer_store_is_refused(fresh: StoreAddress) -> None:
    migrate(fresh, migrations=[FIRST, SECOND])
    with pytest.raises(MigrationError, match=r"0002_second\.sql, which this program does not know"):
        migrate(fresh, migrations=[FIRST])


def test_what_was_cut_off_is_finished(fresh: StoreAddress) -> None:
    migrate(fresh, migrations=[])
    with connect(fresh) as client:
        client.command(FIRST.statements[0])
    assert migrate(fresh, migrations=[FIRST]) == ("0001_first.sql",)


def test_several_programs_start_at_once(fresh: StoreAddress, engine: EmbeddedEngine) -> None:
    start, failures = threading.Barrier(3), []

    def begin() -> None:
        start.wait()
        try:
            migrate(fresh)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    programs = [threading.Thread(target=begin) for _ in range(3)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert not failures
    with connect(fresh) as client:
        names = client.query("SELECT name FROM migrations ORDER BY number")["name"].to_pylist()
        assert names == [migration.name for migration in shipped()]
        made = _definitions(client)
    # What tests get is what migrations make.
    with connect(migrated(engine, "a copy")) as client:
        assert _definitions(client) == made
        assert client.query("SELECT name FROM migrations ORDER BY number")["name"].to_pylist() == names


def _definitions(client: Client) -> dict[str, str]:
    """How each table and view would be made anew, whatever its database is called."""
    rows = client.query(
        "SELECT name, "
        "replaceAll(replaceAll(create_table_query, concat('`', database, '`.'), ''), concat(database, '.'), '') AS text "
        "FROM system.tables WHERE database = currentDatabase()"
    )
    return dict(zip(rows["name"].to_pylist(), rows["text"].to_pylist(), strict=True))


@pytest.mark.parametrize("name", ["1_short.sql", "0001-dash.sql", "0001_Upper.sql", "first.sql"])
def test_misnamed_files_are_refused(name: str) -> None:
    with pytest.raises(MigrationError, match="NNNN_what_it_does"):
        Migration.parse(name, "")


@pytest.mark.parametrize("statement", ["CREATE TABLE a (x UInt8) ENGINE = Memory", "INSERT INTO a VALUES (1)", "DROP TABLE a"])
def test_what_cannot_be_run_twice_is_refused(statement: str) -> None:
    with pytest.raises(MigrationError, match="cannot be run twice"):
        Migration.parse("0001_once.sql", statement + ";\n")


def test_tables_are_what_rows_are_made_for(client: Client) -> None:
    """Every column that batches bring stands in its table, and every column of every table is explained."""
    columns = client.query(
        "SELECT table, name, comment FROM system.columns WHERE database = currentDatabase() AND NOT startsWith(table, 'v_')"
    ).to_pylist()
    known = {(row["table"], row["name"]) for row in columns}
    for table, schema in SCHEMAS.items():
        for name in (*schema.names, "batch_pipeline", "batch_topic", "batch_partition", "batch_lo"):
            assert (table, name) in known
    made = {*SCHEMAS, "tags", "ledger", "run_totals"}
    unexplained = {f"{row['table']}.{row['name']}" for row in columns if row["table"] in made and not row["comment"]}
    assert unexplained == set()


def test_the_policy_is_applied_at_every_start(fresh: StoreAddress) -> None:
    migrate(fresh)
    migrate(fresh, Policy(raw_tag_days=7, fsync=True))
    with connect(fresh) as client:
        engine = client.query("SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'tag_runs'")
    text = engine["engine_full"][0].as_py()
    assert "TTL toDateTime(stored_at) + toIntervalDay(7)" in text
    assert "fsync_after_insert = 1" in text
    assert "non_replicated_deduplication_window = 10000" in text
    assert "ttl_only_drop_parts = 1" in text
