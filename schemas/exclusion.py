"""Time that no budget answers for, as it is told to whoever judges: among the indicators, with the subject as its key."""

import msgspec

from schemas.ids import SubjectId

KIND = "exclusion"


class ExclusionNotice(msgspec.Struct, frozen=True, kw_only=True):
    """(start, end] of a subject is excluded. One with the same subject, reason and start replaces it: an end becomes known."""

    subject: SubjectId
    start_unix_ns: int
    end_unix_ns: int | None
    """None: not known yet; until then, all that comes is excluded."""
    reason: str
    who: str = ""
    kind: str = KIND
    """Tells it from the samples that it flows among."""
    version: int = 1
