"""Fleet files: the demo fleet is sound, templates are filled in, and what is wrong in a file is named."""

from pathlib import Path

import pytest

from producers.errors import FleetError
from producers.fleet_file import demo_fleet, load_fleet, parse_fleet, scaled
from producers.sources.build import build_source

GOOD = """
sites: [{id: lab, name: The lab}]
shared:
  - {id: cold, site: lab, seed: 5, cryostat: {temperature_k: 4.5}, drifts: {cryostat.temperature_k: {sigma: 0.01}}}
templates:
  bright: {kind: k, site: lab, seed: 7, source: {model: cw, rate_hz: 2e5, detection: {efficiency: [0.5, 0.5], jitter_ps: 30}}}
devices:
  - {id: a-01, kind: k, site: lab, seed: 1, source: {model: pulsed, rate_hz: 1000}}
  - {id: a-02, kind: k, site: lab, seed: 2, source: {model: cw, rate_hz: 1000, detection: {efficiency: [0.5, 0.5]}}}
  - {id: a-03, template: bright, seed: 3, source: {rate_hz: 5e4, detection: {jitter_ps: 60}}, depends_on: [cold]}
links:
  - {id: l-01, device: a-01, nodes: [a-01, a-02], seed: 4, link: {length_m: 100}}
  - {id: l-02, device: a-01, nodes: [a-01, a-03], seed: 4, repeater: {}, hops: [l-01]}
"""


def test_the_demo_fleet_is_healthy_and_of_laboratory_rates() -> None:
    fleet = demo_fleet()
    assert len(fleet.sites) >= 2
    assert len(fleet.devices) >= 12
    assert {device.kind for device in fleet.devices} == {
        "single-photon-source", "quantum-dot-source", "spin-photon-interface", "spin-photon-coupling", "quantum-interconnect"
    }  # fmt: skip
    assert len(fleet.links) == 6
    assert sum(link.repeater is not None for link in fleet.links) == 3
    total_hz = 0.0
    for device in fleet.devices:
        if device.source is None:
            continue
        detection = device.source.detection
        rate_hz = device.source.rate_hz * sum(detection.shares) + sum(detection.background_hz)
        total_hz += rate_hz
        assert 10_000 <= rate_hz <= 150_000
        assert build_source(device.source, device.seed).advance(10**10)[0].size > 0
    assert 4e5 < total_hz < 1e6, "light enough for two cores"


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(GOOD)
    fleet = load_fleet(tmp_path / "fleet.yaml")
    assert [device.id for device in fleet.devices] == ["a-01", "a-02", "a-03"]
    assert fleet.block_ms == 100
    third = fleet.devices[2].source
    assert third is not None
    assert (third.rate_hz, third.detection.jitter_ps, third.detection.efficiency) == (5e4, 60, (0.5, 0.5))
    assert (fleet.devices[2].seed, fleet.devices[2].kind) == (3, "k")
    assert fleet.links[1].hops == ("l-01",)
    assert fleet.shared[0].part == "cryostat"


def test_a_fleet_can_be_made_brighter() -> None:
    fleet = parse_fleet(GOOD, "good")
    brighter = scaled(fleet, 3.0)
    assert [one.source.rate_hz for one in brighter.devices if one.source] == pytest.approx([3000, 3000, 1.5e5])
    with pytest.raises(FleetError, match=r"1e\+06 times the rates"):
        scaled(fleet, 1e6)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("id: a-02", "id: a-01", "device a-01 appears 2 times"),
        ("id: l-02", "id: a-01", "device a-01 appears 2 times"),
        ("site: lab, seed: 1", "site: moon, seed: 1", "device a-01 stands at moon, which is no site"),
        ("id: cold, site: lab", "id: cold, site: moon", "cold stands at moon, which is no site"),
        (
            "model: cw, rate_hz: 1000",
            "model: laser, rate_hz: 1000",
            r"Invalid value 'laser' - at `\$\.devices\[1\]\.source\.model`",
        ),
        ("rate_hz: 1000}", "rate_hz: -5}", "rate, lifetime and g2 cannot be negative"),
        ("rate_hz: 1000}", "rate_khz: 5}", "unknown field `rate_khz`|missing required field `rate_hz`"),
        ("seed: 1,", "seed: x,", r"Expected `int`, got `str` - at `\$\.devices\[0\]\.seed`"),
        ("devices:", "block_ms: 0\ndevices:", "blocks of 0 ms"),
        ("devices:", "run_s: 0.01\ndevices:", "runs of 0.01 s"),
        ("sites: [", "sites: [[", "while parsing"),
        ("template: bright", "template: dim", "a-03 is of the template dim, which is not among: bright"),
        ("depends_on: [cold]", "depends_on: [warm]", "a-03 depends on warm, which is not shared"),
        ("cryostat: {temperature_k: 4.5}, drifts: {cryostat.temperature_k: {sigma: 0.01}}", "line: {}", "cold is to be one of"),
        ("site: lab, seed: 1,", "site: lab, seed: 1, drifts: {laser.power_w: {sigma: 1}},", "a-01 drifts in laser.power_w"),
        (
            "{length_m: 100}",
            "{length_m: 100}, drifts: {link.loss_db: {sigma: 0.1}}",
            "l-01: .*losses, dark counts.* cannot be neg",
        ),
        (
            "site: lab, seed: 1,",
            "site: lab, seed: 1, measures: [{kind: hom-scan}],",
            "measure a hom-scan but has no interferometer",
        ),
        ("site: lab, seed: 1,", "site: lab, seed: 1, measures: [{kind: song}],", "Invalid value 'song'"),
        ("site: lab, seed: 1,", "site: lab, seed: 1, calibration: {every_s: 5, takes_s: 9},", "must be over before the next"),
        ("link: {length_m: 100}", "duties: {}", "link l-01 is neither a link nor a repeater's"),
        ("nodes: [a-01, a-02]", "nodes: [a-01, b-02]", "link l-01 names b-02, which is no device"),
        ("hops: [l-01]", "hops: [l-02]", "link l-02 hops over l-02, which is no other link"),
        ("link: {length_m: 100}", "link: {}, hops: [l-02]", "link l-01 hops over itself"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "fleet.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(FleetError, match=complaint) as refusal:
        load_fleet(path)
    assert str(refusal.value).startswith(str(path))


def test_an_empty_or_absent_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("sites: []\ndevices: []\n")
    with pytest.raises(FleetError, match="no devices"):
        load_fleet(tmp_path / "empty.yaml")
    (tmp_path / "nothing.yaml").write_text("")
    with pytest.raises(FleetError, match=r"nothing\.yaml: Expected `object`"):
        load_fleet(tmp_path / "nothing.yaml")
    with pytest.raises(FleetError, match="cannot be read"):
        load_fleet(tmp_path / "absent.yaml")
