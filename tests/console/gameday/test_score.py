"""Scoring: the right alert, its severity and runbook, and who was paged for nothing."""

from fractions import Fraction

from console.gameday.score import Exercise, Fault, score
from producers.fault_catalogue import load_failures
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.diagnosis import FailureMode, Hint

FAILURE = load_failures()["sps.F1"]
OTHER = load_failures()["sps.F3"]
ONSET = 1_000_000
EXERCISE = Exercise(FAILURE, "sps-a", frozenset({"sps-a", "sps-b"}), ONSET)


def alert(subject: str, indicator: str, severity: str, after_s: int, *, firing: bool = True) -> AlertState:
    return AlertState(
        alert=f"o-{indicator}/{subject}/{severity}",
        objective=f"o-{indicator}",
        subject=SubjectId(subject),
        severity=severity,
        firing=firing,
        since_unix_s=ONSET + after_s,
        tiers=("page-quick",),
        text="",
        burn_rate=None,
        budget_remaining=None,
        run=RunId("r"),
        indicator=indicator,
    )


def hint(name: str) -> Hint:
    mode = FailureMode(name, name, f"docs/runbooks/{name}.md", frozenset({"sps"}), {})
    return Hint(mode, Fraction(3, 4), ("sps.M3",), (), ())


PAGE = alert("sps-a", "sps.M3", "page", 90)
RIGHT = {PAGE.alert: (hint("sps.F1"), hint("sps.F3"))}


def test_the_page_that_should_come_is_found_behind_earlier_tickets() -> None:
    found = score(EXERCISE, [PAGE, alert("sps-a", "sps.M2", "ticket", 30), alert("sps-a", "sps.M3", "ticket", 60)], RIGHT)
    assert found.passed
    assert (found.after_s, found.first_after_s, found.severity, found.indicator) == (90, 30, "page", "sps.M3")
    assert [one.failure for one in found.suggestions] == ["sps.F1", "sps.F3"]
    assert found.alerts == 3


def test_unnoticed_by_its_own_indicators() -> None:
    found = score(EXERCISE, [alert("sps-a", "sps.M7", "page", 10)], {})
    assert found.faults == (Fault.UNNOTICED,)
    assert (found.after_s, found.severity) == (None, "page")


def test_a_ticket_where_a_page_should_be_and_the_other_way_round() -> None:
    ticket = alert("sps-a", "sps.M3", "ticket", 60)
    assert score(EXERCISE, [ticket], {ticket.alert: (hint("sps.F1"),)}).faults == (Fault.SEVERITY,)


def test_what_is_a_tickets_matter_comes_as_a_ticket_first_and_may_page_when_left_alone() -> None:
    assert OTHER.notice.severity == "ticket"
    gentle = Exercise(OTHER, "sps-a", frozenset({"sps-a"}), ONSET)
    ticket = alert("sps-a", "sps.M3", "ticket", 60)
    diagnoses = {ticket.alert: (hint("sps.F3"),)}
    later, before = alert("sps-a", "sps.M4", "page", 90), alert("sps-a", "sps.M4", "page", 60)
    assert score(gentle, [ticket, later], diagnoses).faults == ()
    assert score(gentle, [ticket, later], diagnoses).severity == "ticket"
    assert score(gentle, [ticket, before], diagnoses).faults == (Fault.SEVERITY,)


def test_the_runbook_is_that_of_the_alert_that_decides_and_of_its_best_hint() -> None:
    assert score(EXERCISE, [PAGE], {PAGE.alert: (hint("sps.F3"), hint("sps.F1"))}).faults == (Fault.RUNBOOK,)
    assert score(EXERCISE, [PAGE], {}).faults == (Fault.RUNBOOK,)


def test_a_page_about_a_neighbour_is_false_and_so_is_one_before_the_failure() -> None:
    neighbour = alert("sps-c", "sps.M3", "page", 50)
    early = alert("sps-b", "sps.M3", "page", -5)
    found = score(EXERCISE, [PAGE, neighbour, early, alert("sps-c", "sps.M3", "ticket", 40)], RIGHT)
    assert found.faults == (Fault.FALSE_PAGE,)
    assert found.false_pages == (early.alert, neighbour.alert)
    assert found.false_tickets == ("o-sps.M3/sps-c/ticket",)


def test_others_that_were_reached_may_page_and_clearing_is_no_alarm() -> None:
    found = score(
        EXERCISE, [PAGE, alert("sps-b", "sps.M3", "page", 95), alert("sps-c", "sps.M3", "page", 9, firing=False)], RIGHT
    )
    assert found.passed
