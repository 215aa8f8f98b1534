"""The file of failures: all that systems name, each possible in the demo fleet, and each change as it is written."""

import re

import pytest

from producers.errors import FleetError
from producers.fault_catalogue import Change, load_failures
from producers.fleet_file import demo_fleet
from producers.gauges import gauge
from producers.simulation import Simulation
from schemas.ids import RunId
from slo.catalogue import catalogue

FAILURES = load_failures()
COUNTS = {"spi": 6, "spc": 6, "sps": 8, "qic": 7, "qdp": 7}
KINDS = {
    "spi": "spin-photon-interface",
    "spc": "spin-photon-coupling",
    "sps": "single-photon-source",
    "qic": "quantum-interconnect",
    "qdp": "quantum-dot-source",
}


def test_every_failure_mode_of_the_five_systems_and_what_is_also_seen() -> None:
    expected = {f"{system}.F{number}" for system, count in COUNTS.items() for number in range(1, count + 1)}
    more = {"blinking", "clock-skew", "buffer-overflow", "telemetry-gap", "clock-firmware"}
    assert set(FAILURES) == expected | more
    assert len(expected) == 34
    for failure in FAILURES.values():
        system = failure.id.partition(".")[0]
        if system in KINDS:
            assert failure.kinds == (KINDS[system],)
            assert failure.notice.indicators
        assert failure.notice.severity in {"page", "ticket"}
        assert failure.notice.runbook == failure.id
        assert failure.shows
        assert re.fullmatch(r"[A-ZκT].*\.", failure.physics)
        assert set(failure.notice.indicators) <= set(catalogue())
        assert all(gauge(name) for name in failure.shows)


def test_some_device_of_the_demo_fleet_can_have_each() -> None:
    fleet = demo_fleet()
    simulation = Simulation(fleet, lambda: RunId("r"), 0)
    for failure in FAILURES.values():
        assert any(simulation.refusal(device.id, failure) is None for device in fleet.devices), failure.id


def test_levels() -> None:
    ramp = Change(path="a.b", plus=10, after_s=5, ramp_s=10)
    assert [ramp.level(age) for age in (0, 4.9, 5, 10, 15, 99)] == [0, 0, 0, 0.5, 1, 1]
    bursts = Change(path="a.b", plus=10, every_s=10, lasts_s=2)
    assert [bursts.level(age) for age in (0, 1.9, 2, 9.9, 10, 11, 13)] == [1, 1, 0, 0, 1, 1, 0]
    assert Change(path="a.b", plus=10).level(-1) == 0


def test_amounts() -> None:
    assert Change(path="a.b", plus=10).of(1, 0.5) == 6
    assert Change(path="a.b", times=4).of(3, 0.5) == pytest.approx(6)
    assert Change(path="a.b", times=0.25).of(8, 2) == pytest.approx(0.5)
    assert Change(path="a.b", to=10).of(0, 0.5) == 5
    assert Change(path="a.b", to=0).of(8, 3) == 0


@pytest.mark.parametrize(
    "changes",
    [{}, {"plus": 1, "to": 2}, {"times": 0}, {"plus": 1, "ramp_s": -1}, {"plus": 1, "every_s": 5, "lasts_s": 6}],
)
def test_changes_that_contradict_themselves(changes: dict[str, float]) -> None:
    with pytest.raises(FleetError, match=r"the change of a\.b"):
        Change(path="a.b", **changes)
