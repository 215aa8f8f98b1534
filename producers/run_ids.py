"""Names of runs: readable, sortable, and unique."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from schemas.ids import DeviceId, RunId, SourceId


def new_run(unix_ns: Callable[[], int] = time.time_ns, entropy: Callable[[int], str] = secrets.token_hex) -> RunId:
    """``20260307T142355Z-9f3a1c``: UTC to the second and three random bytes."""
    return RunId(f"{datetime.fromtimestamp(unix_ns() // 10**9, UTC):%Y%m%dT%H%M%SZ}-{entropy(3)}")


def source_of(device: DeviceId, run: RunId) -> SourceId:
    """Whoever numbers this run's blocks: no two replays of a device share it."""
    return SourceId(f"{device}/{run}")
