"""Generated fleets: as many devices as asked for, all sound, of all five kinds, different in their luck."""

import pytest

from producers.errors import FleetError
from producers.fleet_file import parse_fleet
from producers.fleet_generator import Order, generated


@pytest.mark.slow
def test_a_thousand_devices() -> None:
    fleet = parse_fleet(generated(Order(devices=1000, rate_hz=1000, slower=20)), "generated")
    assert len(fleet.devices) == 1000
    kinds = [device.kind for device in fleet.devices]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "quantum-dot-source": 300, "quantum-interconnect": 166, "single-photon-source": 317, "spin-photon-coupling": 50,
        "spin-photon-interface": 167,
    }  # fmt: skip
    assert len(fleet.links) == len(fleet.sites) == 40
    assert fleet.block_ms == 5000
    assert len({device.seed for device in fleet.devices}) == 1000
    for device in fleet.devices:
        if device.source is not None:
            detection = device.source.detection
            rate_hz = device.source.rate_hz * sum(detection.shares) + sum(detection.background_hz)
            assert rate_hz == pytest.approx(1000, rel=0.1)
    assert {device.duties.heartbeat_s for device in fleet.devices} == {100}
    assert min(measure.every_s for device in fleet.devices for measure in device.measures) == 400


def test_few_and_bright() -> None:
    fleet = parse_fleet(generated(Order(devices=3, rate_hz=1e6, seed=9)), "generated")
    assert fleet.block_ms == 100
    assert fleet.devices[0].source is not None
    assert fleet.devices[0].source.rate_hz == 1.25e6
    assert generated(Order(devices=3, seed=9)) != generated(Order(devices=3, seed=10))


@pytest.mark.parametrize("numbers", [{"devices": 0}, {"devices": 1, "rate_hz": 0}, {"devices": 1, "slower": 0}])
def test_impossible_orders_are_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(FleetError, match="are no fleet; give 1 to 100000 devices"):
        Order(**numbers)  # type: ignore[arg-type]
