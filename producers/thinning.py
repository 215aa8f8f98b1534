"""Thins out a log in which a library repeats itself many times a second."""

import logging
import time
from collections.abc import Callable


class ThinOut(logging.Filter):
    """Lets a message (its template, not its text) pass once per ``interval_s``, and says how often it came in between."""

    def __init__(self, interval_s: float = 10.0, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._interval_s = interval_s
        self._clock_s = clock_s
        self._passed: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = (record.name, str(record.msg))
        now = self._clock_s()
        last = self._passed.get(kind)
        if last is not None and now - last < self._interval_s:
            self._held[kind] = self._held.get(kind, 0) + 1
            return False
        self._passed[kind] = now
        if held := self._held.pop(kind, 0):
            record.msg = f"{record.getMessage()} ({held} times more since)"
            record.args = ()
        return True
