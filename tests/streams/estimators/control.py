"""Events of classical control, times in s."""

from schemas.events import Event, What
from schemas.ids import DeviceId, RunId, SubjectId

START_NS = 1_800_000_000 * 10**9


def event(start_s: float, end_s: float, what: What, subject: str = "sps-a") -> Event:
    return Event(
        subject=SubjectId(subject),
        device=DeviceId(subject),
        run=RunId("r"),
        source="s",
        sequence=0,
        start_unix_ns=START_NS + round(start_s * 10**9),
        end_unix_ns=START_NS + round(end_s * 10**9),
        what=what,
    )
