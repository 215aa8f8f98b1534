"""Silence is down: at the end of a window, at its beginning, all through it; of links as of devices."""

from schemas.events import Event, Heartbeat, State
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from slo.catalogue import catalogue
from streams.estimators.registry import estimators
from streams.processors.silence import with_silence
from streams.processors.windows import Window
from streams.sampling import Sampler

NS = 10**9
END_S, LENGTH_S, BEAT_S = 1_800_000_060, 60, 5
LONG_AGO_NS = (END_S - 1_000) * NS


def beats(*ends_s: int) -> tuple[Event, ...]:
    """Heartbeats that end so many seconds after the window's beginning."""
    begin_ns = (END_S - LENGTH_S) * NS
    return tuple(
        Event(
            subject=SubjectId("link-a-b"),
            device=DeviceId("qic-a"),
            run=RunId("r"),
            source="s",
            sequence=0,
            start_unix_ns=begin_ns + (end_s - BEAT_S) * NS,
            end_unix_ns=begin_ns + end_s * NS,
            what=Heartbeat(state=State.OPERATIONAL),
            firmware="1.1",
        )
        for end_s in ends_s
    )


def window(*records: Event, live: bool = True, since_ns: int = LONG_AGO_NS, subject: str = "link-a-b") -> Window[Event]:
    return Window(SubjectId(subject), RunId("r"), END_S, LENGTH_S, records, live, since_ns, DeviceId("qic-a"), firmware="1.1")


def silences(one: Window[Event]) -> list[tuple[int, int]]:
    """Seconds since the window's beginning."""
    told = [event for event in with_silence(one) if event.what == Heartbeat(state=State.DOWN)]
    return [((event.start_unix_ns // NS) - END_S + LENGTH_S, event.end_unix_ns // NS - END_S + LENGTH_S) for event in told]


def test_what_follows_the_last_heartbeat_is_down_from_two_lengths_on() -> None:
    assert silences(window(*beats(5, 10, 15, 20, 25, 30))) == [(30, 60)]
    assert silences(window(*beats(*range(5, 51, 5)))) == []
    assert silences(window(*beats(*range(5, 50, 5)))) == [(45, 60)]
    assert silences(window()) == [(0, 60)]


def test_what_precedes_a_windows_first_heartbeat_is_down_unless_it_is_the_runs_first() -> None:
    late = beats(*range(25, 61, 5))
    assert silences(window(*late)) == [(0, 20)]
    assert silences(window(*late, since_ns=late[0].end_unix_ns)) == []
    assert silences(window(since_ns=(END_S + 5) * NS)) == [], "a command may come before the first heartbeat"
    assert silences(window(since_ns=(END_S - 20) * NS)) == [(40, 60)], "and the first may have been the last"
    assert silences(window(*beats(*range(10, 61, 5)))) == [], "one length late is no silence yet"
    assert silences(window(*beats(*range(2, 63, 5)))) == []


def test_an_outage_over_a_windows_border_is_down_in_both() -> None:
    assert silences(window(*beats(*range(5, 46, 5)))) == [(45, 60)]
    assert silences(window(*beats(*range(20, 61, 5)))) == [(0, 15)]


def test_who_never_beat_or_tells_of_the_past_is_not_silent() -> None:
    assert silences(window(live=False)) == []
    assert silences(window(since_ns=0)) == []


def test_a_silent_link_is_down_under_the_indicator_of_the_device_that_spoke_for_it() -> None:
    (sample,) = Sampler(catalogue(), estimators()).events(window())
    assert (sample.indicator, sample.subject, sample.device) == (IndicatorId("qic.M7"), "link-a-b", "qic-a")
    assert (sample.estimate.value, sample.firmware) == (0.0, "1.1")
