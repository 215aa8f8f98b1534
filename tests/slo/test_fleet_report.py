"""Promises kept and broken, incidents in pairs, time taken out."""

from dataclasses import replace
from fractions import Fraction

from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.composite_watch import member_of
from slo.exclusions import Exclusion
from slo.fleet_report import Counted, Out, assemble, incidents, wholes
from slo.instant import NS
from slo.objective import Composite, EventCounts, Mode, Part
from tests.slo.samples import objective

ONE, TWO = SubjectId("sps-1"), SubjectId("sps-2")
PURITY = objective(name="purity", target=Fraction(9, 10))


def turned(at: int, *, firing: bool, severity: str = "page", subject: SubjectId = ONE, by: str = "") -> AlertState:
    return AlertState(
        alert=f"purity/{subject}/{severity}",
        objective="purity",
        subject=subject,
        severity=severity,
        firing=firing,
        since_unix_s=at,
        tiers=(),
        text="it burns",
        burn_rate=None,
        budget_remaining=None,
        run=RunId("r"),
        inhibited_by=by,
        bad_since_unix_s=at - 30 if firing else None,
    )


def test_promises_by_service_the_broken_ones_first() -> None:
    counted = {
        ("purity", ONE): Counted(Fraction(95), Fraction(5), 110, 10, 0),
        ("purity", TWO): Counted(Fraction(80), Fraction(20), 100),
        ("gone", ONE): Counted(Fraction(1), Fraction(0)),
        ("silence", ONE): Counted(Fraction(0), Fraction(0)),
    }
    before = {("purity", ONE): Counted(Fraction(1), Fraction(1))}
    silence = objective(name="silence")
    report = assemble([PURITY, silence], (1_000, 2_000), counted, before, {("purity", TWO): Fraction(-1)}, [], [])
    assert [(each.objective.name, each.subject, each.is_kept) for each in report.promises] == [
        ("purity", TWO, False),
        ("purity", ONE, True),
        ("silence", ONE, None),
    ]
    broken, kept, nothing = report.promises
    assert (broken.attained, broken.used, broken.remaining, broken.before) == (Fraction(4, 5), 2, -1, None)
    assert (kept.used, kept.before, kept.bounds) == (Fraction(1, 2), Fraction(1, 2), (Fraction(95, 110), Fraction(105, 110)))
    assert (nothing.used, nothing.bounds) == (None, None)
    assert (report.kept, report.broken) == (1, 1)
    assert PURITY.criterion
    of_events = replace(PURITY, criterion=replace(PURITY.criterion, events=EventCounts("tries", good="wins")))
    assert replace(kept, objective=of_events).bounds is None


def test_a_composite_is_kept_while_it_burns_no_more_than_its_parts_may() -> None:
    link, part = SubjectId("link-ab"), Part("purity", Fraction(1), Fraction(9, 10))
    path = replace(PURITY, name="path", criterion=None, composite=Composite(Mode.SERIAL, (part,)), subjects=("link-*",))
    parts = {
        ("purity", ONE): (Fraction(0), Fraction(100)),
        ("purity", member_of(link, ONE)): (Fraction(90), Fraction(10)),
        ("purity", member_of(link, TWO)): (Fraction(95), Fraction(5)),
    }
    counted = wholes([PURITY, path], parts)
    assert counted.keys() == {("path", link)}
    (promise,) = assemble([PURITY, path], (1_000, 2_000), counted, {}, {}, [], []).promises
    assert (promise.counted.good, promise.counted.bad) == (185, 15)
    assert promise.attained == Fraction(9, 10) * Fraction(95, 100)
    assert promise.used == (1 - promise.attained) / (1 - Fraction(81, 100))
    assert (promise.is_kept, promise.bounds) == (True, None)


def test_incidents_are_pairs_the_worst_first() -> None:
    turns = [
        turned(100, firing=True, severity="ticket"),
        turned(900, firing=True),
        turned(950, firing=True, subject=TWO),
        turned(1_200, firing=True, severity="ticket", subject=TWO, by="purity/sps-2/page"),
        turned(1_500, firing=False),
        turned(1_600, firing=False),
        turned(1_700, firing=True),
    ]
    found = incidents(turns)
    assert [(each.subject, each.fired_unix_s, each.cleared_unix_s) for each in found] == [
        (ONE, 900, 1_500),
        (ONE, 100, None),
        (TWO, 950, None),
        (TWO, 1_200, None),
        (ONE, 1_700, None),
    ]
    assert (found[0].detect_s, found[0].recover_s, found[1].recover_s) == (30, 600, None)
    report = assemble([PURITY], (1_000, 2_000), {}, {}, {}, turns, [])
    assert [(each.severity, each.fired_unix_s) for each in report.incidents] == [
        ("page", 950),
        ("page", 900),
        ("page", 1_700),
        ("ticket", 100),
        ("ticket", 1_200),
    ]
    assert (report.alerts, report.alerts_before) == ({"page": 1, "ticket": 0}, {"page": 2, "ticket": 1})


def test_time_that_was_taken_out_counts_once() -> None:
    out = [
        Exclusion(500 * NS, 1_100 * NS, "pump", "gpb", ONE),
        Exclusion(1_050 * NS, 1_200 * NS, "pump", "gpb", ONE),
        Exclusion(1_900 * NS, 9_000 * NS, "warm-up", "", ONE),
        Exclusion(10 * NS, 20 * NS, "long ago", "", ONE),
    ]
    report = assemble([PURITY], (1_000, 2_000), {}, {}, {}, [], out)
    assert report.out == (Out(ONE, "pump", "gpb", 200), Out(ONE, "warm-up", "", 100))
