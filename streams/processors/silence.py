"""Silence is down: what a window of heartbeats lacks, said as heartbeats of its own.

Only of subjects that report as things happen and have sent heartbeats before. A gap at the end of a window counts from twice the
length of a heartbeat on, since each speaks for the time up to the next one; one at its beginning from once that length.
"""

from collections.abc import Sequence

from schemas.events import Event, Heartbeat, State
from storage.tables import kind_of
from streams.processors.windows import Window

_NS = 1_000_000_000
_HEARTBEAT = "heartbeat"
_BEATS_MISSED = 2


def with_silence(window: Window[Event]) -> Sequence[Event]:
    """The window's events, and heartbeats of state down for the time before its first heartbeat and after its last."""
    end_ns = window.end_unix_s * _NS
    if not window.live or not 0 < window.beats_since_ns <= end_ns:
        return window.records
    begin_ns = max(end_ns - window.length_s * _NS, window.beats_since_ns)
    beats = [event for event in window.records if kind_of(event.what) == _HEARTBEAT]
    if not beats:
        return (*window.records, _silence(window, begin_ns, end_ns))
    longest_ns = max(event.end_unix_ns - event.start_unix_ns for event in beats)
    first_ns, last_ns = min(event.start_unix_ns for event in beats), max(event.end_unix_ns for event in beats)
    silences = []
    if first_ns - begin_ns > (_BEATS_MISSED - 1) * longest_ns:
        silences.append(_silence(window, begin_ns, first_ns))
    if end_ns - last_ns > _BEATS_MISSED * longest_ns:
        silences.append(_silence(window, last_ns, end_ns))
    return (*window.records, *silences)


def _silence(window: Window[Event], start_ns: int, end_ns: int) -> Event:
    return Event(
        subject=window.subject,
        device=window.device,
        run=window.run,
        source="silence",
        sequence=0,
        start_unix_ns=start_ns,
        end_unix_ns=end_ns,
        what=Heartbeat(state=State.DOWN),
        firmware=window.firmware,
    )
