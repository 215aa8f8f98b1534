"""Healthy before, broken after: each failure turns the indicators that should notice it, and nothing turns without one."""

import msgspec
import pytest

from console.turns import Course, Turns
from producers.errors import FleetError
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet
from schemas.ids import DeviceId
from schemas.records import Verdict
from slo.catalogue import catalogue
from slo.definitions import load
from streams.pipelines import Knowledge

FAILURES = load_failures()


@pytest.fixture(scope="module")
def turns() -> Turns:
    return Turns(demo_fleet(), Knowledge(load()), FAILURES, catalogue())


@pytest.mark.parametrize("failure", ["spi.F2", "sps.F6", "qic.F2"])
def test_measurements_silence_and_events_turn(turns: Turns, failure: str) -> None:
    found = turns.of(failure, course=Course(before_s=70, within_s=200))
    assert [one.indicator for one in found] == list(FAILURES[failure].notice.indicators)
    for one in found:
        assert one.turned
        assert (one.before, one.after) == (Verdict.GOOD, Verdict.BAD)
        assert one.healthy != one.faulty
        assert 0 < (one.turned_s or 0) <= 200


def test_a_failure_that_does_nothing_turns_nothing(turns: Turns) -> None:
    harmless = msgspec.structs.replace(FAILURES["spi.F2"], changes=())
    quiet = Turns(demo_fleet(), Knowledge(load()), {"spi.F2": harmless}, catalogue())
    found = quiet.of("spi.F2", course=Course(before_s=70, within_s=60))
    assert [(one.turned, one.turned_s, one.after) for one in found] == [(False, None, Verdict.GOOD)] * 2


def test_a_device_that_cannot_have_it_is_refused(turns: Turns) -> None:
    with pytest.raises(FleetError):
        turns.of("spi.F2", DeviceId("sps-helios-01"))
    with pytest.raises(FleetError, match="some time"):
        Course(before_s=0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_failure_turns_the_indicators_that_should_notice_it(turns: Turns) -> None:
    unturned = [
        (one.failure, one.indicator)
        for name, failure in FAILURES.items()
        if failure.notice.indicators
        for one in turns.of(name)
        if not one.turned
    ]
    assert unturned == []
