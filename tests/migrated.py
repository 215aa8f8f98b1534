"""A migrated database for a test: a copy of one that was migrated once. What migrations do is tested with the migrations."""

from dataclasses import replace

from storage.client import StoreAddress, connect
from storage.migrate import migrate
from tests.fixtures_engine import EmbeddedEngine

_TEMPLATE = "migrated_template"


def migrated(engine: EmbeddedEngine, database: str) -> StoreAddress:
    """A new database with the tables, views, settings and history that ``migrate`` makes, for a fifth of its work."""
    made = StoreAddress(engine.host, engine.port, engine.user, engine.password, database)
    with connect(replace(made, database="")) as client:
        if not client.query(f"EXISTS DATABASE {_TEMPLATE}").column(0)[0].as_py():
            migrate(replace(made, database=_TEMPLATE))
        client.command(f"CREATE DATABASE `{database}`")
        tables = client.query(
            f"SELECT create_table_query AS text FROM system.tables WHERE database = '{_TEMPLATE}' "
            "ORDER BY endsWith(engine, 'View'), name"
        )
        for text in tables["text"].to_pylist():
            client.command(text.replace(f"{_TEMPLATE}.", f"`{database}`."))
        client.command(f"INSERT INTO `{database}`.migrations SELECT * FROM {_TEMPLATE}.migrations")
    return made
