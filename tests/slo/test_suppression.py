"""Why nobody is told: excluded time, or an alert that says it already; never of what is critical."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import msgspec

from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.diagnosis import Hint
from slo.exclusions import EVERYBODY, Exclusion
from slo.instant import NS
from slo.suppression import Suppression, Suppressions, Surroundings
from tests.slo.samples import objective
from tests.slo.test_diagnosis import MISALIGNED, WORN
from tests.slo.test_incidents import CRYO, LASER, TOPOLOGY, A, B, alert

OBJECTIVES = {
    "purity": objective(name="purity"),
    "cryostat": replace(objective(name="cryostat"), critical=True),
    "lock": objective(name="lock"),
}
MAINTENANCE = Exclusion(100 * NS, 200 * NS, "maintenance: new mirror", "gpb", LASER)


def surroundings(*exclusions: Exclusion) -> Surroundings:
    return Surroundings(TOPOLOGY, OBJECTIVES, exclusions)


def test_excluded_with_all_that_depends_on_it() -> None:
    laser, source, other = alert(LASER, objective="lock"), alert(A), alert(B)
    during = Suppressions([laser, source, other], surroundings(MAINTENANCE), 150 * NS)
    assert during.of(laser) == during.of(source) == Suppression("excluded", "maintenance: new mirror (gpb)")
    assert str(during.of(source)) == "excluded: maintenance: new mirror (gpb)"
    assert during.of(other) is None
    after = Suppressions([laser, source], surroundings(MAINTENANCE), 201 * NS)
    assert (after.of(laser), after.of(source)) == (None, Suppression("inhibited", laser.alert))


def test_what_nobody_is_told_of_silences_nothing() -> None:
    """The laser's own page is excluded, the source has a laser of its own cap: it is told."""
    capped = {**OBJECTIVES, "purity": replace(OBJECTIVES["purity"], exclusion_cap=Fraction(0))}
    during = Suppressions([alert(LASER, objective="lock")], Surroundings(TOPOLOGY, capped, (MAINTENANCE,)), 150 * NS)
    assert during.of(alert(A)) is None


def test_nothing_critical_is_suppressed() -> None:
    everybody = replace(MAINTENANCE, subject=EVERYBODY)
    during = Suppressions([alert(CRYO, objective="cryostat")], surroundings(everybody), 150 * NS)
    assert during.of(alert(CRYO, objective="cryostat")) is None
    assert during.of(alert(B)) == Suppression("excluded", "maintenance: new mirror (gpb)")
    assert during.of(alert(SubjectId("elsewhere"), objective="deleted since")) is None


def test_who_stays_silent_meanwhile() -> None:
    found = Suppressions([], surroundings(), 0)
    assert found.dependents(alert(CRYO)) == (B, LASER, A)
    assert found.dependents(alert(CRYO, "ticket")) == ()


def test_links_of_one_device_that_look_like_one_failure_are_one_incident() -> None:
    links = [msgspec.structs.replace(alert(SubjectId(f"link-{name}")), device="qic-a", runbook="own.md") for name in "bcd"]
    looks = (MISALIGNED, MISALIGNED, WORN)
    hints = {(link.alert, 0): (Hint(mode, Fraction(3, 4), ("light",), (), ()),) for link, mode in zip(links, looks, strict=True)}
    node = msgspec.structs.replace(alert(SubjectId("qic-a")), device="qic-a", runbook="own.md")
    context = Suppressions([*links, node], surroundings(), 0, {**hints, (node.alert, 0): hints[links[0].alert, 0]})
    assert subjects(context.together([*links, node])) == [["link-b", "link-c", "qic-a"], ["link-d"]]
    assert context.runbook(links[2]) == "docs/runbooks/worn.md"
    unknown = Suppressions(links, surroundings(), 0)
    assert subjects(unknown.together(links)) == [["link-b"], ["link-c"], ["link-d"]]
    assert unknown.runbook(links[2]) == "own.md"
    over = msgspec.structs.replace(links[0], firing=False)
    assert context.looks_like(over) == ()


def test_what_hangs_on_one_thing_stays_together_whatever_it_looks_like() -> None:
    both = [alert(A), alert(CRYO, objective="cryostat"), alert(B)]
    hint = (Hint(WORN, Fraction(1), ("light",), (), ()),)
    context = Suppressions(both, surroundings(), 0, {(both[0].alert, 0): hint})
    assert subjects(context.together(both)) == [[A, CRYO, B]]


def subjects(incidents: Sequence[Sequence[AlertState]]) -> list[list[str]]:
    return [[each.subject for each in states] for states in incidents]
