"""A fleet without a failure: its parts, and that nobody pages."""

from pathlib import Path

import pytest

from console.gameday.healthy import independent, undisturbed, undisturbed_parts
from console.gameday.rehearsed import part_of
from console.settings import Settings
from producers.fleet_file import demo_fleet
from slo.definitions import load
from streams.pipelines import Knowledge


def test_parts_hold_together_what_shares_something_and_are_the_whole() -> None:
    fleet = demo_fleet()
    parts = [{str(device.id) for device in part.devices} for part in independent(fleet)]
    assert {"sps-helios-01", "sps-helios-02"} in parts
    assert {"sps-aurora-01"} in parts
    assert sorted(name for part in parts for name in part) == sorted(str(device.id) for device in fleet.devices)
    assert sorted(link.id for part in independent(fleet) for link in part.links) == sorted(link.id for link in fleet.links)


def test_healthy_devices_page_nobody() -> None:
    fleet = part_of(demo_fleet(), frozenset({"qic-aurora-01"}))
    assert undisturbed(fleet, Knowledge(load()), 120.0) == ()


@pytest.mark.slow
def test_in_parts_and_processes_of_their_own_neither(tmp_path: Path) -> None:
    fleet = part_of(demo_fleet(), frozenset({"spc-helios-01", "qic-aurora-01"}))
    assert undisturbed_parts(Settings(home=tmp_path), fleet, 20.0, 1) == ()
