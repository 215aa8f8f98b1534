"""What alerts look like: which failure modes explain what the store holds of their devices as of when they began to fire.

Worked out by whoever tells of an alert, not in the stream: the signs are of readings and of all links of a device, which come by
other topics and partitions, in no order that a replay would repeat.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from console.gameday.modes import known_modes
from console.stored_evidence import stored_evidence
from schemas.ids import DeviceId
from schemas.records import AlertState
from slo.diagnosis import FailureMode, Hint, likely
from slo.suppression import Hints
from storage.reader import Reader

LOOK_S = 7_200
"""How far back before the alert."""
_SETTLED_S, _AGAIN_S = 60.0, 20.0
"""Readings may be stored a little later than the alert: it is looked at again for a while."""
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Look:
    hints: tuple[Hint, ...]
    first_s: float
    last_s: float

    def is_good(self, now_s: float) -> bool:
        return self.last_s - self.first_s >= _SETTLED_S or now_s - self.last_s < _AGAIN_S


class StoredDiagnoses:
    """Remembers what it found; threads may share it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._asking = Lock()
        self._known: dict[tuple[str, int], _Look] = {}

    @cached_property
    def _modes(self) -> tuple[FailureMode, ...]:
        return known_modes()

    def of(self, alerts: Iterable[AlertState], within_s: float) -> Hints:
        """The likely failures of those alerts that fire and have any.

        What is not known after ``within_s`` is left for the next time.

        Raises:
            StoreError: the store is away, or refuses.
        """
        deadline = time.monotonic() + within_s
        found = {}
        with self._asking:
            for alert in alerts:
                key, now_s = (alert.alert, alert.since_unix_s), time.monotonic()
                if not alert.firing:
                    continue
                known = self._known.get(key)
                if (known is None or not known.is_good(now_s)) and now_s < deadline:
                    known = _Look(self._look(alert), known.first_s if known else now_s, now_s)
                    self._known[key] = known
                if known is not None and known.hints:
                    found[key] = known.hints
            for key in list(self._known)[:-_KEPT]:
                del self._known[key]
        return found

    def _look(self, alert: AlertState) -> tuple[Hint, ...]:
        device, at_unix_s = DeviceId(alert.device or alert.subject), alert.since_unix_s
        evidence = stored_evidence(self._reader, self._modes, [device], max(0, at_unix_s - LOOK_S), at_unix_s + 1)
        return likely(evidence.hints_of(alert, at_unix_s))
