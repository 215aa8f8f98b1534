"""Counts in consecutive bins of equal width, aligned to the Unix epoch: rates, and what counting statistics are made of.

A pure seam. The bins depend on the tags alone, never on how the stream was cut into segments. Only bins that are live from their
beginning to their end are told; a loss, or time that no segment spoke for, interrupts the series.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from schemas.block import Channels
from streams.errors import SegmentError
from streams.kernels.bin_counts import BinCounts, count_bins
from streams.processors.channel_choice import different
from streams.processors.live_parts import LivePart, shares
from streams.processors.progress import Progress
from streams.segment import Segment

NARROWEST_PS = 100_000
WIDEST_PS = 1 << 50
"""19 minutes."""
MOST_BINS = 1 << 24
"""Bins times channels that one segment may touch; a long silence in narrow bins must be cut."""
_PS_PER_NS = 1_000


@dataclass(frozen=True)
class SeriesParameters:
    """Whose counts, in bins how wide.

    Raises:
        ValueError: no channel, one twice, a number that is none, or a width out of bounds.
    """

    channels: tuple[int, ...]
    width_ps: int = 1_000_000_000

    def __post_init__(self) -> None:
        if not different(self.channels):
            raise ValueError(f"counts of channels {self.channels}: needs different channels, numbered 0 to 254")
        if not NARROWEST_PS <= self.width_ps <= WIDEST_PS:
            raise ValueError(f"bins of {self.width_ps} ps: they must be {NARROWEST_PS} to {WIDEST_PS} ps wide")

    @cached_property
    def column(self) -> Channels:
        """For the kernel."""
        column = np.full(256, len(self.channels), np.uint8)
        column[list(self.channels)] = np.arange(len(self.channels))
        return column


@dataclass(frozen=True, slots=True)
class CountSeries:
    """``counts`` (uint32, bins x channels) from bin ``first`` on; bin k is [k, k+1) widths after the Unix epoch."""

    first: int
    counts: BinCounts

    @property
    def end(self) -> int:
        """The number of the bin behind the last one."""
        return self.first + len(self.counts)


@dataclass(frozen=True, slots=True)
class SeriesState:
    """``open``: what the bin that is not over holds (uint32, 1 x channels); None where it was not live from its beginning."""

    progress: Progress | None
    open: BinCounts | None


def initial() -> SeriesState:
    """The state before anything was seen."""
    return SeriesState(None, None)


def step(state: SeriesState, segment: Segment, parameters: SeriesParameters) -> tuple[SeriesState, tuple[CountSeries, ...]]:
    """Count a segment; yield the bins that it completed, ascending. What is not complete when a stream ends is no bin.

    Raises:
        SegmentError: the segment reaches back before its predecessor's end, or touches too many bins.
    """
    progress = state.progress if state.progress is not None and state.progress.continued_by(segment) else None
    width_ps = parameters.width_ps
    if (segment.reached_ps - segment.start_ps) // width_ps * len(parameters.channels) > MOST_BINS:
        raise SegmentError(
            f"segment [{segment.start_ps}, {segment.reached_ps}) ps of {segment.domain} (run {segment.run}) touches more than "
            f"{MOST_BINS} bins of {width_ps} ps; cut it or widen the bins"
        )
    bins, series = state.open, []
    for share in shares(progress, None, segment):
        for part in share.parts:
            bins, complete = _counted(bins if part.joined else None, segment, part, parameters)
            if complete is not None:
                series.append(complete)
    return SeriesState(Progress.of(segment), bins), tuple(series)


def _counted(
    former: BinCounts | None, segment: Segment, part: LivePart, parameters: SeriesParameters
) -> tuple[BinCounts | None, CountSeries | None]:
    """The open bin behind a live part, and the bins that it completed."""
    width_ps, origin_ps = parameters.width_ps, segment.origin_unix_ns * _PS_PER_NS
    first, into_first_ps = divmod(origin_ps + part.start_ps, width_ps)
    last = (origin_ps + part.end_ps) // width_ps
    counts = np.zeros((last - first + 1, len(parameters.channels)), np.uint32)
    if former is not None:
        counts[:1] = former
    tags = slice(part.begin, part.end)
    start_ps = part.start_ps - into_first_ps
    count_bins(segment.time_ps[tags], segment.channel[tags], start_ps, width_ps, parameters.column, counts)
    spoiled = int(former is None and into_first_ps > 0)
    complete = CountSeries(first + spoiled, counts[spoiled:-1]) if last > first + spoiled else None
    return (None if spoiled and last == first else counts[-1:].copy()), complete
