"""The ledger: one row per stored batch. What is not in it is not stored."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa

from storage.client import Client
from storage.tables.names import LEDGER

_COLUMNS = (
    "pipeline, topic, partition, lo, hi, messages, rows, inserts, crc, base64Encode(positions) AS positions, worker, stored_at"
)
_ONE_PARTITION = "pipeline = {pipeline:String} AND topic = {topic:String} AND partition = {partition:UInt16}"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A batch that is stored. ``inserts``: the most that any one table received for it."""

    pipeline: str
    topic: str
    partition: int
    lo: int
    hi: int
    messages: int
    rows: Mapping[str, int]
    inserts: int
    crc: int
    positions: bytes
    worker: str
    stored_at: datetime


class Fault(StrEnum):
    """How two neighbouring entries may not fit. A gap may be honest: the log had lost those offsets before they were read."""

    GAP = "gap"
    OVERLAP = "overlap"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Offsets [lo, hi) that no batch holds, or more than one."""

    fault: Fault
    pipeline: str
    topic: str
    partition: int
    lo: int
    hi: int


class Ledger:
    """Reads the ledger. Everything raises StoreError: Unavailable or Refused."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def latest(self, pipeline: str, topic: str, partition: int) -> LedgerEntry | None:
        """The partition's last batch."""
        return self._one(f"{_ONE_PARTITION} ORDER BY lo DESC LIMIT 1", pipeline, topic, partition)

    def at(self, pipeline: str, topic: str, partition: int, hi: int) -> LedgerEntry | None:
        """The batch that ends before offset ``hi``."""
        return self._one(f"{_ONE_PARTITION} AND hi = {{offset:UInt64}} LIMIT 1", pipeline, topic, partition, hi)

    def before(self, pipeline: str, topic: str, partition: int, offset: int) -> LedgerEntry | None:
        """The last batch that begins before ``offset``. Batches do not overlap: all earlier ones end before it begins."""
        return self._one(
            f"{_ONE_PARTITION} AND lo < {{offset:UInt64}} ORDER BY lo DESC LIMIT 1", pipeline, topic, partition, offset
        )

    def inserts_since(self, stored_at: datetime | None) -> int:
        """At least how many inserts any table may have received since a batch was stored (None: ever)."""
        since = 0 if stored_at is None else round(stored_at.timestamp() * 1e3)
        total = self._client.query(
            f"SELECT sum(inserts) AS n FROM {LEDGER} WHERE stored_at >= fromUnixTimestamp64Milli({{since:Int64}})",
            {"since": since},
        )
        return int(total["n"][0].as_py())

    def audit(self) -> list[Discrepancy]:
        """Every place where neighbouring batches leave offsets out or hold them twice."""
        neighbours = self._client.query(f"""
            SELECT pipeline, topic, partition, lo, hi, before
            FROM (
                SELECT *, max(hi) OVER earlier AS before, count() OVER earlier AS entries_before FROM {LEDGER}
                WINDOW earlier AS (PARTITION BY pipeline, topic, partition ORDER BY lo, hi
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
            WHERE entries_before > 0 AND lo != before
            ORDER BY pipeline, topic, partition, lo, hi""")
        return list(_discrepancies(neighbours))

    def _one(self, where: str, pipeline: str, topic: str, partition: int, offset: int = 0) -> LedgerEntry | None:
        place = {"pipeline": pipeline, "topic": topic, "partition": partition, "offset": offset}
        rows = self._client.query(f"SELECT {_COLUMNS} FROM {LEDGER} WHERE {where}", place).to_pylist()
        return _entry(rows[0]) if rows else None


def _entry(row: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(**{**row, "rows": dict(row["rows"]), "positions": base64.b64decode(row["positions"])})


def _discrepancies(neighbours: pa.Table) -> Iterator[Discrepancy]:
    for row in neighbours.to_pylist():
        lo, hi, before = row["lo"], row["hi"], row["before"]
        place = (row["pipeline"], row["topic"], row["partition"])
        if lo > before:
            yield Discrepancy(Fault.GAP, *place, before, lo)
        else:
            yield Discrepancy(Fault.OVERLAP, *place, lo, min(hi, before))
