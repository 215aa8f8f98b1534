from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.incidents import Firing, Group
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


def inhibitor(about: AlertState, *others: AlertState, critical: str = "") -> AlertState | None:
    return Firing(others, TOPOLOGY).inhibitor(about, frozenset({critical}))


def test_a_page_silences_the_ticket_of_the_same_objective_and_subject() -> None:
    page = alert(A)
    assert inhibitor(alert(A, "ticket"), page) == page
    assert inhibitor(page, alert(A, "ticket"), page) is None
    assert inhibitor(alert(A, "ticket", objective="rate"), page) is None
    assert inhibitor(alert(A, "ticket"), alert(A, firing=False)) is None


def test_what_is_down_silences_what_depends_on_it_and_the_furthest_goes_first() -> None:
    cryo, laser = alert(CRYO, objective="cryostat"), alert(LASER, objective="lock")
    assert inhibitor(alert(A), laser, cryo) == cryo
    assert inhibitor(alert(A), laser) == laser
    assert inhibitor(alert(B), laser) is None
    assert inhibitor(cryo, alert(A), laser) is None
    assert inhibitor(alert(A), alert(CRYO, "ticket")) is None


def test_nothing_silences_safety() -> None:
    safety = alert(LASER, objective="interlock")
    assert inhibitor(safety, alert(CRYO), critical="interlock") is None
    assert inhibitor(safety, alert(CRYO)) is not None


def test_all_that_hangs_on_one_cryostat_is_one_incident() -> None:
    alerts = [alert(A, "ticket", since=5), alert(B, since=9), alert(CRYO, objective="cryostat", since=3), alert(LASER, since=4)]
    alerts += [alerts[0], alert(SubjectId("elsewhere"))]
    firing = Firing(alerts, TOPOLOGY)
    assert {cause: [each.subject for each in some] for cause, some in firing.by_cause().items()} == {
        "elsewhere": ["elsewhere"],
        "cryo-1": ["cryo-1", "laser-1", "source-b", "source-a"],
    }
    assert firing.group(alerts[0]) == Group(CRYO, A, RunId("r"), "sps.M1")
    assert Firing(alerts[:1], TOPOLOGY).group(alerts[0]).cause == A


def test_a_cause_that_has_no_alert_of_its_own_is_told_by_how_many_depend_on_it() -> None:
    """Of the cryostat's three two alert; of the laser's one source, one: that says nothing about the laser."""
    firing = Firing([alert(A), alert(B)], TOPOLOGY)
    assert str(firing.cause(alert(A))) == "cryo-1: 2 of the 3 that depend on it alert"
    assert firing.group(alert(B)).cause == CRYO
    assert Firing([alert(B)], TOPOLOGY).cause(alert(B)) is None
    told = Firing([alert(A), alert(CRYO, "ticket", objective="cryostat")], TOPOLOGY).cause(alert(A))
    assert str(told) == "cryo-1, on which it depends, alerts itself (cryostat/cryo-1/ticket)"
