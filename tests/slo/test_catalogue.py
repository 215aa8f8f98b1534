import pytest

from schemas import topics
from schemas.ids import IndicatorId
from slo.catalogue import SYSTEMS, catalogue


def test_every_indicator_of_the_five_systems_is_there_once() -> None:
    counted = [row.id for row in catalogue().values() if not row.derived_from]
    expected = {"spi": 10, "spc": 9, "sps": 10, "qic": 10, "qdp": 9}
    assert counted == [f"{system}.M{number}" for system, most in expected.items() for number in range(1, most + 1)]
    assert len(counted) == 48
    assert set(SYSTEMS) == set(expected)


def test_a_row_says_what_it_is_and_what_fools_it() -> None:
    flows = {topic.name for topic in topics.ALL}
    for row in catalogue().values():
        assert row.name
        assert row.unit
        assert row.topic in flows
        assert row.fooled_by
        assert row.target is not None or row.note, f"{row.id} has no target and does not say why"
    assert catalogue()[IndicatorId("sps.M1")].unit == catalogue()[IndicatorId("qdp.M2")].unit == "1"


def test_what_is_derived_from_others_is_not_counted() -> None:
    derived = {row.id: row.derived_from for row in catalogue().values() if row.derived_from}
    assert {"spc.Q", "spc.C"} <= set(derived)
    assert all(source in catalogue() for sources in derived.values() for source in sources)


@pytest.mark.parametrize(("indicator", "text"), [("spi.M5", "dark count rate < 100 Hz"), ("qdp.M2", "g²(0) < 0.1")])
def test_a_target_is_a_criterion(indicator: str, text: str) -> None:
    target = catalogue()[IndicatorId(indicator)].target
    assert str(target) == text
