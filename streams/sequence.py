"""One source's blocks, back in the order of their sequence numbers; duplicates, gaps and late ones named."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from schemas.block import BlockContext, Channels, Loss, Times
from streams.positions import SourcePosition, Waiting

HOLD_MS = 5_000
"""Log-alive time for which a gap in the sequence is waited for."""
HOLD_BLOCKS = 64
"""Blocks that may wait for an earlier one."""
GAPS_KEPT = 256
"""Given-up gaps that are remembered, to tell a late block from a duplicate."""

_NO_TIMES = np.empty(0, np.int64)
_NO_CHANNELS = np.empty(0, np.uint8)


class Fate(StrEnum):
    """What became of a block."""

    IN_ORDER = "in-order"
    HELD = "held"
    DUPLICATE = "duplicate"
    LATE = "late"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A decoded block at its place in the log."""

    offset: int
    context: BlockContext
    time_ps: Times
    channel: Channels
    crc: int = 0
    """The checksum that the message carries."""
    appended_unix_ms: int = 0
    """The broker's time stamp."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A source's next piece of time, [start_ps, reached_ps), what was seen in it and what was lost.

    ``arrival`` is the block it came in; None for one that was taken before the replay began.
    """

    start_ps: int
    reached_ps: int
    time_ps: Times
    channel: Channels
    losses: tuple[Loss, ...]
    arrival: Arrival | None
    final: bool


class SequenceGate:
    """Order of one source's run. Bounded: at most HOLD_BLOCKS wait, none longer than HOLD_MS of log-alive time.

    ``position`` is kept up to date and is all that a restart needs.
    """

    def __init__(self, position: SourcePosition) -> None:
        self.position = position
        self._waiting = {waiting.sequence: waiting for waiting in position.ahead}
        self._arrivals: dict[int, Arrival] = {}
        self.passed_over: list[Arrival] = []
        """Held blocks that turned out to reach back before their predecessor; whoever reads this empties it."""

    def offer(self, arrival: Arrival, now_ms: int) -> tuple[Fate, list[Stretch]]:
        """Take a block; returns its fate and the stretches that may go on, in order.

        A block that starts before its predecessor's reached time contradicts its source's promise. It is CONTRADICTION if that
        shows at once; if it shows only when its turn comes, it is passed over. So is one that counts from another origin.
        """
        position, context = self.position, arrival.context
        position.seen_ms = now_ms
        sequence = context.sequence
        if sequence < position.next_sequence:
            return self._behind(sequence), []
        if sequence in self._waiting:
            return Fate.DUPLICATE, []
        if position.origin_unix_ns is None:
            position.origin_unix_ns = context.origin_unix_ns
        reaches_back = position.reached_ps is not None and context.start_ps < position.reached_ps
        if reaches_back or context.origin_unix_ns != position.origin_unix_ns:
            return Fate.CONTRADICTION, []
        self._waiting[sequence] = Waiting(sequence, context.start_ps, context.reached_ps, now_ms, context.final)
        self._arrivals[sequence] = arrival
        fate = Fate.IN_ORDER if sequence == position.next_sequence else Fate.HELD
        stretches = self._in_turn()
        while len(self._waiting) > HOLD_BLOCKS:
            stretches += self._give_up()
        self._remember()
        return fate, stretches

    def expire(self, now_ms: int) -> list[Stretch]:
        """Give up on gaps that were waited for long enough."""
        stretches: list[Stretch] = []
        while self._waiting and now_ms - min(waiting.since_ms for waiting in self._waiting.values()) >= HOLD_MS:
            stretches += self._give_up()
        self._remember()
        return stretches

    @property
    def needed_offset(self) -> int | None:
        """Offset of the earliest block that waits here."""
        return min((arrival.offset for arrival in self._arrivals.values()), default=None)

    def _behind(self, sequence: int) -> Fate:
        missing = self.position.missing
        for index, (first, end) in enumerate(missing):
            if first <= sequence < end:
                rest = [part for part in ((first, sequence), (sequence + 1, end)) if part[0] < part[1]]
                self.position.missing = missing[:index] + rest + missing[index + 1 :]
                return Fate.LATE
        return Fate.DUPLICATE

    def _give_up(self) -> list[Stretch]:
        position, first = self.position, min(self._waiting)
        position.missing = [*position.missing[1 - GAPS_KEPT :], (position.next_sequence, first)]
        position.next_sequence = first
        return self._in_turn()

    def _in_turn(self) -> list[Stretch]:
        position, stretches = self.position, []
        while (waiting := self._waiting.pop(position.next_sequence, None)) is not None:
            arrival = self._arrivals.pop(position.next_sequence, None)
            position.next_sequence += 1
            start = waiting.start_ps if position.reached_ps is None else position.reached_ps
            if waiting.start_ps < start:
                if arrival is not None:
                    self.passed_over.append(arrival)
                continue
            hole = (Loss(start, waiting.start_ps),) if start < waiting.start_ps else ()
            stretches.append(
                Stretch(
                    start_ps=start,
                    reached_ps=waiting.reached_ps,
                    time_ps=arrival.time_ps if arrival else _NO_TIMES,
                    channel=arrival.channel if arrival else _NO_CHANNELS,
                    losses=hole + (arrival.context.losses if arrival else ()),
                    arrival=arrival,
                    final=waiting.final,
                )
            )
            position.reached_ps = waiting.reached_ps
        return stretches

    def _remember(self) -> None:
        self.position.ahead = [self._waiting[sequence] for sequence in sorted(self._waiting)]
