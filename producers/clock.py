"""A device's clock against true time."""

import msgspec
import numpy as np

from producers.errors import SourceError
from schemas.block import Times

_MOST_DRIFT = 0.1


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It reads true time plus ``offset_ps``, and gains ``drift_ratio`` of what passes (1e-6: a microsecond a second)."""

    offset_ps: float = 0.0
    drift_ratio: float = 0.0

    def __post_init__(self) -> None:
        if not abs(self.drift_ratio) <= _MOST_DRIFT:
            raise SourceError(f"a clock that drifts by {self.drift_ratio} is none; stay within ±{_MOST_DRIFT}")


class RunningClock:
    """Turns true time into a clock's reading, stretch by stretch."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        """May be exchanged: an offset that jumps is made up for in the next stretch, at most half of it."""
        self._offset_ps = clock.offset_ps
        self._set_ps = clock.offset_ps
        self._carry_ps = 0.0

    @property
    def offset_ps(self) -> float:
        """By how much it is ahead now."""
        return self._offset_ps

    def true_ps(self, duration_ps: int) -> int:
        """How much true time passes while the clock counts ``duration_ps``; the clock then stands there."""
        gained_ps = self.clock.drift_ratio * duration_ps + (self.clock.offset_ps - self._set_ps)
        gained_ps = min(max(gained_ps, -duration_ps / 2), duration_ps / 2)
        exact_ps = duration_ps - gained_ps + self._carry_ps
        whole_ps = round(exact_ps)
        self._carry_ps = exact_ps - whole_ps
        self._offset_ps += gained_ps
        self._set_ps += gained_ps - self.clock.drift_ratio * duration_ps
        return whole_ps

    @staticmethod
    def read(time_ps: Times, true_ps: int, duration_ps: int) -> Times:
        """What it reads at true times since the stretch's start, which took ``true_ps`` and was counted as ``duration_ps``."""
        if true_ps == duration_ps:
            return time_ps
        # Only the difference needs floating point: readings stay exact to a picosecond however long the stretch.
        gained = np.floor(time_ps * ((duration_ps - true_ps) / true_ps))
        reading: Times = time_ps + gained.astype(np.int64)
        return reading
