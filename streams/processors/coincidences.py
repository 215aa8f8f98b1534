"""n-fold coincidences in panes, with the singles and the accidentals that belong to them.

A coincidence of a set of channels is one tag of each, every two of which are a two-fold coincidence as ``panes`` counts them
(-window <= 2 tau < window): the earliest and the latest are less than half the window apart. All combinations count. It belongs
to the pane of its last tag. Uncorrelated light of rates R makes n (window/2)**(n-1) R_1 ... R_n of them a second, for a pair
window R_1 R_2.

Accidentals are counted with the same tags and the same window, each channel delayed by a different multiple of a shift that no
correlation reaches across.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.errors import DensityError
from streams.kernels.coincidence import CoincidenceSets, count_coincidences, first_pause
from streams.kernels.pairs import Tags
from streams.processors import tally
from streams.processors.channel_choice import different
from streams.processors.delayed import MOST_DELAY_PS, Delays
from streams.processors.live_parts import LivePart
from streams.processors.tally import Tally, TallyState
from streams.segment import Segment

MOST_FOLD = 8
MOST_SETS = 4_096
MOST_WINDOW_PS = 1 << 40
"""1.1 s."""
MOST_CARRIED = 1 << 22
"""Tags that may wait for partners at once."""


@dataclass(frozen=True)
class CoincidenceParameters:
    """Which channels in which window.

    ``sets`` hold two to eight channels each. ``window_ps`` is the full width. ``delays`` are applied before. The k-th of all
    channels is delayed by another k times ``accidental_shift_ps`` to count accidentals; 0: they are not counted.

    Raises:
        ValueError: no set, a set of fewer than two or more than eight channels, a channel twice in it, or a window or shift out
            of bounds.
    """

    sets: tuple[tuple[int, ...], ...]
    window_ps: int = 1_000
    delays: Delays = field(default_factory=Delays)
    accidental_shift_ps: int = 0

    def __post_init__(self) -> None:
        if not 0 < len(self.sets) <= MOST_SETS:
            raise ValueError(f"{len(self.sets)} coincidence sets: from 1 to {MOST_SETS} are counted at once")
        for one in self.sets:
            if not different(one, 2, MOST_FOLD):
                raise ValueError(f"coincidence set {one}: needs 2 to {MOST_FOLD} different channels, numbered 0 to 254")
        if not 1 <= self.window_ps <= MOST_WINDOW_PS:
            raise ValueError(f"a coincidence window of {self.window_ps} ps: it must lie between 1 and {MOST_WINDOW_PS} ps")
        object.__setattr__(self, "sets", tuple(tuple(sorted(one)) for one in self.sets))
        if self.accidental_shift_ps and not self.window_ps <= self.accidental_shift_ps <= MOST_DELAY_PS // 256:
            raise ValueError(
                f"accidentals at a shift of {self.accidental_shift_ps} ps: it must lie between the window and "
                f"{MOST_DELAY_PS // 256} ps"
            )

    @classmethod
    def all_pairs(cls, channels: Iterable[int], window_ps: int = 1_000) -> Self:
        """Every pair of ``channels``: a coincidence matrix."""
        return cls(tuple(combinations(sorted(channels), 2)), window_ps)

    @cached_property
    def tables(self) -> CoincidenceSets:
        """For the kernel."""
        return CoincidenceSets.of(self.sets)

    @property
    def channels(self) -> tuple[int, ...]:
        """All channels of the sets, ascending."""
        return self.tables.channels

    @property
    def shifted_delays(self) -> Delays:
        """What the accidentals are counted with."""
        of = self.delays.delay_ps
        return Delays(
            dict(of) | {channel: of.get(channel, 0) + k * self.accidental_shift_ps for k, channel in enumerate(self.channels)}
        )


class Tail(msgspec.Struct, frozen=True):
    """Tags of the live stretch that may still find partners."""

    time_ps: Times
    channel: Channels


class CoincidenceState(msgspec.Struct, frozen=True):
    """Of the tags, and of the tags shifted apart (None: accidentals are not counted)."""

    seen: TallyState[Tail]
    shifted: TallyState[Tail] | None


class CoincidenceTallies(msgspec.Struct, frozen=True):
    """Closed panes, ascending; ``shifted`` are the accidentals', which close later. ``read`` tells what they hold."""

    seen: tuple[Tally, ...]
    shifted: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class Coincidences:
    """Coincidences of each set, and singles of each channel, seen in ``live_ps``."""

    live_ps: int
    coincidences: dict[tuple[int, ...], int]
    singles: dict[int, int]

    def matrix(self) -> npt.NDArray[np.uint64]:
        """Coincidences of every pair by ascending channel, symmetric; singles in the diagonal, 0 for a pair that is no set."""
        place = {channel: k for k, channel in enumerate(self.singles)}
        matrix = np.diag(np.array(list(self.singles.values()), np.uint64))
        for one, count in self.coincidences.items():
            if len(one) == 2:
                matrix[place[one[0]], place[one[1]]] = matrix[place[one[1]], place[one[0]]] = count
        return matrix


