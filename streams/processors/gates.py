"""Gates after (or around) a herald, in panes: conditional counts, gated counts, heralded g².

A gate is [t + begin, t + end) for every tag t of the herald's channel. What counts is which of the channels click in it, once or
more; how often they click in gates counts beside it.

- A gate counts in the pane of its last ps, or of its herald if that is later; so its pane closes no earlier than the gate.
- A gate of which any part, or whose herald, is not live does not count: neither its herald nor what clicked in it.
- Gates may overlap; each herald has its own.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.gates import GateLayout, count_gates
from streams.processors import tally
from streams.processors.channel_choice import different
from streams.processors.delayed import MOST_DELAY_PS, Delays
from streams.processors.live_parts import LivePart
from streams.processors.tally import Tally, TallyState
from streams.segment import Segment

MOST_CHANNELS = 7
MOST_CARRIED = 1 << 22
"""Tags that may wait for the end of a gate at once."""


@dataclass(frozen=True)
class GateParameters:
    """Which herald, which channels, which gate.

    Attributes:
        herald: its channel.
        channels: one to seven, that may click.
        begin_ps: of the gate, after the herald; negative for before.
        end_ps: of the gate; the gate is [begin_ps, end_ps).
        delays: applied before.

    Raises:
        ValueError: no channel or too many, one twice, an empty gate, or one more than 2.2 s away.
    """

    herald: int
    channels: tuple[int, ...]
    begin_ps: int = 0
    end_ps: int = 1_000
    delays: Delays = field(default_factory=Delays)

    def __post_init__(self) -> None:
        channels = (self.herald, *self.channels)
        if not different(channels, 2, MOST_CHANNELS + 1):
            raise ValueError(
                f"herald {self.herald} and channels {self.channels}: needs a herald and one to {MOST_CHANNELS} others, each "
                "another number from 0 to 254"
            )
        if not -MOST_DELAY_PS <= self.begin_ps < self.end_ps <= MOST_DELAY_PS:
            raise ValueError(
                f"a gate from {self.begin_ps} to {self.end_ps} ps after the herald: it must end behind its beginning, within "
                f"{MOST_DELAY_PS} ps either way"
            )

    @cached_property
    def layout(self) -> GateLayout:
        """For the kernel."""
        return GateLayout.of(self.herald, self.channels)

    @property
    def lag_ps(self) -> int:
        """From a herald to when its gate is decided."""
        return max(self.end_ps - 1, 0)


@dataclass(frozen=True, slots=True)
class OpenGates:
    """Since when the stretch is live, and its tags that an undecided gate may hold or hang on."""

    since_ps: int
    time_ps: Times
    channel: Channels


@dataclass(frozen=True, slots=True)
class Gates:
    """Gates that were seen whole in ``live_ps``.

    ``heralds``: how many. ``patterns``: by the channels that clicked (those and no others). ``tags``: by channel, in gates.
    """

    live_ps: int
    heralds: int
    patterns: dict[frozenset[int], int]
    tags: dict[int, int]

    def clicked(self, *channels: int) -> int:
        """Gates in which all of ``channels`` clicked, whatever else did."""
        return sum(count for pattern, count in self.patterns.items() if pattern.issuperset(channels))


GateState = TallyState[OpenGates]


def initial(parameters: GateParameters) -> GateState:
    """The state before anything was seen."""
    return tally.initial(_Counter(parameters))


def step(state: GateState, segment: Segment, parameters: GateParameters) -> tuple[GateState, tuple[Tally, ...]]:
    """Count a segment; yield the panes that it closed; ``read`` tells what they hold. Raises as ``tally.step``."""
    return tally.step(state, segment, _Counter(parameters), parameters.delays)


def close(state: GateState, parameters: GateParameters) -> tuple[Tally, ...]:
    """What is still open, as it stands; gates that are still open were not seen whole. The state is spent."""
    return tally.close(state, _Counter(parameters), parameters.delays)


def read(counted: Tally, parameters: GateParameters) -> Gates:
    """What a tally, or a sum of tallies, of these parameters holds."""
    channels = parameters.channels
    patterns, tags = counted.totals[: 1 << len(channels)].tolist(), counted.totals[1 << len(channels) :].tolist()
    return Gates(
        counted.live_ps,
        sum(patterns),
        {
            frozenset(channel for k, channel in enumerate(channels) if index >> k & 1): count
            for index, count in enumerate(patterns)
            if count
        },
        dict(zip(channels, tags, strict=True)),
    )


class _Counter:
    """Totals: gates by pattern, then tags in gates by channel."""

    def __init__(self, parameters: GateParameters) -> None:
        self._parameters = parameters

    def nothing(self) -> Counts:
        channels = len(self._parameters.channels)
        return np.zeros((1 << channels) + channels, np.uint64)

    def begin(self, start_ps: int) -> OpenGates:
        return OpenGates(start_ps, np.empty(0, np.int64), np.empty(0, np.uint8))

    def count(self, carry: OpenGates, segment: Segment, part: LivePart, totals: Counts) -> OpenGates:
        parameters = self._parameters
        time_ps, channel = part.tags_of(segment)
        if carry.time_ps.size:
            time_ps, channel = np.concatenate((carry.time_ps, time_ps)), np.concatenate((carry.channel, channel))
        whole_ps = carry.since_ps - min(parameters.begin_ps, 0)  # a herald before this has a gate that begins before live time
        undecided_ps = part.end_ps - parameters.lag_ps
        decided_ps = max(whole_ps, part.start_ps - parameters.lag_ps)
        begin, end = np.searchsorted(time_ps, np.array([decided_ps, max(decided_ps, undecided_ps)], np.int64)).tolist()
        patterns, in_gates = count_gates(
            time_ps, channel, (begin, end), (parameters.begin_ps, parameters.end_ps), parameters.layout
        )
        totals[: patterns.size] += patterns
        totals[patterns.size :] += in_gates
        kept = int(np.searchsorted(time_ps, undecided_ps + min(parameters.begin_ps, 0)))
        if time_ps.size - kept > MOST_CARRIED:
            raise DensityError(
                f"{time_ps.size - kept} tags within the gates that are open at {part.end_ps} ps, at most {MOST_CARRIED} can wait "
                "for their end; shorten the gate"
            )
        return OpenGates(carry.since_ps, time_ps[kept:].copy(), channel[kept:].copy())
