"""Gaps between the neighbouring tags of a channel, in panes: dead time, saturation, afterpulsing.

A gap belongs to the pane of its later tag. A loss hides tags, so no gap spans one.
"""

from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from schemas.block import Times
from schemas.panes import Counts
from streams.kernels.gaps import NO_TAG, GapLayout, count_gaps
from streams.processors import tally
from streams.processors.channel_choice import different
from streams.processors.delayed import Delays
from streams.processors.live_parts import LivePart
from streams.processors.tally import Tally, TallyState
from streams.segment import Segment

MOST_CHANNELS = 254
MOST_BINS = 1 << 20
"""Of all channels together."""
MOST_OCTAVE_BITS = 6
_NO_DELAYS = Delays()


@dataclass(frozen=True)
class GapParameters:
    """Whose gaps, in which bins.

    Attributes:
        channels: each one's gaps make a histogram.
        bin_width_ps: of equal bins, from 0 on; None for bins that double, from 0 to 75 minutes.
        bins: how many equal bins.
        octave_bits: of bins that double, 2**octave_bits cover a doubling.

    Raises:
        ValueError: no channel, one twice, a number that is none, bins out of bounds, or equal bins over more than 1.07 ms.
    """

    channels: tuple[int, ...]
    bin_width_ps: int | None = None
    bins: int = 1_000
    octave_bits: int = 3

    def __post_init__(self) -> None:
        channels = self.channels
        if not different(channels, most=MOST_CHANNELS):
            raise ValueError(f"gaps of channels {channels}: needs different channels, numbered 0 to 254")
        if not 0 <= self.octave_bits <= MOST_OCTAVE_BITS:
            raise ValueError(f"2**{self.octave_bits} bins a doubling: the exponent must lie between 0 and {MOST_OCTAVE_BITS}")
        layout = self.layout
        if layout.axis is not None and not layout.axis.narrow:
            raise ValueError(f"gaps up to {layout.axis.span_ps} ps in equal bins: at most 2**30 ps; take bins that double")
        if layout.bins * len(channels) > MOST_BINS:
            raise ValueError(f"{len(channels)} channels of {layout.bins} bins: at most {MOST_BINS} in all; widen the bins")

    @cached_property
    def layout(self) -> GapLayout:
        """For the kernels."""
        if self.bin_width_ps is None:
            return GapLayout.doubling(self.channels, self.octave_bits)
        return GapLayout.equal(self.channels, self.bin_width_ps, self.bins)


class LastTags(msgspec.Struct, frozen=True):
    """The last tag of each channel in the live stretch: int64, 256 entries, ``NO_TAG`` for none."""

    time_ps: Times


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps seen in ``live_ps``: by channel a histogram, and how many lie beyond it.

    Bin i holds gaps in [edges_ps[i], edges_ps[i + 1]).
    """

    live_ps: int
    edges_ps: Times
    counts: dict[int, Counts]
    beyond: dict[int, int]


GapState = TallyState[LastTags]


def initial(parameters: GapParameters) -> GapState:
    """The state before anything was seen."""
    return tally.initial(_Counter(parameters))


def step(state: GapState, segment: Segment, parameters: GapParameters) -> tuple[GapState, tuple[Tally, ...]]:
    """Count a segment; yield the panes that it closed; ``read`` tells what they hold. Raises as ``tally.step``."""
    return tally.step(state, segment, _Counter(parameters), _NO_DELAYS)


def close(state: GapState, parameters: GapParameters) -> tuple[Tally, ...]:
    """What is still open, as it stands. The state is spent."""
    return tally.close(state, _Counter(parameters), _NO_DELAYS)


def read(counted: Tally, parameters: GapParameters) -> Gaps:
    """What a tally, or a sum of tallies, of these parameters holds."""
    layout = parameters.layout
    rows = layout.rows_of(counted.totals)
    return Gaps(
        counted.live_ps,
        layout.edges_ps(),
        {channel: row[:-1] for channel, row in zip(layout.channels, rows, strict=True)},
        {channel: int(row[-1]) for channel, row in zip(layout.channels, rows, strict=True)},
    )


class _Counter:
    """Totals: the rows of the layout."""

    def __init__(self, parameters: GapParameters) -> None:
        self._layout = parameters.layout

    def nothing(self) -> Counts:
        return self._layout.nothing().reshape(-1)

    def begin(self, start_ps: int) -> LastTags:  # noqa: ARG002 - nothing here depends on it
        return LastTags(np.full(256, NO_TAG, np.int64))

    def count(self, carry: LastTags, segment: Segment, part: LivePart, totals: Counts) -> LastTags:
        last_ps = carry.time_ps.copy()
        count_gaps(*part.tags_of(segment), last_ps, self._layout, self._layout.rows_of(totals))
        return LastTags(last_ps)
