"""Rehearsed game days: who takes part, and some failures from the simulated part to the score."""

import pytest

from console.gameday.plan import Plan
from console.gameday.rehearsed import company, rehearsed, target_of
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet
from slo.definitions import load
from streams.pipelines import Knowledge

FAILURES = load_failures()


def test_whom_it_reaches_takes_part_and_neighbours_of_the_site() -> None:
    fleet = demo_fleet()
    alone = company(fleet, "sps-helios-01", [FAILURES["sps.F2"]], 0)
    assert {one.id for one in alone.devices} == {"sps-helios-01", "sps-helios-02"}
    beside = company(fleet, "qdp-borealis-01", [FAILURES["qdp.F3"]], 2)
    assert [one.id for one in beside.devices] == ["qdp-borealis-01", "qdp-borealis-02", "spi-borealis-01"]
    links = company(fleet, "qic-relay-01", [FAILURES["qic.F7"]], 0).links
    assert {link.device for link in links} == {"qic-relay-01"}


def test_the_first_that_can_have_it_and_can_tell_of_it() -> None:
    assert target_of(demo_fleet(), FAILURES["qdp.F3"]) == "qdp-borealis-01"
    assert target_of(demo_fleet(), FAILURES["qic.F7"]).startswith("qic-")
    assert target_of(demo_fleet(), FAILURES["clock-skew"]).startswith("qic-")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["qic.F2", "qdp.F3", "sps.F6"])
def test_it_is_noticed_as_it_should_be_and_nobody_else_pages(name: str) -> None:
    fleet, failure = demo_fleet(), FAILURES[name]
    plan = Plan(healthy_s=660.0, lasts_s=300.0, neighbours=1)
    found = rehearsed(fleet, Knowledge(load()), failure, target_of(fleet, failure), plan)
    assert found.faults == ()
    assert found.indicator in failure.notice.indicators
    assert found.after_s is not None
    assert 0 < found.after_s < 240
