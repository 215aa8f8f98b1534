"""Faults switched on by request: a small file that a running fleet watches."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from producers.errors import FleetError
from schemas.ids import DeviceId

_FILE, _LOCK = "faults.json", "faults.lock"


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is broken on request: ``purity`` holds the g2(0) that each named device is to show."""

    purity: dict[DeviceId, float] = {}


def read_faults(home: Path) -> Faults:
    """What is asked for now; nothing where nobody ever asked.

    Raises:
        FleetError: the file is damaged.
    """
    path = home / _FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Faults)
    except FileNotFoundError:
        return Faults()
    except (OSError, msgspec.DecodeError) as error:
        raise FleetError(f"{path}: cannot be read ({error}); delete it to mend every device") from error


def break_purity(home: Path, device: DeviceId, g2: float) -> None:
    """Ask the running fleet to give ``device`` this g2(0) until it is mended.

    Raises:
        FleetError: no g2(0) of light that is at most as bunched as a laser's.
    """
    if not 0 <= g2 <= 1:
        raise FleetError(f"g2(0) = {g2} for {device}: give a number from 0 to 1")
    with _locked(home):
        _write(home, Faults({**read_faults(home).purity, device: g2}))


def mend(home: Path, device: DeviceId) -> None:
    """Take back what ``break_purity`` asked; a device that was not broken stays as it is."""
    with _locked(home):
        _write(home, Faults({name: g2 for name, g2 in read_faults(home).purity.items() if name != device}))


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
