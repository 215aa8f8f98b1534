"""The way to ClickHouse: one connection pool to one address, with every setting chosen and every error named."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

import clickhouse_connect
import pyarrow as pa
import urllib3
from clickhouse_connect.driver.exceptions import ClickHouseError, Error

from storage.errors import Refused, StoreError, Unavailable

__all__ = ["Client", "Refused", "StoreAddress", "StoreError", "Unavailable", "connect"]

CONNECT_TIMEOUT_S: Final = 5
ANSWER_TIMEOUT_S: Final = 60
"""An insert of a whole batch takes well under a second; a store that is silent for a minute is away."""
FREE_BYTES_TO_INSERT: Final = 256 << 20
"""Inserts stop while this much is still free, so that merges and restarts keep their room."""

Parameters = Mapping[str, Any]
"""Values of a statement's ``{name:Type}`` placeholders; the engine parses them, nothing is pasted into SQL."""

_UNAVAILABLE: Final[Mapping[int, str]] = {
    24: "cannot write", 33: "the request was cut short", 74: "cannot read a file", 75: "cannot write a file",
    76: "cannot open a file", 198: "name not resolved", 202: "too many queries at once", 203: "no free connection",
    209: "time-out", 210: "network", 225: "no keeper", 236: "shutting down", 242: "table is read-only for now",
    243: "disk full", 244: "keeper", 252: "too many parts", 279: "no replica", 285: "too few replicas", 286: "quorum not met",
    319: "unknown whether it was stored", 373: "session in use", 394: "cancelled", 425: "system call failed",
    439: "no thread to be had", 735: "cancelled", 999: "keeper away",
}  # fmt: skip
_SLOW: Final[Mapping[int, str]] = {159: "time-out", 160: "too slow", 241: "out of memory"}
"""An insert of ours meets these when the store is hard pressed; a question meets them when it asks for too much."""
_UNAVAILABLE_STATUS = re.compile(r"HTTP status (408|425|429|502|503|504)\b")
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|Too many open files", re.IGNORECASE)
_PIECE_BYTES: Final = 1 << 20
_TAG_HEADER: Final = "X-ClickHouse-Exception-Tag"

# A block of ours is one record batch and must become one block of the engine, or its token would cover only a part.
_ONE_BLOCK = 1 << 40
_INSERT_SETTINGS: Final[Mapping[str, Any]] = {
    "async_insert": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "materialized_views_ignore_errors": 0,
    "max_insert_threads": 1,
    "max_threads": 1,  # views sum a few rows: more threads cost more than they bring
    "max_insert_block_size": _ONE_BLOCK,
    "min_insert_block_size_rows": 1,
    "min_insert_block_size_bytes": 1,
    "min_free_disk_bytes_to_perform_insert": FREE_BYTES_TO_INSERT,
    "input_format_null_as_default": 0,
}


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a ClickHouse HTTP endpoint listens, and as whom to speak to it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "photonwatch"
    secure: bool = False

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}/{self.database}"