def initial(parameters: CoincidenceParameters) -> CoincidenceState:
    """The state before anything was seen."""
    counter = _Counter(parameters)
    return CoincidenceState(tally.initial(counter), tally.initial(counter) if parameters.accidental_shift_ps else None)


def step(
    state: CoincidenceState, segment: Segment, parameters: CoincidenceParameters
) -> tuple[CoincidenceState, CoincidenceTallies]:
    """Count a segment; yield the panes that it closed. Raises as ``tally.step``."""
    counter = _Counter(parameters)
    seen, tallies = tally.step(state.seen, segment, counter, parameters.delays)
    if state.shifted is None:
        return CoincidenceState(seen, None), CoincidenceTallies(tallies, ())
    shifted, accidental = tally.step(state.shifted, segment, counter, parameters.shifted_delays)
    return CoincidenceState(seen, shifted), CoincidenceTallies(tallies, accidental)


def close(state: CoincidenceState, parameters: CoincidenceParameters) -> CoincidenceTallies:
    """What is still open, as it stands. The state is spent."""
    counter = _Counter(parameters)
    shifted = () if state.shifted is None else tally.close(state.shifted, counter, parameters.shifted_delays)
    return CoincidenceTallies(tally.close(state.seen, counter, parameters.delays), shifted)


def read(counted: Tally, parameters: CoincidenceParameters) -> Coincidences:
    """What a tally, or a sum of tallies, of these parameters holds."""
    sets = len(parameters.sets)
    totals = counted.totals.tolist()
    return Coincidences(
        counted.live_ps,
        dict(zip(parameters.sets, totals[:sets], strict=True)),
        dict(zip(parameters.channels, totals[sets:], strict=True)),
    )


class _Counter:
    """Totals: coincidences of each set, then singles of each channel."""

    def __init__(self, parameters: CoincidenceParameters) -> None:
        self._window_ps = parameters.window_ps
        self._reach_ps = parameters.window_ps // 2
        self._sets = parameters.tables

    def nothing(self) -> Counts:
        return np.zeros(len(self._sets.sets) + self._sets.numbers.size, np.uint64)

    def begin(self, start_ps: int) -> Tail:  # noqa: ARG002 - nothing here depends on it
        return _NO_TAIL

    def count(self, carry: Tail, segment: Segment, part: LivePart, totals: Counts) -> Tail:
        time_ps, channel = tags = part.tags_of(segment)
        sets = len(self._sets.sets)
        totals[sets:] += part.singles_of(segment)[self._sets.numbers]
        waiting = carry.time_ps.size
        if waiting and time_ps.size:
            head = first_pause(time_ps, self._reach_ps)
            joined = np.concatenate((carry.time_ps, time_ps[:head])), np.concatenate((carry.channel, channel[:head]))
            count_coincidences(*joined, waiting, self._window_ps, self._sets, totals[:sets])
            count_coincidences(time_ps[head:], channel[head:], 0, self._window_ps, self._sets, totals[:sets])
        else:
            count_coincidences(time_ps, channel, 0, self._window_ps, self._sets, totals[:sets])
        return self._tail(carry, tags, part.end_ps - self._reach_ps)

    def _tail(self, carry: Tail, tags: Tags, from_ps: int) -> Tail:
        """The tags at and after ``from_ps``.

        Raises:
            DensityError: too many.
        """
        time_ps, channel = tags
        kept = time_ps.size
        if kept and time_ps[-1] >= from_ps:
            kept = int(np.searchsorted(time_ps, from_ps))
        old = carry.time_ps.size
        if old and kept == 0:
            old = int(np.searchsorted(carry.time_ps, from_ps))
        if carry.time_ps.size - old + time_ps.size - kept > MOST_CARRIED:
            raise DensityError(
                f"{carry.time_ps.size - old + time_ps.size - kept} tags within {self._reach_ps} ps behind {from_ps} ps, at most "
                f"{MOST_CARRIED} can wait for partners; narrow the window"
            )
        if old == carry.time_ps.size:
            return Tail(time_ps[kept:].copy(), channel[kept:].copy()) if kept < time_ps.size else _NO_TAIL
        return Tail(np.concatenate((carry.time_ps[old:], time_ps[kept:])), np.concatenate((carry.channel[old:], channel[kept:])))


_NO_TAIL = Tail(np.empty(0, np.int64), np.empty(0, np.uint8))
