"""A stream with its channels' delays applied: what every processor that pairs channels takes when cables differ in length.

A pure seam. The stream that comes out (its tags, their order, its lost time) does not depend on how the one that goes in was cut.

- A tag at t on channel c comes out at t + delay_ps[c], in order again; of equal times the one that came earlier stays first. What
  later tags may still overtake is held back: the time reached is shifted by the lowest delay. ``close`` gives the rest.
- A loss hides each channel at that channel's delay, so it grows by the spread from the lowest to the highest: outside losses
  every channel can be seen. The spread at the stream's beginning and end is lost for the same reason, and so is time between
  segments that no segment spoke for. How many tags a loss took is told by the source's own stream.
- Without delays segments pass untouched.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from schemas.block import ADVANCE_CHANNEL, Channels, Loss, Times
from streams.errors import DensityError
from streams.kernels.delay import delay
from streams.processors.intervals import Interval, merged
from streams.processors.progress import Progress
from streams.segment import Segment

MOST_DELAY_PS = 1 << 41
"""2.2 s, either way."""
MOST_HELD = 1 << 24
"""Tags that may be held back at once: 150 MB."""


@dataclass(frozen=True, slots=True)
class Delays:
    """ps that are added to each channel's times; a channel that is not named has none.

    Raises:
        ValueError: no channel number, or a delay beyond ``MOST_DELAY_PS``.
    """

    delay_ps: Mapping[int, int] = field(default_factory=dict)
    bounds_ps: Interval = field(init=False, repr=False, compare=False)
    """The lowest and the highest delay that a channel has; a channel that is not named has 0."""

    def __post_init__(self) -> None:
        for channel, delay_ps in self.delay_ps.items():
            if not 0 <= channel < ADVANCE_CHANNEL:
                raise ValueError(f"a delay for channel {channel}: channels are numbered 0 to {ADVANCE_CHANNEL - 1}")
            if abs(delay_ps) > MOST_DELAY_PS:
                raise ValueError(f"a delay of {delay_ps} ps for channel {channel}: at most {MOST_DELAY_PS} ps either way")
        delays = (0, *self.delay_ps.values())
        object.__setattr__(self, "bounds_ps", (min(delays), max(delays)))

    def table(self) -> Times:
        """By channel, 256 entries."""
        table = np.zeros(256, np.int64)
        for channel, delay_ps in self.delay_ps.items():
            table[channel] = delay_ps
        return table


@dataclass(frozen=True, slots=True)
class DelayedState:
    """The tags that are held back, at the times at which they came, and lost time that has not come out yet.

    ``progress`` is that of the stream that goes in; None before the first segment.
    """

    progress: Progress | None
    detectors: tuple[int, ...]
    held_ps: Times
    held_channel: Channels
    lost: tuple[Interval, ...]


def initial() -> DelayedState:
    """The state before anything was seen."""
    return DelayedState(None, (), np.empty(0, np.int64), np.empty(0, np.uint8), ())


def step(state: DelayedState, segment: Segment, delays: Delays) -> tuple[DelayedState, tuple[Segment, ...]]:
    """Take a segment, give what it completes: one segment, behind the rest of the former stream where it begins another.

    Raises:
        SegmentError: the segment reaches back before its predecessor's end, or a delay moves its tags out of reach.
        DensityError: more than ``MOST_HELD`` tags would be held back.
    """
    lowest_ps, highest_ps = delays.bounds_ps
    if lowest_ps == highest_ps:
        return state, (segment,)
    former = state.progress
    if former is not None and not former.continued_by(segment):
        rest = close(state, delays)
        state, segments = step(initial(), segment, delays)
        return state, (*rest, *segments)
    since_ps = segment.start_ps if former is None else former.reached_ps
    blind = merged(((loss.start_ps, loss.end_ps) for loss in segment.losses), since_ps, segment.reached_ps)
    if former is None or since_ps < segment.start_ps:
        blind = (*blind, (since_ps, segment.start_ps))
    lost = *state.lost, *((start + lowest_ps, end + highest_ps) for start, end in blind)
    reached_ps = segment.reached_ps + lowest_ps
    time_ps, channel = delay(*_joined(state, segment), delays.table())
    ready = int(np.searchsorted(time_ps, reached_ps))
    if time_ps.size - ready > MOST_HELD:
        raise DensityError(
            f"{segment.domain} (run {segment.run}): {time_ps.size - ready} tags wait out delays of {highest_ps - lowest_ps} ps "
            f"before {segment.reached_ps} ps, at most {MOST_HELD} can be held back; shorten the delays"
        )
    ready_segment = Segment(
        domain=segment.domain,
        device=segment.device,
        run=segment.run,
        origin_unix_ns=segment.origin_unix_ns,
        start_ps=since_ps + lowest_ps,
        reached_ps=reached_ps,
        time_ps=time_ps[:ready],
        channel=channel[:ready],
        detectors=segment.detectors,
        losses=_losses(merged(lost, since_ps + lowest_ps, reached_ps)),
    )
    held_channel = channel[ready:].copy()
    state = DelayedState(
        progress=Progress.of(segment),
        detectors=segment.detectors,
        held_ps=time_ps[ready:] - delays.table()[held_channel],
        held_channel=held_channel,
        lost=merged(lost, reached_ps, segment.reached_ps + highest_ps),
    )
    return state, (ready_segment,)


def close(state: DelayedState, delays: Delays) -> tuple[Segment, ...]:
    """What is still held back, up to the reached time plus the highest delay: the stream ended. The state is spent."""
    progress = state.progress
    if progress is None:
        return ()
    lowest_ps, highest_ps = delays.bounds_ps
    start_ps, reached_ps = progress.reached_ps + lowest_ps, progress.reached_ps + highest_ps
    time_ps, channel = delay(state.held_ps, state.held_channel, delays.table())
    return (
        Segment(
            domain=progress.domain,
            device=progress.device,
            run=progress.run,
            origin_unix_ns=progress.origin_unix_ns,
            start_ps=start_ps,
            reached_ps=reached_ps,
            time_ps=time_ps,
            channel=channel,
            detectors=state.detectors,
            losses=(Loss(start_ps, reached_ps),),
        ),
    )


def shifted(segments: Iterable[Segment], delays: Delays) -> Iterator[Segment]:
    """A whole stream of segments, delayed.

    Raises:
        SegmentError, DensityError: as ``step`` does.
    """
    state = initial()
    for segment in segments:
        state, ready = step(state, segment, delays)
        yield from ready
    yield from close(state, delays)


def _joined(state: DelayedState, segment: Segment) -> tuple[Times, Channels]:
    if not state.held_ps.size:
        return segment.time_ps, segment.channel
    return np.concatenate((state.held_ps, segment.time_ps)), np.concatenate((state.held_channel, segment.channel))


def _losses(lost: tuple[Interval, ...]) -> tuple[Loss, ...]:
    return tuple(Loss(start_ps, end_ps) for start_ps, end_ps in lost)
