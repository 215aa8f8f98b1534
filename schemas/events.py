"""What happened in classical control: attempts and heralds, swaps, commands, heartbeats, calibrations. Topic ``events``.

Events that come thousands a second are told in batches: how many in an interval, with what each herald took. One message is
one record of one subject; intervals are half-open in UTC nanoseconds.
"""

from enum import StrEnum

import msgspec

from schemas.errors import SchemaError
from schemas.ids import DeviceId, RunId, SubjectId


class EventError(SchemaError):
    """An event that contradicts itself."""


class State(StrEnum):
    """What a device says of itself. Only operational time counts as up; only down and silent time counts as down."""

    OPERATIONAL = "operational"
    WARM_UP = "warm-up"
    CALIBRATION = "calibration"
    MAINTENANCE = "maintenance"
    DOWN = "down"


class _What(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One kind of event."""


class Heralds(_What, frozen=True, kw_only=True, tag="heralds"):
    """Entanglement attempts of a link in [start, end) and the heralds that came of them.

    ``latency_ns``: emission to herald arrival, one for each herald, clock offset taken off. ``outside_window`` of the heralds
    came outside the expected coincidence window; they are among ``latency_ns``. ``resets``: attempts given up and begun anew.
    """

    attempts: int
    latency_ns: tuple[int, ...]
    outside_window: int = 0
    resets: int = 0
    offset_error_ns: float = 0.0
    """Standard error of the clock offset between the nodes."""

    def __post_init__(self) -> None:
        if not 0 <= len(self.latency_ns) <= self.attempts:
            raise EventError(f"{len(self.latency_ns)} heralds of {self.attempts} attempts")
        if not 0 <= self.outside_window <= len(self.latency_ns):
            raise EventError(f"{self.outside_window} of {len(self.latency_ns)} heralds outside the window")


class Swaps(_What, frozen=True, kw_only=True, tag="swaps"):
    """Entanglement swaps of a repeater hop in [start, end): tried and acknowledged."""

    attempts: int
    acknowledged: int

    def __post_init__(self) -> None:
        if not 0 <= self.acknowledged <= self.attempts:
            raise EventError(f"{self.acknowledged} swaps acknowledged of {self.attempts}")


class Checks(_What, frozen=True, kw_only=True, tag="checks"):
    """Groups of a link's pairs in [start, end) whose fidelity was looked at, and how many of them the application could use."""

    checked: int
    passed: int

    def __post_init__(self) -> None:
        if not 0 <= self.passed <= self.checked:
            raise EventError(f"{self.passed} groups of pairs passed of {self.checked}")


class Command(_What, frozen=True, kw_only=True, tag="command"):
    """A control transaction that ended: after ``tries`` tries, with success or not."""

    name: str
    tries: int
    ok: bool
    error: str = ""
    """Class of the error of the last failed try, for example ``timeout``, ``protocol-mismatch``."""

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise EventError(f"command {self.name} ended after {self.tries} tries")


class Heartbeat(_What, frozen=True, kw_only=True, tag="heartbeat"):
    """A device is alive in [start, end) and in this state. ``emitting``: its light or spin was usable, where it knows."""

    state: State
    emitting: bool | None = None


class Calibration(_What, frozen=True, kw_only=True, tag="calibration"):
    """A calibration routine that ran in [start, end) and passed or did not."""

    routine: str
    passed: bool
    steps: int = 0


What = Heralds | Swaps | Checks | Command | Heartbeat | Calibration


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of one subject over [start, end); what happens at an instant has start = end.

    (subject, source, sequence) identifies it: an event that comes again is the same event.
    """

    subject: SubjectId
    device: DeviceId
    run: RunId
    source: str
    """Whoever numbers the events."""
    sequence: int
    start_unix_ns: int
    end_unix_ns: int
    what: What
    firmware: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        if self.end_unix_ns < self.start_unix_ns:
            raise EventError(f"event of {self.subject} ends at {self.end_unix_ns}, before its start")
