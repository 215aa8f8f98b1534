from schemas.ids import IndicatorId
from slo.catalogue import catalogue


def test_every_indicator_has_a_name_and_a_unit() -> None:
    known = catalogue()
    assert all(each.name and each.unit for each in known.values())
    assert {name.partition(".")[0] for name in known} == {"spi", "spc", "sps", "qic", "qdp"}
    assert known[IndicatorId("sps.M1")].unit == known[IndicatorId("qdp.M2")].unit == "1"
