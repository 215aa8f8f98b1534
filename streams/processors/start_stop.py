"""Start-stop histograms in panes: lifetimes, arrival against a trigger, jitter.

A stop is counted against the latest start at or before it, in the pane of the stop; bins are half-open, and of equal times the
start comes first. A stop later than the range, or without a start in its live stretch, is counted as beyond.

- Every stop counts; or only the first of each stop channel after each start, as of electronics that wait for the next start.
- A trigger that is recorded once in several pulses of a known period: delays are folded into one period, which may be a fraction
  of ps, exactly.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt

from schemas.panes import Counts
from streams.kernels.axis import TauAxis
from streams.kernels.start_stop import Folding, StartStopLayout, count_every_stop, count_some_stops
from streams.processors import tally
from streams.processors.channel_choice import different
from streams.processors.delayed import Delays
from streams.processors.live_parts import LivePart
from streams.processors.tally import Tally, TallyState
from streams.segment import Segment

MOST_BINS = 1 << 20
"""Of all stops together."""
_MOST_FOLDED = 1 << 62


@dataclass(frozen=True)
class StartStopParameters:
    """Which channels, and which bins.

    Attributes:
        start: the trigger's channel.
        stops: channels counted against it.
        bin_width_ps: width of a bin.
        bins: the histogram spans [0, bins * bin_width_ps); with a period, the bins that cover it, the last one in part.
        first_only: only the first stop of each channel after each start.
        period_ps: of the pulses, where the trigger is recorded once in ``divider`` of them; delays are folded into it.
        divider: a stop more than this many periods behind the latest start is beyond: a trigger is missing.
        delays: applied before.

    Raises:
        ValueError: a channel twice or none, no bin or too many, a range above 26 days, or a period that cannot be folded.
    """

    start: int
    stops: tuple[int, ...]
    bin_width_ps: int = 100
    bins: int = 1_000
    first_only: bool = False
    period_ps: Decimal | None = None
    divider: int = 1
    delays: Delays = field(default_factory=Delays)

    def __post_init__(self) -> None:
        channels = (self.start, *self.stops)
        if not different(channels, 2):
            raise ValueError(
                f"start {self.start} and stops {self.stops}: needs a start and stops that are different channels, numbered "
                "0 to 254; for a channel against itself take its gaps"
            )
        if self.period_ps is not None:
            period = Fraction(self.period_ps)
            if period < 1 or self.divider < 1 or self.divider * period.numerator > _MOST_FOLDED:
                raise ValueError(
                    f"a trigger once in {self.divider} periods of {self.period_ps} ps: the period must be at least 1 ps, and the "
                    "divider times its digits at most 2**62; round the period"
                )
            object.__setattr__(self, "bins", -int(-period // max(1, self.bin_width_ps)))
        if self.bins * len(self.stops) > MOST_BINS:
            raise ValueError(f"{len(self.stops)} stops of {self.bins} bins: at most {MOST_BINS} in all; widen the bins")
        _ = self.layout

    @cached_property
    def layout(self) -> StartStopLayout:
        """For the kernels."""
        return StartStopLayout.of(self.start, self.stops, TauAxis(0, self.bin_width_ps, self.bins))

    @cached_property
    def folding(self) -> Folding | None:
        """For the kernels."""
        if self.period_ps is None:
            return None
        period = Fraction(self.period_ps)
        return Folding(period.numerator, period.denominator, -int(-period * self.divider // 1))


class LatestStart(msgspec.Struct, frozen=True):
    """The latest start of the live stretch, and which stop channels it has seen since. None: no start yet."""

    time_ps: int | None
    spent: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StartStops:
    """What ``live_ps`` held: starts, and by stop channel a histogram, and the stops beyond it.

    Bin i holds [i * bin_width_ps, (i + 1) * bin_width_ps) after the start.
    """

    live_ps: int
    bin_width_ps: int
    starts: int
    counts: dict[int, Counts]
    beyond: dict[int, int]


StartStopState = TallyState[LatestStart]


def initial(parameters: StartStopParameters) -> StartStopState:
    """The state before anything was seen."""
    return tally.initial(_Counter(parameters))


def step(state: StartStopState, segment: Segment, parameters: StartStopParameters) -> tuple[StartStopState, tuple[Tally, ...]]:
    """Count a segment; yield the panes that it closed; ``read`` tells what they hold. Raises as ``tally.step``."""
    return tally.step(state, segment, _Counter(parameters), parameters.delays)


def close(state: StartStopState, parameters: StartStopParameters) -> tuple[Tally, ...]:
    """What is still open, as it stands. The state is spent."""
    return tally.close(state, _Counter(parameters), parameters.delays)


def read(counted: Tally, parameters: StartStopParameters) -> StartStops:
    """What a tally, or a sum of tallies, of these parameters holds."""
    rows = parameters.layout.rows_of(counted.totals[1:])
    return StartStops(
        counted.live_ps,
        parameters.bin_width_ps,
        int(counted.totals[0]),
        {stop: row[:-1] for stop, row in zip(parameters.stops, rows, strict=True)},
        {stop: int(row[-1]) for stop, row in zip(parameters.stops, rows, strict=True)},
    )


class _Counter:
    """Totals: the number of starts, then the rows of the layout."""

    def __init__(self, parameters: StartStopParameters) -> None:
        self._parameters = parameters

    def nothing(self) -> Counts:
        return np.zeros(1 + len(self._parameters.stops) * (self._parameters.bins + 1), np.uint64)

    def begin(self, start_ps: int) -> LatestStart:  # noqa: ARG002 - nothing here depends on it
        return LatestStart(None, np.zeros(len(self._parameters.stops), np.bool_))

    def count(self, carry: LatestStart, segment: Segment, part: LivePart, totals: Counts) -> LatestStart:
        parameters, layout, spent = self._parameters, self._parameters.layout, carry.spent
        tags, rows = part.singles_of(segment), layout.rows_of(totals[1:])
        totals[0] += tags[parameters.start]
        if not parameters.first_only and parameters.period_ps is None and layout.axis.narrow:
            latest_ps = count_every_stop(*part.tags_of(segment), tags, carry.time_ps, layout, rows)
        else:
            spent = spent.copy()
            latest_ps = count_some_stops(
                *part.tags_of(segment), carry.time_ps, spent, layout, parameters.folding, rows, first_only=parameters.first_only
            )
        return LatestStart(latest_ps, spent)
