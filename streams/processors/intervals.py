"""Half-open intervals of time, in integer ps."""

from collections.abc import Iterable

Interval = tuple[int, int]
"""[start, end)."""


def merged(intervals: Iterable[Interval], since: int | None, until: int) -> tuple[Interval, ...]:
    """The union of ``intervals`` inside [since, until), disjoint and ascending; ``since`` None: no bound."""
    union: list[Interval] = []
    for start, end in sorted((start if since is None else max(start, since), min(end, until)) for start, end in intervals):
        if start >= end:
            continue
        if union and start <= union[-1][1]:
            union[-1] = union[-1][0], max(union[-1][1], end)
        else:
            union.append((start, end))
    return tuple(union)


def overlap_ps(disjoint: Iterable[Interval], bounds: Interval) -> int:
    """How much of ``bounds`` the intervals cover."""
    return sum(max(0, min(end, bounds[1]) - max(start, bounds[0])) for start, end in disjoint)
