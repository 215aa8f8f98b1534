"""Whom a failure reaches: through shared things and operated links, and no further."""

from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet
from producers.reach import reached

FAILURES = load_failures()


def test_a_device_of_its_own_stays_alone() -> None:
    assert reached(demo_fleet(), "sps-helios-01", FAILURES["sps.F7"]) == {"sps-helios-01"}


def test_a_shared_laser_reaches_all_that_it_drives() -> None:
    assert reached(demo_fleet(), "sps-helios-01", FAILURES["sps.F2"]) == {"sps-helios-01", "sps-helios-02"}
    assert reached(demo_fleet(), "laser-helios", FAILURES["sps.F2"]) == {"sps-helios-01", "sps-helios-02"}


def test_the_links_that_a_device_operates_are_reached_with_it() -> None:
    assert reached(demo_fleet(), "qic-relay-01", FAILURES["qic.F7"]) == {
        "qic-relay-01", "link-helios-relay", "link-helios-borealis"
    }  # fmt: skip


def test_a_shared_cryostat_that_the_failure_does_not_touch_reaches_nobody_else() -> None:
    assert reached(demo_fleet(), "spc-helios-01", FAILURES["spc.F3"]) == {"spc-helios-01"}
