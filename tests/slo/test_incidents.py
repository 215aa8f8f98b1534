from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.incidents import Group, group_of, grouped, inhibited_by
from slo.topology import Topology

CRYO, LASER, A, B = (SubjectId(name) for name in ("cryo-1", "laser-1", "source-a", "source-b"))
TOPOLOGY = Topology({A: (LASER,), B: (CRYO,), LASER: (CRYO,)})


def alert(
    subject: SubjectId, severity: str = "page", *, objective: str = "purity", since: int = 0, firing: bool = True
) -> AlertState:
    return AlertState(
        alert=f"{objective}/{subject}/{severity}",
        objective=objective,
        subject=subject,
        severity=severity,
        firing=firing,
        since_unix_s=since,
        tiers=(),
        text="",
        burn_rate=None,
        budget_remaining=None,
        run=RunId("r"),
        indicator="sps.M1",
    )


def test_a_page_silences_the_ticket_of_the_same_objective_and_subject() -> None:
    page = alert(A)
    assert inhibited_by(alert(A, "ticket"), [page], TOPOLOGY) == page.alert
    assert inhibited_by(page, [alert(A, "ticket")], TOPOLOGY) is None
    assert inhibited_by(alert(A, "ticket", objective="rate"), [page], TOPOLOGY) is None
    assert inhibited_by(alert(A, "ticket"), [alert(A, firing=False)], TOPOLOGY) is None


def test_what_is_down_silences_what_depends_on_it_and_the_furthest_goes_first() -> None:
    cryo, laser = alert(CRYO, objective="cryostat"), alert(LASER, objective="lock")
    assert inhibited_by(alert(A), [laser, cryo], TOPOLOGY) == cryo.alert
    assert inhibited_by(alert(A), [laser], TOPOLOGY) == laser.alert
    assert inhibited_by(alert(B), [laser], TOPOLOGY) is None
    assert inhibited_by(cryo, [alert(A), laser], TOPOLOGY) is None
    assert inhibited_by(alert(A), [alert(CRYO, "ticket")], TOPOLOGY) is None


def test_nothing_silences_safety() -> None:
    safety = alert(LASER, objective="interlock")
    assert inhibited_by(safety, [alert(CRYO)], TOPOLOGY, frozenset({"interlock"})) is None
    assert inhibited_by(safety, [alert(CRYO)], TOPOLOGY) is not None


def test_all_that_hangs_on_one_cryostat_is_one_incident() -> None:
    alerts = [alert(A, "ticket", since=5), alert(B, since=9), alert(CRYO, objective="cryostat", since=3), alert(LASER, since=4)]
    alerts += [alerts[0], alert(SubjectId("elsewhere"))]
    found = grouped(alerts, TOPOLOGY)
    assert {cause: [each.subject for each in some] for cause, some in found.items()} == {
        "elsewhere": ["elsewhere"],
        "cryo-1": ["cryo-1", "laser-1", "source-b", "source-a"],
    }
    assert group_of(alerts[0], alerts, TOPOLOGY) == Group(CRYO, A, RunId("r"), "sps.M1")
    assert group_of(alerts[0], alerts[:1], TOPOLOGY).cause == A
