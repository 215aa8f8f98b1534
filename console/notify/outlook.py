"""What fires, and what it stands in, as the store and the site's files have it."""

import time
from collections.abc import Callable, Sequence
from threading import Lock

import structlog

from console.past_exclusions import raised
from console.stored_diagnoses import StoredDiagnoses
from schemas.records import AlertState
from slo.definitions import Definitions
from slo.instant import NS
from slo.schedule import Schedule
from slo.suppression import Hints, Suppressions, Surroundings
from slo.topology import Topology
from storage.errors import StoreError
from storage.reader import Reader

_AHEAD_NS = 86_400 * NS
_LOOKING_BACK_S = 86_400
_FRESH_NS = 2 * NS
_DEAF_AFTER_S = 300.0
HINTS_WITHIN_S = 3.0
"""Nobody hears of an alert later than this for the sake of a hint."""
_log = structlog.get_logger(__name__)


class StoredOutlook:
    """Answers of one store; threads may share it. Every answer raises StoreError where the store is away or refuses."""

    def __init__(
        self,
        reader: Reader,
        definitions: Definitions,
        topology: Topology,
        schedule: Schedule,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        deaf_after_s: float = _DEAF_AFTER_S,
    ) -> None:
        self._reader = reader
        self._diagnoses = StoredDiagnoses(reader)
        self._objectives = {each.name: each for each in definitions.objectives}
        capped = (each.period_s for each in definitions.objectives if 0 < each.exclusion_cap < 1)
        self._looking_back_s = max(_LOOKING_BACK_S, *capped, 0)
        self._topology = topology
        self._schedule = schedule
        self._clock_ns = clock_ns
        self._deaf_after_s = deaf_after_s
        self._begun = time.monotonic()
        self._asking = Lock()
        self._surroundings: Surroundings | None = None
        self._looked_ns = 0

    def now_ns(self) -> int:
        """UTC."""
        return self._clock_ns()

    def firing(self) -> Sequence[AlertState]:
        """The alerts that fire."""
        return [state for state in self._reader.alerts() if state.firing]

    def surroundings(self) -> Surroundings:
        """Dependencies, objectives, and what is excluded: planned, or raised by devices and people; the last day, or as long as
        an objective's cap looks back. A few seconds old at most.
        """
        with self._asking:
            now_ns = self.now_ns()
            if self._surroundings is None or not 0 <= now_ns - self._looked_ns < _FRESH_NS:
                self._surroundings, self._looked_ns = self._look(now_ns), now_ns
            return self._surroundings

    def _look(self, now_ns: int) -> Surroundings:
        since_s = now_ns // NS - self._looking_back_s
        planned = (each for each in self._schedule.until(now_ns + _AHEAD_NS) if each.end_ns > since_s * NS)
        return Surroundings(
            self._topology, self._objectives, tuple(sorted({*planned, *raised(self._reader.exclusions(since_s))}))
        )

    def hints(self, alerts: Sequence[AlertState], within_s: float = HINTS_WITHIN_S) -> Hints:
        """What those that fire look like, as far as that is found out in time. A store that cannot tell keeps nobody from hearing
        of them: then there are none.
        """
        try:
            return self._diagnoses.of(alerts, within_s)
        except StoreError as error:
            _log.warning("no-hints", reason=str(error))
            return {}

    def suppressions(self) -> Suppressions:
        """All that fires now, held against what it stands in."""
        firing = self.firing()
        return Suppressions(firing, self.surroundings(), self.now_ns(), self.hints(firing))

    def deaf_since(self) -> int | None:
        """Since when (UTC seconds) nothing was stored, if that is minutes ago; None: something was, or never anything at all."""
        last = self._reader.last_stored()
        return last[0] if last and last[1] >= self._deaf_after_s else None

    def has_listened(self) -> bool:
        """Whether it is there for long enough that silence means something: a platform that starts was silent before."""
        return time.monotonic() - self._begun >= self._deaf_after_s

    def hears(self) -> bool:
        """Whether it is not deaf."""
        return self.deaf_since() is None
