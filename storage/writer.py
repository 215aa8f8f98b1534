"""Stores batches, each exactly once: first its rows table by table under tokens, then its row in the ledger."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import pyarrow as pa

from storage.batch import Batch
from storage.client import StoreAddress, connect
from storage.errors import LedgerConflict, Refused, Unavailable
from storage.held import held
from storage.ledger import Ledger, LedgerEntry
from storage.tables.names import LEDGER, LEDGER_SCHEMA, SCHEMAS

__all__ = ["Batch", "Outcome", "Writer"]

TOKENS_REMEMBERED: Final = 10_000
"""``non_replicated_deduplication_window`` of the tables: a table remembers the tokens of this many inserts."""
VOUCHED_S: Final = 10.0
"""How long the writer trusts that nobody else stored batches of a partition: far shorter than tokens are remembered."""


class Outcome(StrEnum):
    """What became of a batch."""

    STORED = "stored"
    ALREADY = "already"


class Writer:
    """Stores batches over one connection pool. Threads may share it, as long as each partition's batches come one by one.

    Exactly once rests on three things. Tokens: a batch that comes again while its tokens are remembered changes nothing, whoever
    writes it and wherever the first attempt was cut off. The ledger: a batch that comes again later is recognised by it. And
    a look: after a failure, and at the first batch of a partition, no batch is sealed unless its rows are there.
    """

    def __init__(
        self, address: StoreAddress, worker_name: str, *, tokens: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
            address: a store whose migrations are applied.
            worker_name: written into the ledger.
            tokens: False makes a cut-off batch count twice. It exists to show that fault tests can fail.
            clock: seconds that never step back.

        Raises:
            StoreError: Unavailable or Refused by the store.
        """
        self._client = connect(address)
        self._ledger = Ledger(self._client)
        self._worker_name = worker_name
        self._tokens = tokens
        self._clock = clock
        self._vouched: dict[tuple[str, str, int], tuple[int, float]] = {}  # place → (offset where the ledger ends, since when)

    def write(self, batch: Batch) -> Outcome:
        """Store a batch, or find that it is stored.

        Raises:
            Unavailable: some of it may be stored. Write the same batch again; nothing will be counted twice. Also while the
                store remembers tokens whose rows it does not have.
            LedgerConflict: the ledger holds other batches over these offsets, or rows are left of an attempt so old that its
                tokens are forgotten. Nothing was stored.
            Refused: the batch does not fit the store's tables.
        """
        place = (batch.pipeline, batch.topic, batch.partition)
        hi, since = self._vouched.pop(place, (None, 0.0))
        last = True
        if hi != batch.lo or self._clock() - since > VOUCHED_S:
            latest = self._ledger.latest(*place)
            last = latest is None or latest.hi <= batch.lo
            before = latest if last else self._ledger.before(*place, batch.hi)
            if before is not None and before.hi > batch.lo:
                _same_or_conflict(batch, before)
                return Outcome.ALREADY
            self._refuse_forgotten(batch, before)
        self._store(batch, doubtful=hi is None)
        if last:
            self._vouched[place] = (batch.hi, self._clock())
        return Outcome.STORED

    def close(self) -> None:
        self._client.close()

    def _store(self, batch: Batch, *, doubtful: bool) -> None:
        unknown = batch.tables.keys() - SCHEMAS.keys()
        if unknown:
            raise Refused(f"{batch}: no such tables: {', '.join(sorted(unknown))}; storage.tables.names has them all")
        most = 0
        for table in SCHEMAS:
            if table in batch.tables:
                inserts = 0
                for token, rows in batch.pieces(table):
                    self._insert(table, rows, token)
                    inserts += 1
                most = max(most, inserts)
        if doubtful:
            self._wait_for_missing(batch)
        self._insert(LEDGER, _ledger_row(batch, most, self._worker_name), batch.token(LEDGER))

    def _insert(self, table: str, rows: pa.Table, token: str) -> None:
        self._client.insert(table, rows, token=token if self._tokens else None)

    def _refuse_forgotten(self, batch: Batch, before: LedgerEntry | None) -> None:
        """Refuse if an earlier attempt at this batch left rows whose tokens may be forgotten.

        Such rows are younger than the batch before it. Inserts are counted with a factor of two to spare, for batches that others
        have begun and not finished.
        """
        if 2 * self._ledger.inserts_since(None if before is None else before.stored_at) < TOKENS_REMEMBERED:
            return
        for table, left in held(self._client, batch).items():
            if left:
                raise LedgerConflict(
                    f"{batch}: {table} holds {left} rows of an attempt that was cut off, too long ago for its tokens to be "
                    "remembered. To store it again could count them twice: compare the rows with the log, complete them by hand"
                )

    def _wait_for_missing(self, batch: Batch) -> None:
        """Do not go on where the store took an insert for a repetition of one that never came to be (docs/decisions/0010)."""
        for table, there in held(self._client, batch).items():
            if there < (rows := batch.tables[table].num_rows):
                raise Unavailable(
                    f"{batch}: {table} holds {there} of its {rows} rows, though the store took them all: an insert was cut off "
                    "between its token and its rows. Restart the store: it forgets such tokens then, and the rows come again"
                )


def _same_or_conflict(batch: Batch, entry: LedgerEntry) -> None:
    if (entry.lo, entry.hi, entry.crc, entry.messages) != (batch.lo, batch.hi, batch.crc, batch.messages):
        raise LedgerConflict(
            f"{batch} of {batch.messages} messages, crc {batch.crc:08x}: the ledger already has {entry.lo}-{entry.hi} of "
            f"{entry.messages} messages, crc {entry.crc:08x}, stored by {entry.worker} on {entry.stored_at:%Y-%m-%d %H:%M:%S}. "
            "The log or the rule that cuts it changed: raise the pipeline's version, or restore the log"
        )


def _ledger_row(batch: Batch, inserts: int, worker_name: str) -> pa.Table:
    rows = [(table, batch.tables[table].num_rows) for table in SCHEMAS if table in batch.tables]
    values = (
        batch.pipeline, batch.topic, batch.partition, batch.lo, batch.hi, batch.messages, rows, inserts, batch.crc,
        batch.positions, worker_name,
    )  # fmt: skip
    return pa.table({name: [value] for name, value in zip(LEDGER_SCHEMA.names, values, strict=True)}, schema=LEDGER_SCHEMA)
