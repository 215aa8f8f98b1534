"""Faults switched on by request: a small file that a running fleet watches."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from producers.errors import FleetError

_FILE, _LOCK = "faults.json", "faults.lock"
_MOST_SIZE = 100.0


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A failure asked for: of which device, link or shared thing, how strong, since when, how long (None: until mended)."""

    target: str
    fault: str
    asked_unix_s: float
    size: float = 1.0
    duration_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.size <= _MOST_SIZE:
            raise FleetError(f"{self.fault}: a size of {self.size:g}; give a number above 0, at most {_MOST_SIZE:g}")
        if self.duration_s is not None and not self.duration_s > 0:
            raise FleetError(f"{self.fault}: for {self.duration_s:g} s; give a time above 0")

    def over(self, unix_s: float) -> bool:
        return self.duration_s is not None and unix_s >= self.asked_unix_s + self.duration_s


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is asked for now, one of each target and failure."""

    faults: tuple[Asked, ...] = ()


def read_faults(home: Path) -> tuple[Asked, ...]:
    """What is asked for now; nothing where nobody ever asked.

    Raises:
        FleetError: the file is damaged.
    """
    path = home / _FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Faults).faults
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError, FleetError) as error:
        raise FleetError(f"{path}: cannot be read ({error}); delete it to mend every device") from error


def ask(home: Path, asked: Asked) -> None:
    """Ask the running fleet for a failure, in place of an earlier wish for the same one of the same target."""
    with _locked(home):
        others = tuple(one for one in read_faults(home) if (one.target, one.fault) != (asked.target, asked.fault))
        _write(home, Faults((*others, asked)))


def take_back(home: Path, target: str | None = None, fault: str | None = None) -> tuple[Asked, ...]:
    """Mend what was asked of this target (None: of all) and of this failure (None: every one); returns what it was."""
    with _locked(home):
        every = read_faults(home)
        mended = tuple(one for one in every if target in (None, one.target) and fault in (None, one.fault))
        if mended:
            _write(home, Faults(tuple(one for one in every if one not in mended)))
        return mended


def _write(home: Path, faults: Faults) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    fresh = home / f"{_FILE}.{os.getpid()}"
    fresh.write_bytes(msgspec.json.encode(faults))
    fresh.replace(home / _FILE)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
