"""One source's blocks, back in the order of their sequence numbers; duplicates, gaps and late ones named."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from schemas.block import BlockContext, Channels, Loss, Times
from streams.positions import SourcePosition

HOLD_MS = 5_000
"""Log-alive time for which a gap in the sequence is waited for."""
HOLD_BLOCKS = 64
"""Blocks that may wait for an earlier one."""

GAPS_KEPT = 256
"""Given-up gaps that are remembered, to tell a late block from a duplicate."""


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


@dataclass(frozen=True, slots=True)
class Released:
    """A block whose turn has come. ``start_ps`` reaches back over what was lost before it, ``losses`` says so."""

    arrival: Arrival
    start_ps: int
    losses: tuple[Loss, ...]


@dataclass(slots=True)
class _Waiting:
    reached_ps: int
    since_ms: int
    arrival: Arrival | None  # None: taken before the replay began; its tags are stored, and its panes closed


@dataclass(slots=True)
class SequenceGate:
    """Order of one source's run. Bounded: at most HOLD_BLOCKS wait, none longer than HOLD_MS of log-alive time."""

    position: SourcePosition
    _ahead: dict[int, _Waiting] = field(default_factory=dict)

    @classmethod
    def restored(cls, position: SourcePosition) -> Self:
        return cls(position, {sequence: _Waiting(reached_ps, since_ms, None) for sequence, reached_ps, since_ms in position.ahead})

    def offer(self, arrival: Arrival, now_ms: int) -> tuple[Fate, list[Released]]:
        """Take a block; returns its fate and the blocks that may go on, in order.

        A block that starts before its predecessor's reached time contradicts its source's promise: it is CONTRADICTION if that
        shows at once; if it shows only when its turn comes (it was held), it is passed over, and the source's next block makes a loss.
        """
        position, context = self.position, arrival.context
        position.seen_ms = now_ms
        sequence = context.sequence
        if sequence < position.next_sequence:
            return self._behind(sequence), []
        if sequence in self._ahead:
            return Fate.DUPLICATE, []
        if position.reached_ps is not None and context.start_ps < position.reached_ps:
            return Fate.CONTRADICTION, []
        self._ahead[sequence] = _Waiting(context.reached_ps, now_ms, arrival)
        fate = Fate.IN_ORDER if sequence == position.next_sequence else Fate.HELD
        released = self._in_turn()
        while len(self._ahead) > HOLD_BLOCKS:
            released += self._give_up()
        self._remember()
        return fate, released

    def expire(self, now_ms: int) -> list[Released]:
        """Give up on gaps that were waited for long enough."""
        released: list[Released] = []
        while self._ahead and now_ms - min(waiting.since_ms for waiting in self._ahead.values()) >= HOLD_MS:
            released += self._give_up()
        if released:
            self._remember()
        return released

    @property
    def needed_offset(self) -> int | None:
        """Offset of the earliest block that waits here."""
        return min((w.arrival.offset for w in self._ahead.values() if w.arrival is not None), default=None)

    def _behind(self, sequence: int) -> Fate:
        missing = self.position.missing
        for index, (first, end) in enumerate(missing):
            if first <= sequence < end:
                missing[index : index + 1] = [part for part in ((first, sequence), (sequence + 1, end)) if part[0] < part[1]]
                return Fate.LATE
        return Fate.DUPLICATE

    def _give_up(self) -> list[Released]:
        first = min(self._ahead)
        if first > self.position.next_sequence:
            self.position.missing = [*self.position.missing[1 - GAPS_KEPT :], (self.position.next_sequence, first)]
            self.position.next_sequence = first
        return self._in_turn()

    def _in_turn(self) -> list[Released]:
        position, released = self.position, []
        while (waiting := self._ahead.pop(position.next_sequence, None)) is not None:
            position.next_sequence += 1
            if waiting.arrival is not None:
                context = waiting.arrival.context
                if position.reached_ps is not None and context.start_ps < position.reached_ps:
                    continue
                start = context.start_ps if position.reached_ps is None else position.reached_ps
                hole = (Loss(start, context.start_ps),) if start < context.start_ps else ()
                released.append(Released(waiting.arrival, start, hole + context.losses))
                position.ended = context.final
            position.reached_ps = waiting.reached_ps
        return released

    def _remember(self) -> None:
        self.position.ahead = [(sequence, w.reached_ps, w.since_ms) for sequence, w in sorted(self._ahead.items())]
