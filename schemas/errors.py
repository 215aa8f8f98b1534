"""What can be wrong with bytes and records that arrive."""

from enum import StrEnum


class SchemaError(ValueError):
    """Something that flows does not keep its contract."""


class BrokerError(SchemaError):
    """The way to the broker cannot be used as it is described."""


class WireFault(StrEnum):
    """Why a message could not be read; the reason that its dead letter carries."""

    TRUNCATED = "truncated"
    CHECKSUM = "checksum"
    VERSION = "unknown-version"
    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    CONTRADICTION = "contradiction"
    FUTURE = "clock-from-the-future"


class WireError(SchemaError):
    """A message that cannot be read. ``fault`` is for machines, the text for people."""

    def __init__(self, fault: WireFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
