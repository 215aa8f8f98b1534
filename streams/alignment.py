"""A domain whose sources stamp by two clocks, on the way to the processors: its segments on one clock.

Stands between the merging of sources by what their clocks read, and the panes. What it tells depends on the log alone. A restart
repeats it exactly: the lines of the ticks that are still needed are kept with the batch's positions (``course``), beside the
state that goes on from there, so that nothing that was told is ever computed a second time.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from schemas.clocks import ClockReading, ClockState
from schemas.ids import DomainId, IndicatorId, RunId, SubjectId
from schemas.records import IndicatorSample
from streams.clock_parameters import ClockParameters
from streams.errors import StreamsError
from streams.kernels.clock_line import ClockLine
from streams.kernels.select import select
from streams.positions import AlignmentPosition, CoursePart
from streams.processors import clock_offset
from streams.processors.clock_merge import AlignedStream, segment_of
from streams.processors.clock_offset import ClockTick, OffsetState
from streams.processors.held_tags import HeldTags, NodeTags
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from streams.segment import Segment

INDICATOR = IndicatorId("platform.clock-offset")
SAMPLE_S = 10
"""Event time between samples of the offset."""
_S_PS = 10**12
_NS_PS = 1_000

Sides = tuple[tuple[int, ...], tuple[int, ...]]
"""Channels of our clock and of the other."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """A stretch on one clock; how the clocks stood at its end, and what is told of it. Repeated stretches tell nothing."""

    segment: Segment
    reading: ClockReading | None = None
    samples: tuple[IndicatorSample, ...] = ()


@dataclass(slots=True)
class _Repetition:
    """Ticks that were told before a restart, told again from their course as their tags come."""

    parts: deque[CoursePart]
    since_ps: int | None = None
    ours: HeldTags = field(default_factory=HeldTags)
    other: HeldTags = field(default_factory=HeldTags)

    def push(self, ours: NodeTags, other: NodeTags) -> list[ClockTick]:
        """What has come begins at some tick; those before it cannot be repeated, nor do they need to be."""
        self.since_ps = ours.start_ps if self.since_ps is None else self.since_ps
        self.ours, self.other = self.ours.joined(ours, "our clock's tags"), self.other.joined(other, "the other clock's tags")
        ticks = []
        while self.parts and (tick := self._tick(self.parts[0])) is not None:
            part = self.parts.popleft()
            if min(part.start_ps, part.other_from_ps) >= self.since_ps:
                ticks.append(tick)
        return ticks

    def _tick(self, part: CoursePart) -> ClockTick | None:
        line = None
        if part.offset_ps is not None:
            line = ClockLine(part.start_ps, part.end_ps - part.start_ps, part.offset_ps, part.rise_ps)
        other_end_ps = part.end_ps if line is None else line.other_end_ps
        reached = self.ours.reached_ps, self.other.reached_ps
        if reached[0] is None or reached[1] is None or reached[0] < part.end_ps or reached[1] < other_end_ps:
            return None
        return ClockTick(
            start_ps=part.start_ps,
            end_ps=part.end_ps,
            state=ClockState.LOST if line is None else ClockState.LOCKED,
            before=ClockState.LOST,
            reason="told before",
            line=line,
            standing=None,
            ours=self.ours.within(part.start_ps, part.end_ps),
            other=self.other.within(part.other_from_ps, other_end_ps),
            lost=() if line is None else clock_offset.lost_on_ours(self.ours, self.other, line),
        )


class Alignment:
    """The two clocks of one stream.

    Args:
        parameters: how clocks are compared.
        position: as of the last stored batch, after a restart.
    """

    def __init__(self, parameters: ClockParameters, position: AlignmentPosition | None = None) -> None:
        self._parameters = parameters
        self._state, self._told_ps = clock_offset.initial(), None if position is None else position.told_ps
        self._course = [] if position is None else list(position.course)
        self._repetition = _Repetition(deque(self._course))
        if position is not None:
            self._state = state_from_bytes(position.state, OffsetState)

    def push(self, segment: Segment, sides: Sides) -> list[Aligned]:
        """Take the next stretch, merged by what the clocks read; each on one of the ``sides``.

        Raises:
            StreamsError: it cannot be held. All that waited is given up, and the clocks are lost.
        """
        ours, other = (
            NodeTags(*select(segment.time_ps, segment.channel, numbers), segment.start_ps, segment.reached_ps, segment.losses)
            for numbers in sides
        )
        told: list[Aligned] = []
        if self._repetition.parts:
            told += map(Aligned, self._segments(self._repetition.push(ours, other), segment, sides))
        if self._idle and self._told_ps is not None and segment.start_ps < self._told_ps:
            return told  # between a stream's end and its next beginning, before a restart
        try:
            self._state, ticks = clock_offset.step(self._state, ours, other, self._parameters)
        except StreamsError:
            self._state = clock_offset.initial()
            raise
        return told + self._told(ticks, segment, sides)

    def close(self, segment: Segment, sides: Sides) -> list[Aligned]:
        """The stream ended, or fell silent: what still waits. ``segment`` is the last one that was pushed."""
        if self._repetition.parts:
            return []
        ticks = clock_offset.close(self._state, self._parameters)
        self._state = clock_offset.initial()
        return self._told(ticks, segment, sides)

    def needed_ps(self, since_ps: int) -> int:
        """Reading of either clock from which on tags are needed again for what is open here, or for panes since ``since_ps``."""
        self._course = [part for part in self._course if part.end_ps > since_ps]
        needed: list[int] = [since_ps, *(clock_offset.needed_from_ps(self._state, self._parameters) or ())]
        for part in self._course[:1]:
            needed += (part.start_ps, part.other_from_ps)
        return min(needed)

    def position(self, domain: DomainId, run: RunId) -> AlignmentPosition:
        """As it stands."""
        state = state_to_bytes(clock_offset.remembered(self._state))
        return AlignmentPosition(domain=domain, run=run, told_ps=self._told_ps, state=state, course=list(self._course))

    @property
    def _idle(self) -> bool:
        return self._state.acquisition is None and self._state.track is None

    def _told(self, ticks: Sequence[ClockTick], segment: Segment, sides: Sides) -> list[Aligned]:
        """Ticks that are told for the first time."""
        for tick in ticks:
            self._course.append(_part_of(tick))
            self._told_ps = tick.end_ps
        return [
            Aligned(each, reading := tick.reading(self._parameters.confidence), _samples(reading, tick, segment))
            for each, tick in zip(self._segments(ticks, segment, sides), ticks, strict=True)
        ]

    @staticmethod
    def _segments(ticks: Sequence[ClockTick], segment: Segment, sides: Sides) -> list[Segment]:
        detectors = set(segment.detectors)
        ours, other = (tuple(number for number in numbers if number in detectors) for numbers in sides)
        stream = AlignedStream(segment.domain, segment.device, segment.run, segment.origin_unix_ns, ours, other)
        return [segment_of(tick, stream) for tick in ticks]


def _part_of(tick: ClockTick) -> CoursePart:
    if tick.line is None:
        return CoursePart(tick.start_ps, tick.end_ps, other_from_ps=tick.start_ps)
    return CoursePart(tick.start_ps, tick.end_ps, tick.line.offset_ps, tick.line.rise_ps, tick.other_from_ps)


def _samples(reading: ClockReading, tick: ClockTick, segment: Segment) -> tuple[IndicatorSample, ...]:
    """The offset as of a tick in which an interval of samples ends."""
    start_s, end_s = (
        (segment.origin_unix_ns * _NS_PS + time_ps) // (SAMPLE_S * _S_PS) * SAMPLE_S for time_ps in (tick.start_ps, tick.end_ps)
    )
    if start_s == end_s:
        return ()
    estimate = msgspec.structs.replace(
        reading.offset_ps,
        parameters=reading.offset_ps.parameters
        | {"state": reading.state, "frequency": reading.frequency.value, "shared_hz": reading.shared_hz},
    )
    sample = IndicatorSample(
        subject=SubjectId(segment.domain),
        indicator=INDICATOR,
        device=segment.device,
        run=segment.run,
        end_unix_s=end_s,
        integration_s=SAMPLE_S,
        estimate=estimate,
    )
    return (sample,)
