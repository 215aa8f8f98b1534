"""The table of scores."""

import pytest

from console.gameday.score import Fault, Score, Suggestion
from console.gameday.table import COLUMNS, duration, markdown, row

RIGHT = Score(
    failure="sps.F1",
    title="cryocooler failure",
    target="sps-a",
    expected_severity="page",
    expected_failure="sps.F1",
    severity="page",
    after_s=95,
    indicator="sps.M3",
    subject="sps-a",
    alert="o/sps-a/page",
    suggestions=(Suggestion("sps.F1", "docs/runbooks/sps.F1.md", 1.0, ("sps.M3",), ()),),
)
UNNOTICED = Score(
    failure="sps.F3", title="t", target="sps-a", expected_severity="page", expected_failure="sps.F3", faults=(Fault.UNNOTICED,)
)


def test_what_is_right_stands_alone_and_what_is_not_beside_what_was_expected() -> None:
    assert row(RIGHT) == (
        "sps.F1", "cryocooler failure", "sps-a", "sps.M3", "sps-a", "1 min 35 s", "page", "sps.F1", "nobody", "right"
    )  # fmt: skip
    assert row(UNNOTICED)[3:] == ("–", "–", "–", "–, not page", "–, not sps.F3", "nobody", "no alert of its indicators")


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.6, "1 min"), (60, "1 min"), (3605, "60 min 5 s")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_as_markdown() -> None:
    lines = markdown([RIGHT, UNNOTICED]).splitlines()
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}
