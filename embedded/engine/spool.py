"""A body on its way to the engine: kept in a nameless file in the data directory until all of it has come.

The engine sees nothing of a body that does not arrive whole, so a client that dies in mid-insert leaves no part of its rows and
spends no deduplication token.
"""

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.engine.errors import ClickHouseError, ErrorCode


class Spool:
    """A nameless file; at most ``most`` bytes. Raises NOT_ENOUGH_SPACE or CANNOT_OPEN_FILE where none can be made."""

    def __init__(self, directory: Path, most: int) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115  closed by close()
        except OSError as error:
            raise _failed(error) from error
        self._most = most
        self.size = 0

    def take(self, pieces: Iterable[bytes]) -> None:
        """Append. Raises QUERY_IS_TOO_LARGE, NOT_ENOUGH_SPACE, CANNOT_OPEN_FILE."""
        for piece in pieces:
            self.size += len(piece)
            if self.size > self._most:
                raise ClickHouseError.of(
                    ErrorCode.QUERY_IS_TOO_LARGE, f"the body is larger than {self._most} bytes: send it in parts"
                )
            view = memoryview(piece)
            try:
                while view:
                    view = view[os.write(self._file.fileno(), view) :]
            except OSError as error:
                raise _failed(error) from error

    def pieces(self) -> Iterator[bytes]:
        """All of it again, from the start."""
        at = 0
        while piece := os.pread(self._file.fileno(), 1 << 20, at):
            at += len(piece)
            yield piece

    @property
    def path(self) -> str:
        """Where this process, the engine in it too, can open the file."""
        return f"/proc/self/fd/{self._file.fileno()}"

    @property
    def descriptor(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _failed(error: OSError) -> ClickHouseError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ClickHouseError.of(ErrorCode.NOT_ENOUGH_SPACE, "no space left for the body in the data directory")
    return ClickHouseError.of(ErrorCode.CANNOT_OPEN_FILE, f"the body cannot be kept in the data directory: {error.strerror}")
