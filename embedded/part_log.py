"""A part's log file: its output as it comes, bounded in size, readable while it runs."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TAIL_BYTES = 8192


@dataclass(slots=True)
class PartLog:
    """``path`` and its older files ``path.1`` (younger) … ``path.{kept}``, each of at most about ``max_bytes``.

    The part writes into the file itself, so that its last words are there whatever happens to the supervisor.
    """

    path: Path
    max_bytes: int = 8 << 20
    kept: int = 3
    _since: int = 0

    @contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor for a new process; ``tail`` then starts from here."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rotate()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._since = os.fstat(descriptor).st_size
            yield descriptor
        finally:
            os.close(descriptor)

    def tail(self, lines: int) -> str:
        """The last lines that the newest process wrote, at most 8 KiB of them."""
        try:
            with self.path.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(self._since, size - _TAIL_BYTES))
                return "\n".join(stream.read().decode("utf-8", "replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def rotate(self) -> None:
        """Move what is written aside where it has grown over the bound.

        The part keeps its descriptor, which appends, so the file is copied and emptied. What it writes in the instant between
        the two is lost: a log may, data may not.
        """
        if not self.path.exists() or self.path.stat().st_size <= self.max_bytes:
            return
        for age in range(self.kept - 1, 0, -1):
            if (older := self._aged(age)).exists():
                older.replace(self._aged(age + 1))
        with self.path.open("rb+") as whole, self._aged(1).open("wb") as aside:
            shutil.copyfileobj(whole, aside)
            whole.truncate(0)
        self._since = 0

    def _aged(self, age: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{age}")
