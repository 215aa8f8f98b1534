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

import msgspec
import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.axis import Axis
from streams.kernels.block import count_block
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import count_pairs, empty_histogram, rows_of
from streams.kernels.select import select
from streams.processors.intervals import merged
from streams.processors.partners import NO_TAGS, tail_from
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


class CorrelationState(msgspec.Struct, frozen=True):
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


class Correlation(msgspec.Struct, frozen=True):
    """What was counted up to a state; later steps do not change it."""

    state: CorrelationState
    parameters: CorrelationParameters

    @property
    def counts(self) -> Counts:
        """By pair and bin, uint64, read-only."""
        return _read_only(rows_of(self.state.counts, self.parameters.axis))

    @property
    def tags(self) -> Counts:
        """By channel, uint64, 256 entries, read-only."""
        return _read_only(self.state.tags)


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
    layout, axis, former = parameters.layout, parameters.axis, state.progress
    goes_on = former is not None and former.continued_by(segment)
    tail = (state.tail_ps, state.tail_channel) if goes_on else NO_TAGS
    block, from_ps = (segment.time_ps, segment.channel), segment.reached_ps - axis.reach_ps
    tags, counts = state.tags.copy(), state.counts.copy()
    paired, cut = count_block(tail, block, from_ps, layout, axis, tags, counts)
    if paired < segment.time_ps.size:
        if paired < 0:
            block = select(*block, layout.detectors)
            cut = int(block[0].searchsorted(from_ps))
        count_pairs(tail, block, (max(paired, 0), block[0].size), layout, axis, counts)
    tail_ps, tail_channel = tail_from(tail, block, cut, from_ps)
    if tail_ps.size > MOST_CARRIED:
        raise DensityError(
            f"{segment.domain} (run {segment.run}): {tail_ps.size} tags in the {axis.reach_ps} ps before "
            f"{segment.reached_ps} ps, at most {MOST_CARRIED} can wait for partners; narrow the range of delays"
        )
    lost_ps = covered_lost_ps = 0
    if segment.losses:
        since_ps = former.reached_ps if former is not None and goes_on else None
        for start_ps, end_ps in merged(((loss.start_ps, loss.end_ps) for loss in segment.losses), since_ps, segment.reached_ps):
            lost_ps += end_ps - start_ps
            covered_lost_ps += max(0, end_ps - max(start_ps, segment.start_ps))
    state = CorrelationState(
        Progress.of(segment),
        tail_ps,
        tail_channel,
        counts,
        tags,
        state.live_ps + segment.reached_ps - segment.start_ps - covered_lost_ps,
        state.lost_ps + lost_ps,
    )
    return state, Correlation(state, parameters)


def _read_only(counts: Counts) -> Counts:
    view = counts.view()
    view.setflags(write=False)
    return view


def correlate(segments: Iterable[Segment], parameters: CorrelationParameters) -> Correlation:
    """Everything that a stream of segments holds.

    Raises:
        SegmentError, DensityError: as ``step`` does.
    """
    state = initial(parameters)
    for segment in segments:
        state, _ = step(state, segment, parameters)
    return Correlation(state, parameters)
