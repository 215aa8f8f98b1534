from datetime import UTC, datetime
from pathlib import Path

import pytest

from slo.errors import SeriesError
from slo.exclusion_file import read_exclusions
from slo.exclusions import Exclusion
from slo.instant import NS

FAR = 1 << 61


def read(tmp_path: Path, text: str, until_ns: int = FAR) -> list[Exclusion]:
    file = tmp_path / "x.csv"
    file.write_text(text, "utf-8")
    return read_exclusions(file, until_ns)


def iso(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns // NS, UTC):%m-%d %H:%M}"


def test_three_columns_are_enough(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "start,end,reason\n0,60,new pump\n")
    assert found == Exclusion(0, 60 * NS, "new pump")
    (who,) = read(tmp_path, "start,end,reason,who,subject\n1970-01-01,60,pump,gpb,sps-1\n")
    assert who == Exclusion(0, 60 * NS, "pump", "gpb", "sps-1")  # type: ignore[arg-type]


def test_a_rule_recurs_on_the_wall_clock_of_its_zone(tmp_path: Path) -> None:
    text = "start,end,reason,rule,zone\n2026-03-22 02:30,2026-03-22 04:30,backup,FREQ=WEEKLY;COUNT=3,Europe/Berlin\n"
    found = read(tmp_path, text)
    assert [(iso(each.start_ns), iso(each.end_ns)) for each in found] == [
        ("03-22 01:30", "03-22 03:30"),
        ("03-29 01:30", "03-29 02:30"),
        ("04-05 00:30", "04-05 02:30"),
    ]


def test_a_rule_without_end_stops_where_nobody_looks(tmp_path: Path) -> None:
    text = "start,end,reason,rule\n2026-01-01,2026-01-02,clean,FREQ=DAILY\n"
    assert len(read(tmp_path, text, 1_767_225_600 * NS + 10 * 86_400 * NS)) == 10
    with pytest.raises(SeriesError, match="recurs more than"):
        read(tmp_path, text.replace("DAILY", "SECONDLY"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start,end\n0,1\n", r"x\.csv:1: the header is `start,end`; write start,end,reason"),
        ("start,end,reason,wo\n", "the header is"),
        ("start,end,reason\n5,5,x\n", r"x\.csv:2: the exclusion ends \(5\) before it begins"),
        ("start,end,reason\n0,1,\n", "has no reason"),
        ("start,end,reason\n0,,x\n", "neither ISO 8601"),
        ("start,end,reason,rule\n0,1,x,EVERY=DAY\n", "no recurrence rule"),
        ("start,end,reason,zone\n0,1,x,Mars/Olympus\n", "no known time zone"),
        ("", "the header is ``"),
    ],
)
def test_refusals_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SeriesError, match=message):
        read(tmp_path, text)
