"""Fleet files: the demo fleet is sound, and faults in a file are named."""

from pathlib import Path

import pytest

from producers.errors import FleetError
from producers.fleet_file import demo_fleet, load_fleet

GOOD = """
sites: [{id: lab, name: The lab}]
devices:
  - {id: a-01, kind: k, site: lab, seed: 1, source: {model: pulsed, rate_hz: 1000}}
  - {id: a-02, kind: k, site: lab, seed: 2, source: {model: cw, rate_hz: 1000, detection: {efficiency: [0.5, 0.5]}}}
"""


def test_the_demo_fleet_is_healthy_and_of_laboratory_rates() -> None:
    fleet = demo_fleet()
    assert 4 <= len(fleet.devices) <= 6
    assert {device.kind for device in fleet.devices} == {"single-photon-source", "quantum-dot-source", "spin-photon-interface"}
    for device in fleet.devices:
        detection = device.source.detection
        assert 50_000 <= device.source.rate_hz * sum(detection.shares) + sum(detection.background_hz) <= 300_000
        assert device.source.measured_g2 < 0.05
        assert device.build_source().advance(10**9)[0].size > 0


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(GOOD)
    fleet = load_fleet(tmp_path / "fleet.yaml")
    assert [device.id for device in fleet.devices] == ["a-01", "a-02"]
    assert (fleet.block_ms, fleet.devices[1].source.detection.efficiency) == (100, (0.5, 0.5))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("a-02", "a-01", "device a-01 appears 2 times"),
        ("site: lab, seed: 1", "site: moon, seed: 1", "device a-01 stands at moon, which is no site"),
        ("model: cw", "model: laser", r"Invalid value 'laser' - at `\$\.devices\[1\]\.source\.model`"),
        ("rate_hz: 1000}", "rate_hz: -5}", "rate, lifetime and g2 cannot be negative"),
        ("rate_hz: 1000}", "rate_khz: 5}", "unknown field `rate_khz`|missing required field `rate_hz`"),
        ("seed: 1", "seed: x", r"Expected `int`, got `str` - at `\$\.devices\[0\]\.seed`"),
        ("devices:", "block_ms: 0\ndevices:", "blocks of 0 ms"),
        ("sites: [", "sites: [[", "while parsing"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(FleetError, match=complaint) as refusal:
        load_fleet(path)
    assert str(refusal.value).startswith(str(path))


def test_an_empty_or_absent_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("sites: []\ndevices: []\n")
    with pytest.raises(FleetError, match="no devices"):
        load_fleet(tmp_path / "empty.yaml")
    with pytest.raises(FleetError, match="cannot be read"):
        load_fleet(tmp_path / "absent.yaml")
