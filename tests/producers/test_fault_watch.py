"""Faults taken over from the control file: announced with beginning and end, ended by themselves, refused in words."""

from pathlib import Path

from producers.fault_catalogue import load_failures
from producers.fault_watch import FaultWatch
from producers.faults import Asked, ask, read_faults, take_back
from producers.fleet_file import Device, Fleet, Site
from producers.simulation import Simulation
from producers.sources import PulsedParameters
from schemas.ids import DeviceId, RunId

ORIGIN_S = 1_000_000


def watch(home: Path) -> tuple[Simulation, FaultWatch]:
    device = Device(
        id=DeviceId("a"), kind="single-photon-source", site="lab", seed=1, source=PulsedParameters(rate_hz=1e5, g2=0.01)
    )
    simulation = Simulation(Fleet(sites=(Site(id="lab", name="Lab"),), devices=(device,)), lambda: RunId("r"), ORIGIN_S * 10**9)
    return simulation, FaultWatch(simulation, load_failures(), home, ORIGIN_S * 10**9)


def asked(target: str = "a", fault: str = "sps.F7", **more: float) -> Asked:
    return Asked(target=target, fault=fault, asked_unix_s=ORIGIN_S + 10.0, **more)  # type: ignore[arg-type]


def test_one_fault_is_one_annotation_that_comes_again_with_its_end(tmp_path: Path) -> None:
    _, looking = watch(tmp_path)
    ask(tmp_path, asked(size=0.5))
    (begun,) = looking.look(ORIGIN_S + 11, 11.0)
    assert (begun.kind, begun.subject, begun.start_unix_s, begun.end_unix_s) == ("fault", "a", ORIGIN_S + 10, None)
    assert begun.text == "sps.F7 multi-photon events, on request"
    assert begun.attributes == {"fault": "sps.F7", "size": 0.5}
    assert list(looking.look(ORIGIN_S + 12, 12.0)) == []
    take_back(tmp_path)
    (ended,) = looking.look(ORIGIN_S + 13, 13.0)
    assert (ended.start_unix_s, ended.end_unix_s, ended.text) == (ORIGIN_S + 10, ORIGIN_S + 13, f"{begun.text}: mended")


def test_another_size_ends_the_old_and_begins_the_new(tmp_path: Path) -> None:
    _, looking = watch(tmp_path)
    ask(tmp_path, asked())
    list(looking.look(ORIGIN_S + 11, 11.0))
    ask(tmp_path, asked(size=0.2))
    old, new = looking.look(ORIGIN_S + 12, 12.0)
    assert (old.end_unix_s, new.end_unix_s, new.attributes["size"]) == (ORIGIN_S + 12, None, 0.2)


def test_a_fault_that_is_over_leaves_the_file(tmp_path: Path) -> None:
    _, looking = watch(tmp_path)
    ask(tmp_path, asked(duration_s=5.0))
    assert len(list(looking.look(ORIGIN_S + 11, 11.0))) == 1
    (ended,) = looking.look(ORIGIN_S + 16, 16.0)
    assert ended.end_unix_s == ORIGIN_S + 16
    assert read_faults(tmp_path) == ()


def test_what_cannot_be_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    simulation, looking = watch(tmp_path)
    ask(tmp_path, asked("nobody"))
    ask(tmp_path, asked(fault="no.F1"))
    ask(tmp_path, asked(fault="sps.F1"))
    ask(tmp_path, asked())
    assert [note.attributes["fault"] for note in looking.look(ORIGIN_S + 11, 11.0)] == ["sps.F7"]
    assert looking.trouble is not None
    for part in ("no nobody in this fleet", "no failure no.F1", "a has no cryostat.temperature_k"):
        assert part in looking.trouble
    (tmp_path / "faults.json").write_text("{")
    assert list(looking.look(ORIGIN_S + 12, 12.0)) == []
    assert "cannot be read" in looking.trouble
    take = (tmp_path / "faults.json").unlink
    take()
    assert len(list(looking.look(ORIGIN_S + 13, 13.0))) == 1
    assert looking.trouble is None
    assert simulation.devices[0].device.id == "a"


def test_a_restarted_fleet_takes_a_fault_up_at_its_age(tmp_path: Path) -> None:
    """A ramp goes on where it was; it does not begin anew."""
    ask(tmp_path, asked(fault="blinking"))
    simulation, looking = watch(tmp_path)
    (note,) = looking.look(ORIGIN_S + 500, 500.0)
    assert note.start_unix_s == ORIGIN_S + 10
    (condition,) = simulation._acted_on("a")
    assert condition.active["blinking"].since_s == 10.0
