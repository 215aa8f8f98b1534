"""Counting in panes of one second of UTC: what all processors that add up integers share.

A pure seam. A ``Counter`` says what is counted; panes, live time, delays and the state are the same for all. The tallies depend
on the tags alone, never on how the stream was cut into segments.

- Only live time counts: tags inside a declared loss are left out, and nothing is counted across a loss or across time that no
  segment spoke for. A rate is a count over ``live_ps``.
- Every pane that the stream covers, or of which it says that it was lost, yields a tally.
- The counter sees the stream with its delays applied (``streams.processors.delayed``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from schemas.panes import Counts, PaneKey
from streams.processors import delayed
from streams.processors.delayed import DelayedState, Delays
from streams.processors.live_parts import LivePart, shares
from streams.processors.progress import Progress
from streams.segment import Segment

Carry = TypeVar("Carry")


class Counter(Protocol[Carry]):
    """What is counted. Holds parameters and tables, no state."""

    def nothing(self) -> Counts:
        """Totals of an empty pane."""

    def begin(self, start_ps: int) -> Carry:
        """What is carried into a live stretch that begins at ``start_ps``."""

    def count(self, carry: Carry, segment: Segment, part: LivePart, totals: Counts) -> Carry:
        """Add what the tags of ``segment``'s ``part`` bring to ``totals``; returns what the rest of the stretch needs to know.

        ``carry`` is that of the live time up to ``part.start_ps``, and stays as it is.

        Raises:
            DensityError: more than can be counted in bounded work and memory.
        """


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in a pane; several parts of one pane add up."""

    key: PaneKey
    live_ps: int
    lost_ps: int
    totals: Counts

    def __add__(self, other: "Tally") -> "Tally":
        """Sums, under the earlier pane's key."""
        key = min(self.key, other.key, key=lambda key: key.start_unix_s)
        return Tally(key, self.live_ps + other.live_ps, self.lost_ps + other.lost_ps, self.totals + other.totals)


class OpenPane(msgspec.Struct, frozen=True):
    """The pane that is not over yet."""

    start_unix_s: int
    live_ps: int
    lost_ps: int
    totals: Counts


class TallyState(msgspec.Struct, Generic[Carry], frozen=True):
    """Everything that the next segment needs. ``progress`` is that of the delayed stream; None before the first segment."""

    delayed: DelayedState
    progress: Progress | None
    pane: OpenPane | None
    carry: Carry


def initial(counter: Counter[Carry]) -> TallyState[Carry]:
    """The state before anything was seen."""
    return TallyState(delayed.initial(), None, None, counter.begin(0))


def step(
    state: TallyState[Carry], segment: Segment, counter: Counter[Carry], delays: Delays
) -> tuple[TallyState[Carry], tuple[Tally, ...]]:
    """Count a segment; yield the panes that it closed.

    ``state`` stays usable as it was. A segment of another stream (domain, device, run or origin) closes what the former left.

    Raises:
        SegmentError: the segment reaches back before its predecessor's end, or touches too many panes.
        DensityError: more than can be counted in bounded work and memory; nothing was counted.
    """
    waiting, segments = delayed.step(state.delayed, segment, delays)
    tallies: list[Tally] = []
    for ready in segments:
        state, closed = _counted(state, ready, counter)
        tallies += closed
    return state if waiting is state.delayed else replace(state, delayed=waiting), tuple(tallies)


def close(state: TallyState[Carry], counter: Counter[Carry], delays: Delays) -> tuple[Tally, ...]:
    """What is still open, as it stands: the stream ended or fell silent. The state is spent."""
    tallies: list[Tally] = []
    for rest in delayed.close(state.delayed, delays):
        state, closed = _counted(state, rest, counter)
        tallies += closed
    return (*tallies, *_open(state))


def _counted(state: TallyState[Carry], segment: Segment, counter: Counter[Carry]) -> tuple[TallyState[Carry], list[Tally]]:
    tallies: list[Tally] = []
    progress, pane, carry = state.progress, state.pane, state.carry
    if progress is not None and not progress.continued_by(segment):
        tallies += _open(state)
        progress = pane = None
    for share in shares(progress, None if pane is None else pane.start_unix_s, segment):
        if pane is None or pane.start_unix_s != share.start_unix_s:
            pane = OpenPane(share.start_unix_s, 0, 0, counter.nothing())
        totals, live_ps = pane.totals.copy() if pane is state.pane else pane.totals, pane.live_ps
        for part in share.parts:
            if not part.joined:
                carry = counter.begin(part.start_ps)
            carry = counter.count(carry, segment, part, totals)
            live_ps += part.end_ps - part.start_ps
        pane = OpenPane(share.start_unix_s, live_ps, pane.lost_ps + share.lost_ps, totals)
        if share.over:
            tallies.append(_tally(segment, pane))
            pane = None
    return TallyState(state.delayed, Progress.of(segment), pane, carry), tallies


def _open(state: TallyState[Carry]) -> Iterable[Tally]:
    return () if state.pane is None or state.progress is None else (_tally(state.progress, state.pane),)


def _tally(stream: Segment | Progress, pane: OpenPane) -> Tally:
    key = PaneKey(stream.domain, stream.device, stream.run, pane.start_unix_s)
    return Tally(key, pane.live_ps, pane.lost_ps, pane.totals)
