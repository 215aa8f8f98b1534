"""Messages: one about each subject, the most severe first, what happened in order."""

from console.notify.message import messages
from schemas.ids import RunId, SubjectId
from schemas.records import AlertState


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


def test_one_message_a_subject_the_page_first() -> None:
    made = messages(
        [
            state("b", "ticket", 1_800_000_000, firing=True),
            state("a", "page", 1_800_000_010, firing=True),
            state("a", "page", 1_800_000_020, firing=True, objective="brightness"),
        ],
        "http://127.0.0.1:8060",
    )
    assert [message.title for message in made] == ["[page] a: g2 and 1 more fires", "[ticket] b: g2 fires"]
    assert made[0].body.index("text 1800000010") < made[0].body.index("text 1800000020")
    for part in ("2027-01-15 08:00:10 UTC", "run r1, firmware 2.1", "docs/runbooks/sps.F7.md", "http://127.0.0.1:8060/devices/a"):
        assert part in made[0].body


def test_what_fired_and_cleared_while_nobody_could_be_told() -> None:
    (message,) = messages([state("a", "page", 100, firing=True), state("a", "page", 400, firing=False)], "")
    assert message.title == "[page] a: g2 cleared"
    assert not message.firing
    assert message.body.count("text") == 2
    assert "page: http" not in message.body
