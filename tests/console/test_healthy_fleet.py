"""The demo fleet, healthy: every indicator of every device is there after its own window, and none is bad."""

from collections import defaultdict
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from console.rehearsal import Judgement, Rehearsal
from producers.fleet_file import Fleet, demo_fleet
from schemas.ids import DeviceId, SubjectId
from schemas.records import AlertState, DeadLetter, IndicatorSample, Verdict
from slo.catalogue import catalogue
from slo.definitions import load
from slo.evaluation import system_by_prefix
from streams.pipelines import Knowledge

ONE_OF_EACH = ("sps-aurora-01", "qdp-borealis-02", "spi-borealis-01", "spc-helios-02", "qic-aurora-01")
OF_TAGS_ALONE = {"sps.M1", "qdp.M2", "qic.M4"}


def speakers(fleet: Fleet) -> Mapping[SubjectId, DeviceId]:
    """Who speaks for each subject."""
    return {
        **{SubjectId(one.id): one.id for one in fleet.devices},
        **{one.id: one.device for one in fleet.links},
    }


def watched(fleet: Fleet, for_s: float, *, with_tags: bool) -> tuple[dict[DeviceId, set[str]], list[object]]:
    """Indicators by the device that speaks for them, and all that is not as it should be."""
    of, found, wrong = speakers(fleet), defaultdict(set), []
    for told in Rehearsal(fleet, Knowledge(load()), with_tags=with_tags).advance(for_s):
        what = told.what
        if isinstance(what, IndicatorSample):
            found[of[what.subject]].add(str(what.indicator))
        elif (isinstance(what, Judgement) and what.verdict is Verdict.BAD) or isinstance(what, AlertState | DeadLetter):
            wrong.append(what)
    return found, wrong


def wanted(device: DeviceId) -> set[str]:
    return {str(row.id) for row in catalogue().values() if system_by_prefix(device) in row.systems}


def test_one_device_of_each_kind_is_well() -> None:
    """What comes within two minutes; calibrations and series take longer."""
    fleet = demo_fleet()
    kept = replace(
        fleet,
        devices=tuple(one for one in fleet.devices if one.id in ONE_OF_EACH),
        links=tuple(one for one in fleet.links if one.device in ONE_OF_EACH),
    )
    found, wrong = watched(kept, 100, with_tags=False)
    assert wrong == []
    for device in ONE_OF_EACH:
        later = {"qdp.M5", "qdp.M6", "qdp.M8", "spi.M8", "spc.M7", "qic.CHSH"}
        assert wanted(DeviceId(device)) - OF_TAGS_ALONE - later - found[DeviceId(device)] == set()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_minutes_of_the_whole_fleet_have_every_indicator_and_no_bad_one() -> None:
    fleet = demo_fleet()
    found, wrong = watched(fleet, 660, with_tags=True)
    assert wrong == []
    assert {one.id: wanted(one.id) - found[one.id] for one in fleet.devices if wanted(one.id) - found[one.id]} == {}
