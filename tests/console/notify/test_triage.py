"""What a person is told when a cryostat fails under six devices; and in maintenance."""

from collections.abc import Sequence
from dataclasses import replace

from console.notify.triage import Decision, Triage
from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.suppression import Suppressions, Surroundings
from slo.topology import Topology
from tests.console.notify.test_message import state
from tests.slo.samples import objective

CRYOSTAT = SubjectId("cryostat-1")
DEVICES = tuple(SubjectId(f"qdp-{number}") for number in range(1, 7))
OBJECTIVES = {"g2": objective(name="g2"), "cryostat": replace(objective(name="cryostat"), critical=True)}
HERE = Surroundings(Topology(dict.fromkeys(DEVICES, (CRYOSTAT,))), OBJECTIVES)
PATIENCE_S = 30.0


def cryostat(at: int, *, firing: bool) -> AlertState:
    return state(CRYOSTAT, "page", at, firing=firing, objective="cryostat")


def device(number: int, at: int, *, firing: bool, severity: str = "page") -> AlertState:
    return state(DEVICES[number - 1], severity, at, firing=firing)


class Story:
    """A receiver that takes everything it is told; ``turn`` is one look at the alerts."""

    def __init__(self, surroundings: Surroundings = HERE) -> None:
        self._triage, self._surroundings = Triage(PATIENCE_S), surroundings
        self._known: list[AlertState] = []
        self._heard: list[AlertState] = []

    def turn(self, at: int, *happened: AlertState) -> Decision:
        self._known += happened
        newest = {each.alert: each for each in self._known}
        pending = [each for each in self._known if each not in self._heard]
        context = Suppressions([each for each in newest.values() if each.firing], self._surroundings, at * NS)
        decision = self._triage.decide(pending, context, self._surroundings, float(at))
        self._heard += [*decision.tell, *(held.state for held in decision.silenced)]
        return decision


def told(decision: Decision) -> list[tuple[str, bool]]:
    return [(each.subject, each.firing) for each in decision.tell]


def alerts(held: Sequence[object]) -> set[str]:
    return {each.state.alert for each in held}  # type: ignore[attr-defined]


def test_a_cryostat_that_fails_under_six_devices_is_one_page() -> None:
    story = Story()
    assert (
        told(story.turn(1_000, *(device(number, 1_000, firing=True) for number in range(1, 7)))) == []
    )  # noticed before the cause
    failed = story.turn(1_010, cryostat(1_008, firing=True))
    assert told(failed) == [(CRYOSTAT, True)]
    assert {(held.state.subject, str(held.suppression)) for held in failed.waiting} == {
        (each, "inhibited by cryostat/cryostat-1/page") for each in DEVICES
    }
    story.turn(1_060)
    recovered = story.turn(1_500, cryostat(1_500, firing=False), *(device(number, 1_499, firing=False) for number in range(1, 6)))
    assert told(recovered) == [(CRYOSTAT, False)]
    assert len(alerts(recovered.silenced)) == 5
    assert told(story.turn(1_520)) == []
    assert told(story.turn(1_531)) == [(DEVICES[5], True)]  # it stays bad
    assert told(story.turn(1_900, device(6, 1_900, firing=False))) == [(DEVICES[5], False)]


def test_a_device_that_recovers_a_little_later_than_its_cryostat_is_not_told() -> None:
    story = Story()
    story.turn(1_000, cryostat(1_000, firing=True), device(1, 1_001, firing=True))
    assert told(story.turn(1_500, cryostat(1_500, firing=False))) == [(CRYOSTAT, False)]
    later = story.turn(1_520, device(1, 1_520, firing=False))
    assert (later.tell, alerts(later.silenced)) == ((), {device(1, 0, firing=True).alert})


def test_what_has_no_alert_of_its_own_is_one_message_all_the_same() -> None:
    story = Story()
    assert told(story.turn(1_000, device(1, 1_000, firing=True), device(2, 1_000, firing=True))) == []
    assert told(story.turn(1_025, device(3, 1_025, firing=True), device(4, 1_025, firing=True))) == []
    both = story.turn(1_030)
    assert told(both) == [(each, True) for each in DEVICES[:4]]  # four of six: the cryostat, though it says nothing
    alone = Story(replace(HERE, topology=Topology({each: (SubjectId(f"laser-{each}"),) for each in DEVICES})))
    alone.turn(1_000, device(1, 1_000, firing=True))
    alone.turn(1_025, device(3, 1_025, firing=True))
    assert told(alone.turn(1_030)) == [(DEVICES[0], True)]


def test_who_was_told_of_an_alert_hears_that_it_cleared_whatever_fires_then() -> None:
    story = Story()
    story.turn(1_000, device(1, 1_000, firing=True))
    assert told(story.turn(1_030)) == [(DEVICES[0], True)]
    story.turn(1_040, cryostat(1_040, firing=True))
    assert told(story.turn(1_050, device(1, 1_050, firing=False))) == [(DEVICES[0], False)]


def test_after_an_outage_episodes_are_held_against_each_other() -> None:
    """All of it happened unheard: what the cryostat covered is passed over, what stood alone is told."""
    story = Story()
    decision = story.turn(
        9_000,
        cryostat(1_000, firing=True),
        device(1, 1_005, firing=True),
        device(2, 1_010, firing=True),
        cryostat(1_500, firing=False),
        device(1, 1_510, firing=False),
        device(2, 2_000, firing=False),
        device(3, 3_000, firing=True),
        device(3, 3_005, firing=False),
    )
    assert {each.subject for each in decision.tell} == {CRYOSTAT, DEVICES[1], DEVICES[2]}
    assert alerts(decision.silenced) == {device(1, 0, firing=True).alert}


def test_a_ticket_waits_for_its_page_but_not_for_causes() -> None:
    alone = Story(replace(HERE, topology=Topology()))
    both = alone.turn(1_000, device(1, 1_000, firing=True), device(1, 1_000, firing=True, severity="ticket"))
    assert [each.severity for each in both.tell] == ["page"]
    assert {each.severity for each in alone.turn(1_100, device(1, 1_100, firing=False)).tell} == {"page", "ticket"}


def test_maintenance_over_a_breach_pages_nobody_but_the_cryostat_does() -> None:
    maintenance = Exclusion(900 * NS, 2_000 * NS, "maintenance: new mirror", "gpb", CRYOSTAT)
    story = Story(replace(HERE, exclusions=(maintenance,)))
    during = story.turn(1_000, device(1, 1_000, firing=True), device(2, 1_000, firing=True), cryostat(1_001, firing=True))
    assert told(during) == [(CRYOSTAT, True)]
    assert {str(held.suppression) for held in during.waiting} == {"excluded: maintenance: new mirror (gpb)"}
    assert told(story.turn(1_100, device(1, 1_100, firing=False), cryostat(1_100, firing=False))) == [(CRYOSTAT, False)]
    assert told(story.turn(2_001)) == []
    assert told(story.turn(2_040)) == [(DEVICES[1], True)]