class Client:
    """Statements and inserts over one connection pool. Threads may share it: it holds no session."""

    def __init__(self, address: StoreAddress, driver: Any) -> None:
        self.address = address
        self._driver = driver
        # Newer engines heed insert_deduplicate only where this setting leaves them the choice; older ones do not know it.
        self._knows_deduplicate_insert = "deduplicate_insert" in driver.server_settings

    def insert(self, table: str, rows: pa.Table, *, token: str | None) -> None:
        """Insert all rows as one block, which becomes readable as a whole or not at all.

        Args:
            table: its name in the address's database.
            rows: columns of the table by name; those that are left out get their defaults.
            token: names the block; the store takes a block of this name once. None: the store takes whatever comes.

        Raises:
            Unavailable: it is not known to be stored; insert it again under the same token.
            Refused: the rows do not fit the table, or the user may not.
        """
        settings = {**_INSERT_SETTINGS, "insert_deduplicate": 0 if token is None else 1}
        if self._knows_deduplicate_insert:
            settings["deduplicate_insert"] = "disable" if token is None else "enable"
        if token is not None:
            settings["insert_deduplication_token"] = token
        try:
            # After a connection reset the driver would repeat an insert of bytes; a buffer it sends once, and the caller decides.
            self._driver.raw_insert(table, rows.schema.names, _arrow_stream(rows), settings, fmt="ArrowStream")
        except ClickHouseError as error:
            raise _named(error, f"insert of {rows.num_rows} rows into {table} at {self.address}", _SLOW) from error

    def query(self, sql: str, parameters: Parameters | None = None) -> pa.Table:
        """The whole result of a SELECT.

        Raises:
            StoreError: Unavailable or Refused.
        """
        try:
            return self._driver.query_arrow(sql, parameters=parameters, use_strings=True)
        except ClickHouseError as error:
            raise _named(error, f"query at {self.address}") from error

    def command(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run a statement that returns nothing.

        Raises:
            StoreError: Unavailable or Refused.
        """
        try:
            self._driver.command(sql, parameters=parameters)
        except ClickHouseError as error:
            raise _named(error, f"statement at {self.address}") from error

    def stream(self, sql: str, fmt: str, parameters: Parameters | None = None) -> Iterator[bytes]:
        """The result of a statement in one of ClickHouse's formats, as it comes.

        Raises:
            StoreError: before the first piece, or in the middle when the store breaks off.
        """
        where = f"query at {self.address}"
        try:
            response = self._driver.raw_stream(sql.rstrip().rstrip(";"), parameters=parameters, fmt=fmt)
        except ClickHouseError as error:
            raise _named(error, where) from error
        # A store that fails in the middle writes this mark, with a tag drawn for this answer, after what it had sent.
        mark = b"__exception__\r\n" + response.headers.get(_TAG_HEADER, "").encode()
        tail = b""
        try:
            for piece in response.stream(_PIECE_BYTES):
                seam = tail + piece
                if _TAG_HEADER in response.headers and mark in seam:
                    raise _broken_off(seam.partition(mark)[2].decode(errors="replace"), where)
                tail = seam[-len(mark) :]
                yield piece
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{where}: the answer was cut short: {error}") from error
        finally:
            response.close()

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def connect(address: StoreAddress, **settings: Any) -> Client:
    """A client of the store.

    Args:
        address: where and as whom. With an empty database the user's own default is used.
        settings: ClickHouse settings that go with every statement of this client.

    Raises:
        Unavailable: nobody listens, or the store is not ready.
        Refused: user, password or database are not accepted.
    """
    try:
        driver = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            database=address.database or None,
            interface="https" if address.secure else "http",
            settings=settings,
            connect_timeout=CONNECT_TIMEOUT_S,
            send_receive_timeout=ANSWER_TIMEOUT_S,
            compress=False,
            autogenerate_session_id=False,
            dedicated_pool=True,
            client_name="photonwatch",
        )
    except ClickHouseError as error:
        raise _named(error, f"connecting to {address}") from error
    return Client(address, driver)


def _arrow_stream(rows: pa.Table) -> pa.Buffer:
    batch = rows.combine_chunks().to_batches()[0]
    size = pa.MockOutputStream()
    _write_stream(size, batch)
    buffer = pa.allocate_buffer(size.size())  # of a sink that grows every byte would be copied twice more
    _write_stream(pa.FixedSizeBufferWriter(buffer), batch)
    return buffer


def _write_stream(sink: pa.NativeFile, batch: pa.RecordBatch) -> None:
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)


def _named(error: ClickHouseError, where: str, also: Mapping[int, str] = MappingProxyType({})) -> StoreError:
    code = error.code if isinstance(error, Error) else None
    text = str(error).replace("\n", " ")
    if code is None:
        away = error.__cause__ is not None or _UNAVAILABLE_STATUS.search(text)
        return (Unavailable if away else Refused)(f"{where}: {text}")
    reason = {**_UNAVAILABLE, **also}.get(code, "no room" if _NO_SPACE.search(text) else "")
    if reason:
        return Unavailable(f"{where}: {reason} ({text})", code)
    return Refused(f"{where}: {text}", code)


def _broken_off(text: str, where: str) -> StoreError:
    code = re.search(r"Code: (\d+)", text)
    number = int(code[1]) if code else None
    kind = Unavailable if number in _UNAVAILABLE else Refused
    return kind(f"{where}: broken off by the store: {text.strip()}", number)
