"""Shares add up, and causes are named by who is nearest to know."""

from fractions import Fraction

from schemas.ids import DeviceId, RunId, SubjectId
from slo.spending import UNKNOWN, By, Causes, Happening, Share, Spending, spent_by
from slo.topology import Topology, read_topology

NOBODY = Causes((), (), Topology())


def bad(end: int, count: int = 1, *, subject: str = "sps-1", run: str = "r1", firmware: str = "2.4") -> Spending:
    return Spending("purity", SubjectId(subject), DeviceId(subject), RunId(run), firmware, end, count)


def test_shares_by_name_the_largest_first() -> None:
    rows = [bad(10, 3), bad(20, 5, run="r2", firmware=""), bad(30, run="r1"), bad(40, 0, run="r3")]
    assert spent_by(rows, By.RUN, NOBODY) == {
        "purity": [Share("r2", 5, Fraction(5, 9)), Share("r1", 4, Fraction(4, 9))],
    }
    assert [(share.name, share.bad) for share in spent_by(rows, By.FIRMWARE, NOBODY)["purity"]] == [(UNKNOWN, 5), ("2.4", 4)]
    assert [share.name for share in spent_by(rows, By.DEVICE, NOBODY)["purity"]] == ["sps-1"]
    assert spent_by([], By.CAUSE, NOBODY) == {}


def test_causes_are_noted_then_upstream_then_unknown(tmp_path) -> None:
    file = tmp_path / "topology.yaml"
    file.write_text("sps-1: {depends_on: [laser-1]}\nlaser-1: {depends_on: [cryostat-1]}\n", encoding="utf-8")
    noted = [
        Happening(SubjectId("sps-1"), 10, 40, "fault: blinking"),
        Happening(SubjectId("sps-1"), 20, 30, "deploy: 2.5"),
        Happening(SubjectId("laser-1"), 100, None, "maintenance"),
    ]
    alerts = [
        Happening(SubjectId("cryostat-1"), 50, 60, "temperature pages"),
        Happening(SubjectId("laser-1"), 50, 90, "power pages"),
    ]
    causes = Causes(noted, alerts, read_topology(file))
    found = {end: causes.of(bad(end)) for end in (10, 11, 25, 40, 41, 55, 70, 95, 101)}
    assert found == {
        10: UNKNOWN,
        11: "fault: blinking",
        25: "deploy: 2.5",
        40: "fault: blinking",
        41: UNKNOWN,
        55: "cryostat-1: temperature pages",
        70: "laser-1: power pages",
        95: UNKNOWN,
        101: "laser-1: maintenance",
    }
    assert causes.of(bad(55, subject="sps-2")) == UNKNOWN
