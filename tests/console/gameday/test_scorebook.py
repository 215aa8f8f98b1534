"""Scores as they come, and the page that keeps them."""

from pathlib import Path

import pytest

from console.gameday.score import Fault, Score
from console.gameday.scorebook import Scorebook, write_table
from console.refusal import Refusal


def scored(name: str, *faults: Fault) -> Score:
    return Score(
        failure=name,
        title=f"title of {name}",
        target="sps-a",
        expected_severity="page",
        expected_failure=name,
        severity="page",
        indicator="sps.M3",
        after_s=65,
        faults=faults,
    )


def test_the_page_holds_what_came_so_far_in_the_order_of_the_failures(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- scores -->\nold\n<!-- end of scores -->\nafter\n", "utf-8")
    book = Scorebook(["sps.F1", "sps.F2", "sps.F3"], page)
    assert "old" in page.read_text("utf-8")
    assert book.enter(scored("sps.F2")) == "sps.F2 title of sps.F2: right, page by sps.M3 after 1 min 5 s (1 of 3)"
    interrupted = page.read_text("utf-8")
    assert "| sps.F2 |" in interrupted
    assert "\n1 of 3 played, 1 as they should be.\n" in interrupted
    assert "old" not in interrupted
    assert book.enter(scored("sps.F1", Fault.RUNBOOK)).startswith("sps.F1 title of sps.F1: another runbook, page")
    book.enter(scored("sps.F3"))
    whole = page.read_text("utf-8")
    assert whole.index("| sps.F1 |") < whole.index("| sps.F2 |") < whole.index("| sps.F3 |")
    assert whole.startswith("before\n<!-- scores -->\n")
    assert whole.endswith("\n2 of 3 as they should be.\n\n<!-- end of scores -->\nafter\n")
    assert book.wrong == ("sps.F1",)
    assert [score.failure for score in book.scores] == ["sps.F1", "sps.F2", "sps.F3"]
    assert list(tmp_path.iterdir()) == [page]


def test_a_page_without_a_place_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks\n", "utf-8")
    with pytest.raises(Refusal, match="no place for the table"):
        Scorebook(["sps.F1"], page)


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- scores -->\nold\n<!-- end of scores -->\nafter\n", "utf-8")
    write_table(page, "| new |\n")
    write_table(page, "| new |\n")
    assert page.read_text("utf-8") == "before\n<!-- scores -->\n\n| new |\n\n<!-- end of scores -->\nafter\n"
    fresh = tmp_path / "fresh.md"
    write_table(fresh, "| new |\n")
    assert "| new |" in fresh.read_text("utf-8")
