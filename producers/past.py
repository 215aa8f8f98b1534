"""What an earlier process sent last, behind which the sources of this one go on."""

from typing import Protocol, Self

import msgspec

from schemas.block import BlockContext
from schemas.events import Event
from schemas.ids import DomainId, RunId, SubjectId

GOES_ON_NS = 600_000_000_000
"""A run that was cut off longer ago than this is over: its device begins a new one."""


class LastEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What of a subject's last event its source goes on from. Reads an event's JSON, too."""

    subject: SubjectId
    run: RunId
    sequence: int
    end_unix_ns: int
    firmware: str = ""

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            subject=event.subject,
            run=event.run,
            sequence=event.sequence,
            end_unix_ns=event.end_unix_ns,
            firmware=event.firmware,
        )


class Past(Protocol):
    """Whoever remembers what was sent."""

    def last_of(self, domain: DomainId) -> BlockContext | None: ...

    def last_event_of(self, subject: SubjectId) -> LastEvent | None: ...
