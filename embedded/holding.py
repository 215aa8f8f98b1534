"""One supervisor a home: who holds it may start parts in it, and starts on a home where nothing runs any more."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from structlog.typing import FilteringBoundLogger

from embedded.errors import HomeHeldError, StateUnreadableError
from embedded.leftovers import end, leftovers
from embedded.state import StackState, read_state


@dataclass(frozen=True, slots=True)
class Holding:
    """This process holds ``home``. Only ``hold`` makes one."""

    home: Path


@contextmanager
def hold(home: Path, log: FilteringBoundLogger) -> Iterator[Holding]:
    """Take the home, end what an earlier supervisor left in it, and give it back at the end.

    The kernel gives it back when this process dies, however it dies. Raises HomeHeldError, LeftoverError.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "supervisor.lock").open("a+", encoding="ascii") as file:
        _lock(file, home)
        found = leftovers(home, _state(home, log))
        if found:
            log.warning("ending what an earlier stack left", pids=[process.pid for process in found], home=str(home))
            end(found)
        yield Holding(home)


def _lock(file: TextIO, home: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        raise HomeHeldError(
            f"a stack runs here already, supervised by process {file.read().strip() or 'unknown'}",
            where=str(home),
            do="use it, or stop it first, or set PHOTONWATCH_HOME to another directory",
        ) from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()


def _state(home: Path, log: FilteringBoundLogger) -> StackState | None:
    try:
        return read_state(home)
    except StateUnreadableError as error:
        log.warning("the last stack's state is unreadable; looking for its processes without it", error=str(error))
        return None
