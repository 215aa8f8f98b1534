"""Runs recorded offline: the same from the same seed, cut where asked, with the failure asked for."""

import numpy as np
import pytest

from producers.errors import FleetError
from producers.fault_catalogue import load_failures
from producers.fleet_file import demo_fleet
from producers.simulated_recording import record
from schemas.ids import DeviceId

FAILURES = load_failures()
SOURCE = DeviceId("sps-aurora-01")


def test_the_same_seed_makes_the_same_file() -> None:
    one, same = (record(demo_fleet(), SOURCE, 0.25, origin_unix_ns=origin) for origin in (10**18, 10**18 + 7))
    assert np.array_equal(one.time_ps, same.time_ps)
    assert np.array_equal(one.channel, same.channel)
    assert one.time_ps.size == pytest.approx(0.25 * 66_870, rel=0.05)
    assert np.all(np.diff(one.time_ps) >= 0)
    assert one.time_ps[-1] < 0.25e12
    assert ([channel.label for channel in one.channels], one.period_ps) == (["transmitted", "reflected"], 25_000)
    longer = record(demo_fleet(), SOURCE, 0.5, origin_unix_ns=10**18)
    assert np.array_equal(longer.time_ps[: one.time_ps.size], one.time_ps)


def test_with_a_failure_and_its_losses() -> None:
    blinded = record(demo_fleet(), SOURCE, 0.2, origin_unix_ns=10**18, failure=FAILURES["sps.F4"])
    assert 1_000 < blinded.time_ps.size <= 2 * 0.2e12 / 4e7
    assert np.diff(blinded.time_ps[blinded.channel == 0]).min() >= 4e7
    lossy = record(demo_fleet(), SOURCE, 5.0, origin_unix_ns=10**18, failure=FAILURES["buffer-overflow"])
    assert sum(loss.tags or 0 for loss in lossy.losses) > 1000
    deployed = record(demo_fleet(), DeviceId("spi-helios-01"), 0.5, origin_unix_ns=10**18, failure=FAILURES["clock-firmware"])
    assert np.all(np.diff(deployed.time_ps) >= 0)


def test_what_cannot_be_recorded_is_refused() -> None:
    for device, complaint in (("nobody", "no nobody in this fleet; name one of"), ("spc-helios-01", "makes no tags")):
        with pytest.raises(FleetError, match=complaint):
            record(demo_fleet(), DeviceId(device), 1.0, origin_unix_ns=0)
    with pytest.raises(FleetError, match="is a failure of"):
        record(demo_fleet(), SOURCE, 1.0, origin_unix_ns=0, failure=FAILURES["qdp.F1"])
