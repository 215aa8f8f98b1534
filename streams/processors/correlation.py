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

from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.axis import Axis
from streams.kernels.block import Plan, count_block, histogram_of, nothing_counted, plan_of, tags_of
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import Tags, count_pairs, rows_of
from streams.kernels.select import select
from streams.processors.intervals import merged, overlap_ps
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
    plan: Plan = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.pairs:
            raise ValueError("no pair of channels; name one at least")
        if len(self.pairs) * self.axis.bins > MOST_BINS:
            raise ValueError(f"{len(self.pairs)} x {self.axis.bins} bins: at most {MOST_BINS}; widen them or narrow the range")
        object.__setattr__(self, "layout", PairLayout.chosen(self.pairs))
        object.__setattr__(self, "plan", plan_of(self.layout, self.axis))


class CorrelationState(msgspec.Struct, frozen=True):
    """Everything that the next segment needs: what was counted, and the tail, tags that may still find partners.

    ``counted`` is as ``streams.kernels.block`` counts. Written as bytes by ``streams.processors.state_bytes``.
    """

    progress: Progress | None
    tail: Tags
    counted: Counts
    live_ps: int
    lost_ps: int


class Correlation(msgspec.Struct, frozen=True):
    """What was counted up to a state; later steps do not change it."""

    state: CorrelationState
    parameters: CorrelationParameters

    @property
    def counts(self) -> Counts:
        """By pair and bin, uint64, read-only."""
        return _read_only(rows_of(histogram_of(self.state.counted), self.parameters.axis))

    @property
    def tags(self) -> Counts:
        """By channel, uint64, 256 entries, read-only."""
        return _read_only(tags_of(self.state.counted))


def initial(parameters: CorrelationParameters) -> CorrelationState:
    """The state before anything was seen."""
    return CorrelationState(None, NO_TAGS, nothing_counted(parameters.layout, parameters.axis), 0, 0)


def step(state: CorrelationState, segment: Segment, parameters: CorrelationParameters) -> tuple[CorrelationState, tuple[()]]:
    """Count a segment. ``state`` stays usable as it was. No step completes anything: ``Correlation`` shows what a state holds.

    Raises:
        SegmentError: the segment reaches back before its predecessor's end.
        DensityError: more tags in reach of one another than can be paired in bounded work and memory.
    """
    former, reached_ps, size = state.progress, segment.reached_ps, segment.time_ps.size
    goes_on = former is not None and former.continued_by(segment)
    tail_ps, tail_channel = tail = state.tail if goes_on else NO_TAGS
    time_ps, channel = block = segment.time_ps, segment.channel
    counted = state.counted.copy()
    paired, cut = count_block(
        tail_ps, tail_channel, time_ps, channel, reached_ps, parameters.plan, parameters.layout.codes, counted
    )
    if paired < size:
        layout, axis = parameters.layout, parameters.axis
        if paired < 0:
            block = select(*block, layout.detectors)
            cut, size = int(block[0].searchsorted(reached_ps - axis.reach_ps)), block[0].size
        count_pairs(tail, block, (max(paired, 0), size), layout, axis, histogram_of(counted))
    tail = NO_TAGS if 0 < cut == size else _tail(tail, block, cut, segment, parameters.axis)
    live_ps, lost_ps = reached_ps - segment.start_ps, 0
    if segment.losses:
        since_ps = former.reached_ps if former is not None and goes_on else None
        lost = merged(((loss.start_ps, loss.end_ps) for loss in segment.losses), since_ps, reached_ps)
        lost_ps = sum(end_ps - start_ps for start_ps, end_ps in lost)
        live_ps -= overlap_ps(lost, (segment.start_ps, reached_ps))
    state = CorrelationState(Progress.of(segment), tail, counted, state.live_ps + live_ps, state.lost_ps + lost_ps)
    return state, ()


def _tail(former: Tags, block: Tags, cut: int, segment: Segment, axis: Axis) -> Tags:
    """``partners.tail_from`` within bounds."""
    tail = tail_from(former, block, cut, segment.reached_ps - axis.reach_ps)
    if tail[0].size > MOST_CARRIED:
        raise DensityError(
            f"{segment.domain} (run {segment.run}): {tail[0].size} tags in the {axis.reach_ps} ps before "
            f"{segment.reached_ps} ps, at most {MOST_CARRIED} can wait for partners; narrow the range of delays"
        )
    return tail


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
