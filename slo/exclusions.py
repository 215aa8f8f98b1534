"""Stretches of time that no budget answers for: maintenance, calibration, warm-up. Good and bad events in them are dropped alike.

A bucket belongs to an exclusion (start, end] by its end, as it belongs to a window.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from schemas.ids import SubjectId
from slo.instant import NS
from slo.objective import Objective
from slo.series import Times
from slo.topology import Topology

EVERYBODY = SubjectId("*")
"""The subject of an exclusion that is about all of them."""
Stretch = tuple[int, int]
"""(start, end], in the unit of the caller's times."""


@dataclass(frozen=True, slots=True, order=True)
class Exclusion:
    """(start, end] in UTC nanoseconds, and for the audit: why, whose, and who says so."""

    start_ns: int
    end_ns: int
    reason: str
    who: str = ""
    subject: SubjectId = EVERYBODY

    def concerns(self, subject: SubjectId) -> bool:
        return self.subject in (EVERYBODY, subject)


def spread(planned: Iterable[Exclusion], topology: Topology) -> set[Exclusion]:
    """What is planned, of each subject and of all that depends on it. What people and devices raise is told of each by itself."""
    return {replace(each, subject=subject) for each in planned for subject in (each.subject, *topology.downstream(each.subject))}


def allowed(objective: Objective, declared: Sequence[Exclusion]) -> tuple[Stretch, ...]:
    """What of the declared exclusions holds for an objective: all up to its cap, of a critical one nothing."""
    if objective.critical:
        return ()
    return admitted(((each.start_ns, each.end_ns) for each in declared), objective.exclusion_cap, objective.period_s * NS)


def admitted(declared: Iterable[Stretch], cap: Fraction, period: int) -> tuple[Stretch, ...]:
    """What of the declared stretches is excluded, in time order, without overlaps.

    At no time may more than ``cap`` of the period before it be excluded: a stretch is cut where that share is reached, and what
    lies beyond it counts. So nothing that comes later changes what is excluded now.
    """
    most = cap * period
    found: list[Stretch] = []
    for start, end in _merged(declared):
        until = _cut(start, end, found, most.numerator // most.denominator, period) if cap < 1 else end
        if until > start:
            found.append((start, until))
    return tuple(found)


def covered(stretches: Sequence[Stretch], start: int, end: int) -> int:
    """How much of (start, end] lies in stretches that do not overlap."""
    return sum(max(0, min(end, until) - max(start, since)) for since, until in stretches)


def is_inside(stretches: Sequence[Stretch], time: int) -> bool:
    """Whether a time lies in one of the stretches."""
    return any(start < time <= end for start, end in stretches)


def inside(stretches: Sequence[Stretch], times: Times) -> NDArray[np.bool_]:
    """Which of the times lie in one of the stretches, which are in order and do not overlap."""
    starts = np.array([start for start, _ in stretches], np.int64)
    ends = np.array([end for _, end in stretches], np.int64)
    index = np.searchsorted(starts, times, "left") - 1
    within: NDArray[np.bool_] = index >= 0
    within[within] = times[within] <= ends[index[within]]
    return within


def _merged(declared: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for start, end in sorted(each for each in declared if each[1] > each[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _cut(start: int, end: int, earlier: Sequence[Stretch], most: int, period: int) -> int:
    """The last time up to which (start, time] and the earlier stretches fill at most ``most`` of the period before it."""
    at, filled = start, covered(earlier, start - period, start)
    if filled > most:
        return start
    # Between these times earlier stretches leave the period at an even pace, none of them or one.
    bends = sorted({edge + period for stretch in earlier for edge in stretch if start < edge + period < end} | {end})
    for bend in bends:
        leaving = covered(earlier, at - period, bend - period)
        if filled + (bend - at) - leaving > most:
            return at if leaving else at + most - filled
        filled, at = filled + (bend - at) - leaving, bend
    return end
