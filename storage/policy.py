"""How long each table is kept and how firmly it is written: policy, applied at every start, not history."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from storage.client import Client
from storage.tables.names import LEDGER, NOTIFICATIONS, PANES, PANES_BY_HOUR, PANES_BY_MINUTE, RUN_TOTALS, SCHEMAS, TAG_RUNS

_FSYNC_SETTINGS: Final = ("fsync_after_insert", "fsync_part_directory", "min_rows_to_fsync_after_merge")


@dataclass(frozen=True, slots=True)
class Policy:
    """Days that rows are kept after they were stored, and whether a batch survives the loss of power.

    Counted from storing, not by event time: the replay of an old recording is kept as long as today's tags.

    With ``fsync`` every insert and merge is on disk before it is acknowledged. Without it rows survive the death of the store's
    process, but not that of the machine: what the system had not yet written out, usually the last 30 s, is lost. Kafka's default
    is the same, so choose both together.
    """

    raw_tag_days: int = 3
    second_days: int = 14
    minute_days: int = 180
    hour_days: int = 1_826
    """Also runs, blocks, samples, verdicts, budgets, alerts, annotations, late blocks and dead letters."""
    ledger_days: int = 30
    """Longer than any topic is kept: what is no longer in the log cannot be replayed."""
    fsync: bool = False


def apply(client: Client, policy: Policy) -> tuple[str, ...]:
    """Make the tables that exist follow the policy; the statements that were needed.

    Raises:
        StoreError: Unavailable or Refused by the store.
    """
    statements = tuple(_needed(client, policy))
    for statement in statements:
        client.command(statement)
    return statements


def _needed(client: Client, policy: Policy) -> Iterator[str]:
    tables = client.query("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()")
    engines = dict(zip(tables["name"].to_pylist(), tables["engine_full"].to_pylist(), strict=True))
    firm = int(policy.fsync)
    for table, days in _kept(policy):
        if table not in engines:
            continue
        lifetime = f"toDateTime(stored_at) + toIntervalDay({days})"
        if f"TTL {lifetime}" not in engines[table]:
            yield f"ALTER TABLE {table} MODIFY TTL {lifetime}"
        if f"{_FSYNC_SETTINGS[0]} = {firm}" not in engines[table]:
            yield f"ALTER TABLE {table} MODIFY SETTING " + ", ".join(f"{name} = {firm}" for name in _FSYNC_SETTINGS)


def _kept(policy: Policy) -> Iterator[tuple[str, int]]:
    for table in SCHEMAS:
        yield (
            table,
            policy.raw_tag_days if table == TAG_RUNS else policy.second_days if table == PANES else policy.hour_days,
        )
    yield RUN_TOTALS, policy.hour_days
    yield PANES_BY_MINUTE, policy.minute_days
    yield PANES_BY_HOUR, policy.hour_days
    yield NOTIFICATIONS, policy.hour_days
    yield LEDGER, policy.ledger_days
