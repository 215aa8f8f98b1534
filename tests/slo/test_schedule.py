from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from slo.exclusions import Exclusion
from slo.instant import NS, instant_ns
from slo.schedule import Schedule, recurring


def at(text: str) -> int:
    return instant_ns(text, ZoneInfo("America/New_York"))[0]


def test_the_second_sunday_at_two_lasts_from_wall_clock_to_wall_clock() -> None:
    first = Exclusion(at("2026-02-08T01:00"), at("2026-02-08T04:00"), "patches", "ops")
    planned = recurring(first, "FREQ=MONTHLY;BYDAY=2SU", ZoneInfo("America/New_York"))
    lengths = [(each.end_ns - each.start_ns) // NS // 3_600 for each in planned.occurrences(at("2026-05-01"))]
    assert lengths == [3, 2, 3]  # clocks go forward in the night of 8 March


def test_what_happens_once_is_there_however_far_one_looks() -> None:
    once = Exclusion(5 * NS + 1, 9 * NS, "pump")
    schedule = Schedule((recurring(once, "", UTC), recurring(once, "FREQ=DAILY;COUNT=2", UTC)))
    assert schedule.until(1) == (once,)
    assert [each.start_ns for each in schedule.until(90_000 * NS)] == [5 * NS + 1, 5 * NS + 1, 86_405 * NS + 1]


def test_what_is_no_rule() -> None:
    with pytest.raises(ValueError, match="rule `daily` is no recurrence rule"):
        recurring(Exclusion(0, 1, "x"), "daily", UTC)
