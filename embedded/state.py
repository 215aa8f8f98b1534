"""What the supervisor knows of its parts, in ``home/stack.json``: written whole at each change.

``status`` reads it, and so does the next start, to end what is left.
"""

import os
from enum import StrEnum
from pathlib import Path

import msgspec
import psutil

from embedded.errors import StateUnreadableError
from embedded.probes import Probe

_SAME_START_S = 2.0
"""The kernel counts a process's start in ticks since boot; as a date it moves when the clock is set."""


class PartState(StrEnum):
    """What a part is doing."""

    WAITING = "waiting"  # for what must be ready before it
    STARTING = "starting"
    READY = "ready"
    SILENT = "silent"  # runs, and does not answer
    RESTARTING = "restarting"  # died; starts again after a pause
    CRASH_LOOP = "crash-loop"  # died again and again; starts again after the longest pause
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"  # never became ready, and the stack was stopped for it
    GONE = "gone"  # its supervisor was killed, and it with it
    EXTERNAL = "external"  # not ours to run: its address was given


class ProcessId(msgspec.Struct, frozen=True):
    """A process, told from a later one of the same number by its start time (seconds since the epoch)."""

    pid: int
    started_s: float

    @classmethod
    def this(cls) -> "ProcessId":
        return cls(os.getpid(), psutil.Process().create_time())

    @classmethod
    def of(cls, pid: int) -> "ProcessId | None":
        """The identity of a process that runs now; None when it is gone already."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """The very process, where anything of it still runs."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started_s) < _SAME_START_S
        except psutil.NoSuchProcess:
            return None
        return found if same and not gone(found) else None


def gone(process: psutil.Process) -> bool:
    """Whether nothing is left of it but an exit status that nobody has asked for.

    A killed process holds its files and ports until its last thread is gone; until then its first may be a zombie already.
    """
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part: what clients are told (``address``), what runs (``process``), how it is."""

    name: str
    state: PartState
    address: str | None
    process: ProcessId | None
    ready: Probe
    detail: str = ""
    deaths: int = 0
    log: str | None = None


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor and its parts, in the order in which they were named."""

    supervisor: ProcessId
    parts: tuple[Part, ...]
    version: int = 1


def state_file(home: Path) -> Path:
    return home / "stack.json"


def write_state(home: Path, state: StackState) -> None:
    """Readers see the old state or the new one, never a half."""
    path = state_file(home)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")
    fresh.replace(path)


def read_state(home: Path) -> StackState | None:
    """The state as it was last written; None where no stack ever ran. Raises StateUnreadableError."""
    path = state_file(home)
    try:
        return msgspec.json.decode(path.read_bytes(), type=StackState)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise StateUnreadableError(
            f"the stack's state cannot be read: {error}",
            where=str(path),
            do="delete it; the next start finds the processes anyhow",
        ) from error
