"""How the clocks of two nodes stand to each other."""

from enum import StrEnum

import msgspec

from schemas.records import Estimate


class ClockState(StrEnum):
    """Locked: known and confirmed. Drifting: known, but not confirmed now, or not well. Lost: unknown, nothing may be paired."""

    LOCKED = "locked"
    DRIFTING = "drifting"
    LOST = "lost"


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """The other clock against ours as of ``time_ps`` of ours: what it reads more, and what it gains (ps per ps).

    Offset and frequency are None-valued estimates while the state is lost; the offset holds the difference of the paths, too.
    ``reason`` says why the state is what it is.
    """

    time_ps: int
    state: ClockState
    reason: str
    offset_ps: Estimate
    frequency: Estimate
    shared_hz: float | None
    width_ps: float | None


class ClockChange(msgspec.Struct, frozen=True, kw_only=True):
    """The state changed, or the clock stepped (then the state stays)."""

    time_ps: int
    state: ClockState
    before: ClockState
    reason: str
    step_ps: float | None = None
