"""Brings a store's tables to what this program needs: numbered SQL files, each applied once, none ever edited."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Final

import pyarrow as pa

from storage.client import Client, StoreAddress, connect
from storage.errors import MigrationError
from storage.policy import Policy, apply
from storage.tables.names import MIGRATIONS

_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_END_OF_STATEMENT = re.compile(r";\s*$", re.MULTILINE)
# Two programs may start at once and a start may be cut off in the middle: only what can be said twice may stand in a migration.
_REPEATABLE = re.compile(r"\b(IF NOT EXISTS|IF EXISTS|CREATE OR REPLACE)\b|\bMODIFY (COMMENT|SETTING|TTL)\b", re.IGNORECASE)

_HISTORY: Final = f"""
CREATE TABLE IF NOT EXISTS {MIGRATIONS}
(
    number     UInt16 COMMENT 'position in the order of migrations',
    name       String COMMENT 'file that was applied',
    checksum   String COMMENT 'SHA-256 of the file',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'when its last statement was done'
)
ENGINE = MergeTree
ORDER BY number
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Migrations that were applied to this database.'
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number and name, the SHA-256 of its text, its statements in order."""

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]

    @classmethod
    def parse(cls, name: str, text: str) -> "Migration":
        """Statements end with a semicolon at the end of a line.

        Raises:
            MigrationError: a misnamed file, or a statement that could not be run twice.
        """
        match = _FILE_NAME.fullmatch(name)
        if match is None:
            raise MigrationError(f"migration {name}: files are named NNNN_what_it_does.sql; rename it")
        pieces = (_COMMENT.sub("", piece).strip() for piece in _END_OF_STATEMENT.split(text))
        statements = tuple(piece for piece in pieces if piece)
        for statement in statements:
            if not _REPEATABLE.search(statement):
                raise MigrationError(
                    f"migration {name}: “{statement.splitlines()[0]}” cannot be run twice; say IF [NOT] EXISTS or OR REPLACE"
                )
        return cls(int(match[1]), name, hashlib.sha256(text.encode()).hexdigest(), statements)


def shipped() -> tuple[Migration, ...]:
    """The migrations of this program, in order."""
    folder = resources.files("storage") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration.parse(file.name, file.read_text(encoding="utf-8")) for file in files)


def migrate(
    address: StoreAddress, policy: Policy | None = None, migrations: Sequence[Migration] | None = None
) -> tuple[str, ...]:
    """Create the database, apply the migrations that are missing, and then the policy; the names of what was applied.

    May be repeated, cut off, and run by several programs at once.

    Raises:
        MigrationError: the store's history is not a beginning of ``migrations``; nothing was changed.
        StoreError: Unavailable or Refused by the store.
    """
    wanted = shipped() if migrations is None else tuple(migrations)
    with connect(replace(address, database="")) as client:
        client.command(f"CREATE DATABASE IF NOT EXISTS `{address.database}`")
    with connect(address) as client:
        client.command(_HISTORY)
        missing = wanted[len(_applied(client, wanted)) :]
        for migration in missing:
            for statement in migration.statements:
                client.command(statement)
            client.insert(MIGRATIONS, _row(migration), token=f"migration:{migration.name}:{migration.checksum}")
        apply(client, policy or Policy())
    return tuple(migration.name for migration in missing)


def _applied(client: Client, wanted: Sequence[Migration]) -> list[str]:
    history = list(_history(client))
    for position, (name, checksum) in enumerate(history):
        if position >= len(wanted):
            raise MigrationError(
                f"{client.address} has {name}, which this program does not know: it was made by a newer one; update this one"
            )
        if (name, checksum) != (wanted[position].name, wanted[position].checksum):
            raise MigrationError(
                f"{client.address}: {name} was applied with another text than this program's {wanted[position].name}; "
                "a migration is never edited: restore it, and put the change into a new one"
            )
    return [name for name, _ in history]


def _history(client: Client) -> Iterator[tuple[str, str]]:
    rows = client.query(f"SELECT name, checksum FROM {MIGRATIONS} ORDER BY number")
    yield from zip(rows["name"].to_pylist(), rows["checksum"].to_pylist(), strict=True)


def _row(migration: Migration) -> pa.Table:
    return pa.table(
        {"number": pa.array([migration.number], pa.uint16()), "name": [migration.name], "checksum": [migration.checksum]}
    )
