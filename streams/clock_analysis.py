"""Two recorded nodes, from their tags to one answer: how their clocks stood to each other, over the whole time."""

from collections.abc import Iterator

import msgspec

from schemas.clocks import ClockChange, ClockReading, ClockState
from streams.clock_parameters import ClockParameters
from streams.processors import clock_offset
from streams.processors.clock_offset import ClockTick
from streams.processors.held_tags import NodeTags


class ClockReport(msgspec.Struct, frozen=True, kw_only=True):
    """``state`` and ``reason`` are those at the end, ``last`` the last reading with an offset (None: it was never found).

    ``found_s`` is how long our clock ran until then for the first time; ``seconds`` how long each state lasted; ``course`` has a
    reading as often as was asked for.
    """

    state: ClockState
    reason: str
    last: ClockReading | None
    found_s: float | None
    seconds: dict[ClockState, float]
    tags: tuple[int, int]
    changes: tuple[ClockChange, ...]
    course: tuple[ClockReading, ...]


class ClockCourse:
    """Collects ticks into a report; keeps a reading of every ``every_ps``."""

    def __init__(self, parameters: ClockParameters, every_ps: int) -> None:
        self._parameters, self._every_ps = parameters, every_ps
        self._seconds = dict.fromkeys(ClockState, 0.0)
        self._changes: list[ClockChange] = []
        self._course: list[ClockReading] = []
        self._tags = [0, 0]
        self._start_ps: int | None = None
        self._found_ps: int | None = None
        self._latest: ClockTick | None = None
        self._known: ClockTick | None = None

    def add(self, tick: ClockTick) -> None:
        """Take the next tick."""
        if self._start_ps is None:
            self._start_ps = tick.start_ps
        self._seconds[tick.state] += (tick.end_ps - tick.start_ps) / 1e12
        for node, tags in enumerate((tick.ours, tick.other)):
            self._tags[node] += int(tags[0].size)
        if (change := tick.change()) is not None:
            self._changes.append(change)
        if tick.standing is not None:
            self._known = tick
            self._found_ps = tick.end_ps if self._found_ps is None else self._found_ps
        if (tick.end_ps - self._start_ps) // self._every_ps > (tick.start_ps - self._start_ps) // self._every_ps:
            self._course.append(tick.reading(self._parameters.confidence))
        self._latest = tick

    def report(self) -> ClockReport:
        latest, known = self._latest, self._known
        return ClockReport(
            state=ClockState.LOST if latest is None else latest.state,
            reason="the nodes have no time in common" if latest is None else latest.reason,
            last=None if known is None else known.reading(self._parameters.confidence),
            found_s=None if self._found_ps is None or self._start_ps is None else (self._found_ps - self._start_ps) / 1e12,
            seconds=self._seconds,
            tags=(self._tags[0], self._tags[1]),
            changes=tuple(self._changes),
            course=tuple(self._course),
        )


def ticks_of(ours: Iterator[NodeTags], other: Iterator[NodeTags], parameters: ClockParameters) -> Iterator[ClockTick]:
    """All ticks of two nodes. Either is read as far as the other's tags need it; memory does not grow with their length.

    Raises:
        SegmentError, DensityError: as ``clock_offset.step``.
    """
    state = clock_offset.initial()
    feeds = ours, other
    reached: list[int | None] = [None, None]
    ended = [False, False]
    while not all(ended):
        which = _behind(reached, ended)
        if ended[1 - which] and _far_beyond(reached, which, parameters):
            break
        tags = next(feeds[which], None)
        if tags is None:
            ended[which] = True
            continue
        reached[which] = tags.reached_ps
        state, ticks = clock_offset.step(state, None if which else tags, tags if which else None, parameters)
        yield from ticks
    for tick in clock_offset.close(state, parameters):
        if state.track is None or tick.line is not None:  # that one node recorded longer is no loss of the offset
            yield tick


def _behind(reached: list[int | None], ended: list[bool]) -> int:
    """The node to read next."""
    if any(ended):
        return int(ended[0])
    ours, other = reached
    if ours is None or other is None:
        return int(ours is not None)
    return int(other < ours)


def _far_beyond(reached: list[int | None], which: int, parameters: ClockParameters) -> bool:
    """Whether the node that goes on has passed what the one that ended could pair with."""
    going, ended = reached[which], reached[1 - which]
    return ended is None or (going is not None and going > ended + 2 * parameters.reach_ps)
