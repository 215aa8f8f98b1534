"""Messages: one about each likely cause, the most severe first, what happened in order."""

from fractions import Fraction

from console.notify.message import messages
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.diagnosis import Hint
from slo.suppression import Suppressions, Surroundings
from slo.topology import Topology
from tests.slo.test_diagnosis import MISALIGNED, WORN


def state(subject: str, severity: str, at: int, *, firing: bool, objective: str = "g2") -> AlertState:
    return AlertState(
        alert=f"{objective}/{subject}/{severity}",
        objective=objective,
        subject=SubjectId(subject),
        severity=severity,
        firing=firing,
        since_unix_s=at,
        tiers=("quick",) if firing else (),
        text=f"text {at}",
        burn_rate="20",
        budget_remaining="1/2",
        run=RunId("r1"),
        firmware="2.1",
        runbook="docs/runbooks/sps.F7.md",
    )


NOTHING = Suppressions((), Surroundings(), 0)


def test_one_message_a_subject_the_page_first() -> None:
    made = messages(
        [
            state("b", "ticket", 1_800_000_000, firing=True),
            state("a", "page", 1_800_000_010, firing=True),
            state("a", "page", 1_800_000_020, firing=True, objective="brightness"),
        ],
        "http://127.0.0.1:8060",
        NOTHING,
    )
    assert [message.title for message in made] == ["[page] a: g2 and 1 more fires", "[ticket] b: g2 fires"]
    assert made[0].body.index("text 1800000010") < made[0].body.index("text 1800000020")
    for part in ("2027-01-15 08:00:10 UTC  page fires: text 1800000010", "http://127.0.0.1:8060/devices/a"):
        assert part in made[0].body


def test_what_fired_and_cleared_while_nobody_could_be_told() -> None:
    (message,) = messages([state("a", "page", 100, firing=True), state("a", "page", 400, firing=False)], "", NOTHING)
    assert message.title == "[page] a: g2 cleared"
    assert not message.firing
    assert message.body.count("text") == 2
    assert "page: http" not in message.body


def test_one_message_a_likely_cause_and_who_is_silent_meanwhile() -> None:
    cryostat = SubjectId("cryo 1/ü")
    surroundings = Surroundings(Topology({SubjectId("a"): (cryostat,), SubjectId("b"): (cryostat,)}))
    page = state(cryostat, "page", 100, firing=True, objective="cryostat")
    (alone,) = messages([page], "http://here", Suppressions([page], surroundings, 0))
    assert "silent meanwhile, because they depend on it: a, b" in alone.body
    assert "http://here/devices/cryo%201%2F%C3%BC" in alone.body
    devices = [state("a", "page", 110, firing=True), state("b", "ticket", 120, firing=True)]
    (both,) = messages(devices, "", Suppressions(devices, surroundings, 0))
    assert both.title == "[page] a: g2 and 1 more fires"
    assert both.body.count("likely cause: cryo 1/ü: 2 of the 2 that depend on it alert") == 2


def test_what_it_looks_like_and_where_to_begin() -> None:
    page = state("a", "page", 100, firing=True)
    looks = (
        Hint(MISALIGNED, Fraction(3, 4), ("light", "coupling"), ("actuator",), ()),
        Hint(WORN, Fraction(3, 4), ("light",), (), ()),
    )
    (message,) = messages([page], "", Suppressions([page], Surroundings(), 0, {(page.alert, 100): looks}))
    assert message.title == "[page] a: g2 fires, looks like misaligned"
    lines = message.body.splitlines()
    assert lines[1:] == [
        "looks like misaligned (misaligned): light down, coupling down, not actuator up. Begin with docs/runbooks/misaligned.md",
        "looks like worn (worn): light down. Begin with docs/runbooks/worn.md",
    ]
