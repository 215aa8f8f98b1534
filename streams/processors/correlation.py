"""Correlation of chosen pairs of channels: one histogram of tau_ps = t_stop - t_start a pair, over a whole stream.

A pure seam: whoever drives it holds the state and hands it back. The counts depend on the tags alone, never on how the stream was
cut into segments, nor on the order of tags of equal time.

- Every two tags of a pair's channels with tau on the axis count once, however many lie between them. Of a channel with itself
  too: the later tag is the stop, so that tau >= 0 and the negative bins stay empty; equal times are tau = 0.
- Delays per channel come before: ``streams.processors.delayed``.
- Streams (domain, device, run, origin) that follow one another add up. No pair spans two of them; within one, pairs do span
  silence and losses, and ``live_ps`` is the covered time outside declared losses, which normalisations should use.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.axis import Axis
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import empty_histogram, rows_of
from streams.kernels.singles import count_channels
from streams.processors.intervals import merged
from streams.processors.partners import Partners
from streams.processors.progress import Progress
from streams.segment import Segment

MOST_CARRIED = 1 << 22
"""Tags that may wait for partners at once."""
MOST_BINS = 1 << 24
"""Bins that the histograms of all pairs may have: 128 MiB."""


@dataclass(frozen=True, slots=True)
class CorrelationParameters:
    """Pairs (start, stop) of channels, and the axis of their delays.

    Raises:
        ValueError: no pair, a channel outside 0-254, a pair that comes twice in whichever order, or more than ``MOST_BINS`` bins.
    """

    pairs: tuple[tuple[int, int], ...]
    axis: Axis
    layout: PairLayout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.pairs:
            raise ValueError("no pair of channels; name one at least")
        if len(self.pairs) * self.axis.bins > MOST_BINS:
            raise ValueError(f"{len(self.pairs)} x {self.axis.bins} bins: at most {MOST_BINS}; widen them or narrow the range")
        object.__setattr__(self, "layout", PairLayout.chosen(self.pairs))


@dataclass(frozen=True, slots=True)
class CorrelationState:
    """Everything that the next segment needs: what was counted, and the tail, tags that may still find partners.

    ``counts`` is a kernel's histogram (``rows_of`` shows it), ``tags`` holds the tags of every channel. Written as bytes by
    ``streams.processors.state_bytes``.
    """

    progress: Progress | None
    tail_ps: Times
    tail_channel: Channels
    counts: Counts
    tags: Counts
    live_ps: int
    lost_ps: int


@dataclass(frozen=True, slots=True)
class Correlation:
    """What was counted so far: ``counts`` (uint64, pairs x bins), ``tags`` (uint64, by channel, 256 entries); both read-only."""

    pairs: tuple[tuple[int, int], ...]
    axis: Axis
    counts: Counts
    tags: Counts
    live_ps: int
    lost_ps: int

    @classmethod
    def of(cls, state: CorrelationState, parameters: CorrelationParameters) -> Self:
        """What ``state`` holds; later steps do not change it."""
        counts, tags = rows_of(state.counts, parameters.axis).view(), state.tags.view()
        counts.flags.writeable = tags.flags.writeable = False
        return cls(parameters.pairs, parameters.axis, counts, tags, state.live_ps, state.lost_ps)


def initial(parameters: CorrelationParameters) -> CorrelationState:
    """The state before anything was seen."""
    counts = empty_histogram(parameters.layout, parameters.axis)
    return CorrelationState(None, np.empty(0, np.int64), np.empty(0, np.uint8), counts, np.zeros(256, np.uint64), 0, 0)


def step(state: CorrelationState, segment: Segment, parameters: CorrelationParameters) -> tuple[CorrelationState, Correlation]:
    """Count a segment; the result is everything counted so far. ``state`` stays usable as it was.

    Raises:
        SegmentError: the segment reaches back before its predecessor's end.
        DensityError: more tags in reach of one another than can be paired in bounded work and memory.
    """
    since_ps, tail = None, (state.tail_ps, state.tail_channel)
    if state.progress is not None and state.progress.continued_by(segment):
        since_ps = state.progress.reached_ps
    else:
        tail = np.empty(0, np.int64), np.empty(0, np.uint8)
    tags = count_channels(segment.channel)
    partners = Partners.of(segment, tags, parameters.layout.detectors, parameters.layout, tail)
    counts = state.counts
    if partners.time_ps.size:
        counts = counts.copy()
        partners.count((0, partners.time_ps.size), parameters.axis, counts)
    tail = partners.tail_from(segment.reached_ps - parameters.axis.reach_ps)
    if tail[0].size > MOST_CARRIED:
        raise DensityError(
            f"{segment.domain} (run {segment.run}): {tail[0].size} tags in the {parameters.axis.reach_ps} ps before "
            f"{segment.reached_ps} ps, at most {MOST_CARRIED} can wait for partners; narrow the range of delays"
        )
    lost = merged(((loss.start_ps, loss.end_ps) for loss in segment.losses), since_ps, segment.reached_ps)
    lost_ps = sum(end - start for start, end in lost)
    covered_lost_ps = sum(end - max(start, segment.start_ps) for start, end in lost if end > segment.start_ps)
    state = CorrelationState(
        progress=Progress.of(segment),
        tail_ps=tail[0],
        tail_channel=tail[1],
        counts=counts,
        tags=state.tags + tags,
        live_ps=state.live_ps + segment.reached_ps - segment.start_ps - covered_lost_ps,
        lost_ps=state.lost_ps + lost_ps,
    )
    return state, Correlation.of(state, parameters)


def correlate(segments: Iterable[Segment], parameters: CorrelationParameters) -> Correlation:
    """Everything that a stream of segments holds.

    Raises:
        SegmentError, DensityError: as ``step`` does.
    """
    state = initial(parameters)
    for segment in segments:
        state, _ = step(state, segment, parameters)
    return Correlation.of(state, parameters)
