"""What the store's views of budgets are made of."""

from datetime import UTC

from console.budget_views import planned_around
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.schedule import Planned, Schedule

NOW_S, DAY_NS = 1_790_000_000, 86_400 * NS


def test_what_was_planned_long_ago_is_left_out() -> None:
    once = [Exclusion(NOW_S * NS + days * DAY_NS, NOW_S * NS + (days + 1) * DAY_NS, f"{days}") for days in (-402, -400, 0)]
    schedule = Schedule([Planned(each, None, UTC) for each in once])
    assert [each.reason for each in planned_around(schedule, NOW_S)] == ["-400", "0"]
