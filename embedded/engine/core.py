"""The embedded engine itself: connections, statements at work in threads of their own, and how to stop one.

Every connection has settings, a role and temporary tables of its own.
Importing this module starts the engine's threads: confine the process before.
"""

import contextlib
import fcntl
import os
import select
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import msgspec
from chdb import _chdb

from embedded.engine.configuration import Layout
from embedded.engine.errors import ClickHouseError, EngineError
from embedded.engine.statement import quoted

_PIPE_BYTES = 1 << 20
_ASK_AGAIN_S = 0.25
_DRAIN_MS = 10


class Summary(msgspec.Struct, frozen=True):
    """What the engine tells of a finished statement."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    elapsed_ns: int = 0


def _connected(address: str) -> Any:
    return _chdb.connect(address)  # type: ignore[attr-defined]  # the extension module has no stubs


class Connection:
    """One connection of the engine's: not for two threads at once."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def run(self, sql: str, output: str = "TabSeparated", parameters: Mapping[str, str] | None = None) -> tuple[bytes, Summary]:
        """The answer in the format ``output``, complete. Raises ClickHouseError."""
        try:
            result = self._native.query(sql, output, params=dict(parameters or {}))
        except RuntimeError as error:
            raise ClickHouseError.told_by_engine(str(error)) from None
        return result.bytes(), Summary(
            read_rows=result.storage_rows_read(),
            read_bytes=result.storage_bytes_read(),
            written_rows=result.rows_written(),
            written_bytes=result.bytes_written(),
            result_rows=result.rows_read(),
            result_bytes=result.bytes_read(),
            elapsed_ns=round(result.elapsed() * 1e9),
        )

    def watch(self, seen: Callable[[Mapping[str, int]], None] | None) -> None:
        """``seen`` is called from the engine's thread, some ten times a second, with counts of the running statement."""
        self._native.set_progress_callback(seen)

    def close(self) -> None:
        self._native.close()


class Work:
    """A statement at work. Its rows come out of the pipe ``source``; at the pipe's end it is done."""

    def __init__(self, source: int, done: "Future[Summary]", kill: Callable[[], None]) -> None:
        self.source = source
        self._done = done
        self._kill = kill

    def summary(self) -> Summary:
        """Waits for the end. Raises ClickHouseError where the statement failed."""
        return self._done.result()

    def finish(self, patience_s: float) -> None:
        """The last call: a statement that is still at work is stopped, and waited for that long.

        Its rows are drained meanwhile: the engine may be about to open the pipe, which blocks without a reader, or to fill it.
        It is told again and again, because it cannot be found before it runs.
        """
        deadline = time.monotonic() + patience_s
        poll = select.poll()
        poll.register(self.source, select.POLLIN)
        while not self._done.done() and time.monotonic() < deadline:
            self._kill()
            asked = time.monotonic()
            while not self._done.done() and time.monotonic() < asked + _ASK_AGAIN_S:
                if poll.poll(_DRAIN_MS) and not os.read(self.source, _PIPE_BYTES):
                    time.sleep(_DRAIN_MS / 1000)  # its end of the pipe is closed; it is about to be done
        os.close(self.source)


class Engine:
    """The engine over one data directory. One process, and one of these, at a time."""

    def __init__(self, layout: Layout, threads: int) -> None:
        self._address = layout.connection
        try:
            self._control = Connection(_connected(self._address))
        except RuntimeError as error:
            raise EngineError(f"the engine does not start: {error}", where=str(layout.store), do="mend what it names") from error
        self._control_lock = threading.Lock()
        self._threads = ThreadPoolExecutor(threads, "statement")
        self._running: set[Future[Summary]] = set()

    def connect(self) -> Connection:
        try:
            return Connection(_connected(self._address))
        except RuntimeError as error:
            raise ClickHouseError.told_by_engine(str(error)) from error

    def ask(self, sql: str) -> list[str]:
        """The lines of a short answer to the endpoint itself."""
        with self._control_lock:
            return self._control.run(sql)[0].decode().splitlines()

    def start(self, work: Callable[[str], tuple[bytes, Summary]], tag: str, released: Callable[[], None]) -> Work:
        """Run ``work(path)`` in a thread: it has its rows written into the pipe ``path``, or returns them.

        ``tag`` is the statement's ``log_comment``, by which it is found; ``released`` is called when it is over.
        """
        source, sink = os.pipe()
        fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

        def run() -> Summary:
            try:
                rows, summary = work(f"/proc/self/fd/{sink}")
                with contextlib.suppress(BrokenPipeError), os.fdopen(sink, "wb", closefd=False) as file:
                    file.write(rows)  # unless nobody reads any more
                return summary
            finally:
                try:
                    released()
                finally:
                    os.close(sink)

        done = self._threads.submit(run)
        self._running.add(done)
        done.add_done_callback(self._running.discard)
        return Work(source, done, lambda: self._kill(tag))

    def _kill(self, tag: str) -> None:
        self.ask(f"KILL QUERY WHERE Settings['log_comment'] = {quoted(tag)} ASYNC")

    def close(self, patience_s: float) -> bool:
        """Stop what runs and close the store. Whether it did: a statement that blocks in the system is waited for that long.

        Where it did not, threads are left, and only the end of the process ends them.
        """
        deadline = time.monotonic() + patience_s
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._control_lock.acquire(timeout=patience_s):
            try:
                self._control.run("KILL QUERY WHERE Settings['log_comment'] != '' ASYNC")
            finally:
                self._control_lock.release()
        if wait(tuple(self._running), max(0.0, deadline - time.monotonic())).not_done:
            return False
        self._control.close()
        return True
