"""Processes that a supervisor left when it was killed: found and ended by the next start on the same home."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from embedded.errors import LeftoverError
from embedded.state import StackState, gone

_MARK = "PHOTONWATCH_PART_OF"
_PATIENCE_S = 10.0
_ASK_S = 0.01


def mark(home: Path) -> Mapping[str, str]:
    """The environment that tells a part of this home, and whatever it starts, from everything else."""
    return {_MARK: str(home.resolve())}


def leftovers(home: Path, state: StackState | None) -> tuple[psutil.Process, ...]:
    """Every process that belongs to this home, apart from this one and its ancestors.

    The state file names the parts (pid and start time), and their process groups hold what they started. The mark finds what the
    file does not know: a part that was spawned a moment before the supervisor died, or what left its group.
    """
    recorded = {part.process.pid for part in state.parts if part.process and part.process.process()} if state else set()
    home_mark = mark(home)[_MARK]
    own = psutil.Process()
    kin = {own, *own.parents()}
    return tuple(
        process
        for process in psutil.process_iter()
        if process not in kin
        and not gone(process)
        and (_group(process) in recorded or process.pid in recorded or _mark_of(process) == home_mark)
    )


def end(processes: Sequence[psutil.Process]) -> None:
    """Kill them, and return when they are gone. Raises LeftoverError where one stays.

    Parts survive it by design: what matters more is that none writes on while its successor starts.
    """
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied as error:
            raise _stays(process) from error
    deadline_s = time.monotonic() + _PATIENCE_S
    for process in processes:
        while not gone(process):
            if time.monotonic() > deadline_s:
                raise _stays(process)
            time.sleep(_ASK_S)


def _stays(process: psutil.Process) -> LeftoverError:
    return LeftoverError(
        "a process of an earlier stack cannot be ended", where=f"pid {process.pid}", do="end it by hand, then start again"
    )


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(_MARK)
    except (psutil.Error, OSError):  # gone, or not this user's: then it is not ours either
        return None
