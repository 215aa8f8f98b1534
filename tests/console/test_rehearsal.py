"""A fleet and the worker's pipelines in one process: judged, repeatable, and broken on demand."""

import pytest
from msgspec.structs import replace

from console.rehearsal import AlertState, DeadLetter, Judgement, Rehearsal, Told
from producers.fault_catalogue import load_failures
from producers.fleet_file import Fleet, demo_fleet
from schemas.ids import IndicatorId, SubjectId
from schemas.records import IndicatorSample, Verdict
from slo.definitions import load
from streams.pipelines import Knowledge

SOURCE = SubjectId("sps-helios-02")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(load())


def alone(device: str) -> Fleet:
    fleet = demo_fleet()
    return replace(fleet, devices=tuple(one for one in fleet.devices if one.id == device), links=())


def told(knowledge: Knowledge, *, seed: int = 0) -> list[Told]:
    return list(Rehearsal(alone(SOURCE), knowledge, seed=seed).advance(25))


def test_what_devices_say_is_sampled_and_judged_from_tags_events_and_measurements(knowledge: Knowledge) -> None:
    outcomes = [one.what for one in told(knowledge)]
    judged = {one.indicator for one in outcomes if isinstance(one, Judgement) and one.verdict is Verdict.GOOD}
    assert {"sps.M1", "sps.M3", "sps.M8"} <= judged
    assert not [one for one in outcomes if isinstance(one, DeadLetter)]


def test_the_same_seed_tells_the_same_and_another_one_something_else(knowledge: Knowledge) -> None:
    first = told(knowledge)
    assert first == told(knowledge)
    assert first != told(knowledge, seed=1)


def test_a_source_that_crashes_is_down_and_someone_is_paged(knowledge: Knowledge) -> None:
    rehearsal = Rehearsal(alone(SOURCE), knowledge, with_tags=False)
    before = list(rehearsal.advance(60))
    assert not [one for one in before if isinstance(one.what, AlertState)]
    rehearsal.begin(SOURCE, load_failures()["sps.F6"])
    after = list(rehearsal.advance(240))
    uptime = [one.what for one in after if isinstance(one.what, IndicatorSample) and one.what.indicator == "sps.M5"]
    assert uptime[-1].estimate.value == 0
    bad = next(one for one in after if isinstance(one.what, Judgement) and one.what.verdict is Verdict.BAD)
    assert isinstance(bad.what, Judgement)
    assert bad.what.indicator == IndicatorId("sps.M5")
    assert 60 < bad.at_s < 150
    assert next(one.what.severity for one in after if isinstance(one.what, AlertState) and one.what.firing) == "page"


def test_a_failure_that_the_device_cannot_have_is_refused(knowledge: Knowledge) -> None:
    rehearsal = Rehearsal(alone(SOURCE), knowledge, with_tags=False)
    assert "quantum-dot-source" in (rehearsal.refusal(SOURCE, load_failures()["qdp.F1"]) or "")
