from datetime import datetime
from fractions import Fraction

import pytest

from slo.objective import Operator, period_s
from slo.openslo import CalendarWindow, RollingWindow
from slo.tiers import Tier
from tests.slo.samples import objective

START = datetime(2026, 1, 1)  # noqa: DTZ001  (wall-clock time, the zone stands beside it)


@pytest.mark.parametrize(
    ("window", "days"),
    [
        (RollingWindow(7 * 86_400), 7),
        (CalendarWindow(1, "M", START, "UTC"), 30),
        (CalendarWindow(2, "w", START, "UTC"), 14),
        (CalendarWindow(1, "Q", START, "UTC"), 90),
        (CalendarWindow(1, "Y", START, "UTC"), 365),
    ],
)
def test_nominal_periods(window: RollingWindow | CalendarWindow, days: int) -> None:
    assert period_s(window) == days * 86_400


def test_windows_are_each_once_and_ascending() -> None:
    tiers = (
        Tier("a", "page", 60, 900, Fraction(2)),
        Tier("b", "page", 300, 3_600, Fraction(2)),
        Tier("c", "page", 60, 300, Fraction(2)),
    )
    assert objective(tiers, period_s=3_600).windows_s == (60, 300, 900, 3_600)


def test_a_criterion_reads_as_people_write_it() -> None:
    criterion = objective().criterion
    assert str(criterion) == "g²(0) < 0.5"
    assert [each.sign for each in Operator] == ["<", "≤", ">", "≥"]
