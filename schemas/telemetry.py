"""What sensors and instruments read: one message is one device's readings of one moment. Topic ``telemetry``."""

from enum import StrEnum
from math import isfinite

import msgspec

from schemas.errors import SchemaError
from schemas.ids import DeviceId, RunId, SubjectId


class TelemetryError(SchemaError):
    """A reading that cannot be one."""


class ReadingState(StrEnum):
    """What became of asking for a reading."""

    OK = "ok"
    TIMEOUT = "timeout"
    GARBAGE = "garbage"
    DISCONNECTED = "disconnected"
    OUT_OF_RANGE = "out-of-range"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One metric. ``value`` is None unless ``state`` is ok; the unit is SI without prefix (K, Hz, W, Pa, V, A, m, s, dB, 1)."""

    metric: str
    """Dotted and lower case, from the general to the special: ``cryostat.temperature``, ``laser.frequency_offset``."""
    unit: str
    value: float | None
    state: ReadingState = ReadingState.OK
    detail: str = ""
    """Why there is no value; for people."""

    def __post_init__(self) -> None:
        if (self.value is None) == (self.state is ReadingState.OK):
            raise TelemetryError(
                f"{self.metric}: a reading has a value exactly when its state is ok, not {self.value} and {self.state}"
            )
        if self.value is not None and not isfinite(self.value):
            raise TelemetryError(f"{self.metric} is {self.value}")


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """Readings of one device, or of one of its links, at one time. (device, source, unix_ns) identifies the message."""

    device: DeviceId
    source: str
    """Whoever read: a probe, a simulated device."""
    unix_ns: int
    readings: tuple[Reading, ...]
    subject: SubjectId = SubjectId("")
    """The link of the device that was read, where it is not the device itself."""
    run: RunId = RunId("")
    firmware: str = ""
    version: int = 1
