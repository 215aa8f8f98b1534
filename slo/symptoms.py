"""What moved lately about a subject: indicators, readings, whatever comes as a series of numbers, against its own recent past.

Plain and robust: the median of the last half minute against median and scatter of what was before. It knows no thresholds: a
value may move while it still meets its objective, and that says as much about the cause as a breach does.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from schemas.ids import SubjectId


class Movement(StrEnum):
    """How the end of a series stands to what was before."""

    UP = "up"
    DOWN = "down"
    STILL = "still"
    SILENT = "silent"
    """It came regularly, and comes no more."""


@dataclass(frozen=True, slots=True)
class Look:
    """What counts as recent and as before, in seconds, and how far a median must move.

    ``sigmas`` are of the scatter before (from the 80 % that lie nearest to its median: readings that stop at zero have no median
    deviation to speak of), ``share`` is of the value before: both must be exceeded. A series is silent after ``missed`` of its
    usual spacings, and no sooner than ``silent_s``.
    """

    recent_s: int = 30
    before_s: int = 600
    kept_s: int = 7_200
    sigmas: float = 5.0
    share: float = 0.02
    missed: int = 4
    silent_s: int = 60


_NEAREST = 0.8
_SIGMA_OF_NEAREST = 1 / 1.2816
"""A Gaussian has so much within 1.2816 standard deviations."""
_FEWEST_BEFORE = 3
_FEWEST_RECENT = 2
_Series = deque[tuple[float, float]]


class Symptoms:
    """Remembers the series of many subjects for ``look.kept_s``. Times are event time, in the order in which they come."""

    def __init__(self, look: Look | None = None) -> None:
        self._look = look or Look()
        self._series: dict[SubjectId, dict[str, _Series]] = {}

    def add(self, subject: SubjectId, name: str, unix_s: float, value: float) -> None:
        """One number of the series ``name``; values older than what is kept are forgotten."""
        series = self._series.setdefault(subject, {}).setdefault(name, deque())
        series.append((unix_s, value))
        while series[0][0] < unix_s - self._look.kept_s:
            series.popleft()

    def moved(self, subjects: Iterable[SubjectId], now_unix_s: float, alarming: str = "") -> Mapping[str, Movement]:
        """How the series of these subjects stand at ``now``; those too short to tell are absent.

        Of the ``alarming`` one the last value counts alone: it is known to be no outlier.
        Where several subjects have a series of one name, one that moved speaks for them.
        """
        found: dict[str, Movement] = {}
        for subject in subjects:
            for name, series in self._series.get(subject, {}).items():
                known = [one for one in series if one[0] <= now_unix_s]
                movement = _movement(known, now_unix_s, self._look, alone=name == alarming)
                if movement is not None and found.get(name, Movement.STILL) is Movement.STILL:
                    found[name] = movement
        return found


def _movement(series: list[tuple[float, float]], now_unix_s: float, look: Look, *, alone: bool) -> Movement | None:
    before = [one for one in series if one[0] <= now_unix_s - look.before_s]
    if len(before) < _FEWEST_BEFORE:
        return None
    spacing_s = median(later[0] - earlier[0] for earlier, later in pairwise(before))
    if now_unix_s - series[-1][0] > max(look.silent_s, look.missed * spacing_s):
        return Movement.SILENT
    recent = [value for at, value in series if at > now_unix_s - look.recent_s]
    if alone:
        recent = [series[-1][1]]
    elif len(recent) < _FEWEST_RECENT:
        recent = [value for _, value in series[-_FEWEST_RECENT:]]
    usual = median(value for _, value in before)
    distances = sorted(abs(value - usual) for _, value in before)
    scatter = _SIGMA_OF_NEAREST * distances[round(_NEAREST * (len(distances) - 1))]
    shift = median(recent) - usual
    if abs(shift) <= max(look.sigmas * scatter, look.share * abs(usual)):
        return Movement.STILL
    return Movement.UP if shift > 0 else Movement.DOWN
