"""Silence is down: what a window of heartbeats lacks, said as a heartbeat of its own.

Only of subjects that report as things happen and have sent heartbeats before. A gap counts from twice the length of a heartbeat
on: each speaks for the time up to the next one.
"""

from collections.abc import Sequence

from schemas.events import Event, Heartbeat, State
from schemas.ids import DeviceId
from storage.tables import kind_of
from streams.processors.windows import Window

_NS = 1_000_000_000
_HEARTBEAT = "heartbeat"
_BEATS_MISSED = 2


def with_silence(window: Window[Event]) -> Sequence[Event]:
    """The window's events, and a heartbeat of state down for the time from its last heartbeat to its end."""
    if not window.live or _HEARTBEAT not in window.kinds:
        return window.records
    end_ns = window.end_unix_s * _NS
    beats = [event for event in window.records if kind_of(event.what) == _HEARTBEAT]
    since_ns = max((event.end_unix_ns for event in beats), default=end_ns - window.length_s * _NS)
    longest_ns = max((event.end_unix_ns - event.start_unix_ns for event in beats), default=0)
    if end_ns - since_ns <= _BEATS_MISSED * longest_ns:
        return window.records
    silence = Event(
        subject=window.subject,
        device=DeviceId(window.subject),
        run=window.run,
        source="silence",
        sequence=0,
        start_unix_ns=since_ns,
        end_unix_ns=end_ns,
        what=Heartbeat(state=State.DOWN),
    )
    return (*window.records, silence)
