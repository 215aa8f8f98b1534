"""Who was heard of late beside tags, remembered: the store is asked only for what came since the last look."""

import math
from collections.abc import Callable, Collection, Iterable

from schemas.ids import SubjectId
from storage.reader import Heard

_OVERLAP_MS = 30_000
"""Rows are seen some time after the moment that they bear; so far back every look goes once more."""
_PERIOD_S = 5.0
"""As often as heartbeats come."""


class Hearing:
    """One thread asks at a time. The first look goes through all that is stored; each later one through the latest."""

    def __init__(self, ask: Callable[[int], Iterable[Heard]], clock: Callable[[], float]) -> None:
        """``ask``: ``heard`` of a reader. ``clock``: seconds."""
        self._ask = ask
        self._clock = clock
        self._asked_s = -math.inf
        self._known: dict[SubjectId, Heard] = {}
        self._latest_ms = 0

    def since(self, unix_s: int) -> Collection[Heard]:
        """Everybody who was heard since then (UTC seconds, never earlier than the time before).

        Raises:
            StoreError: Unavailable or Refused by the store; the next look makes up for it.
        """
        now_s = self._clock()
        if 0 <= now_s - self._asked_s < _PERIOD_S:
            return self._since(unix_s)
        for each in self._ask(max(unix_s * 1000, self._latest_ms - _OVERLAP_MS)):
            before = self._known.get(each.subject)
            self._known[each.subject] = each if each.run or before is None else each._replace(run=before.run)
            self._latest_ms = max(self._latest_ms, each.seen_unix_ms)
        self._asked_s = now_s
        return self._since(unix_s)

    def _since(self, unix_s: int) -> Collection[Heard]:
        self._known = {name: each for name, each in self._known.items() if each.seen_unix_ms >= unix_s * 1000}
        return self._known.values()
