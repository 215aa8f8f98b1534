"""Events and telemetry: the shape on the wire, and what contradicts itself is refused."""

import msgspec
import pytest

from schemas.events import Calibration, Command, Event, Heartbeat, Heralds, State, Swaps, What
from schemas.ids import DeviceId, RunId, SubjectId

GOOD: tuple[What, ...] = (
    Heralds(attempts=1000, latency_ns=(5_000_000, 6_000_000), outside_window=1),
    Swaps(attempts=10, acknowledged=7),
    Command(name="align", tries=2, ok=True),
    Heartbeat(state=State.WARM_UP),
    Calibration(routine="tune-laser", passed=False, steps=12),
)


@pytest.mark.parametrize("what", GOOD, ids=lambda what: type(what).__name__)
def test_comes_back_as_it_was(what: What) -> None:
    event = Event(
        subject=SubjectId("a--b"),
        device=DeviceId("a"),
        run=RunId("r"),
        source="a",
        sequence=3,
        start_unix_ns=1,
        end_unix_ns=2,
        what=what,
    )
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"kind":"heralds","attempts":1,"latency_ns":[1,2]}', "2 heralds of 1 attempts"),
        (b'{"kind":"heralds","attempts":3,"latency_ns":[1],"outside_window":2}', "2 of 1 heralds"),
        (b'{"kind":"swaps","attempts":1,"acknowledged":2}', "2 swaps acknowledged of 1"),
        (b'{"kind":"command","name":"x","tries":0,"ok":true}', "after 0 tries"),
        (b'{"kind":"heartbeat","state":"asleep"}', "asleep"),
    ],
)
def test_a_contradiction_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.json.decode(text, type=What)
