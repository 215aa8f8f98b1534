from datetime import datetime

import pytest

from slo.period import CalendarWindow, RollingWindow, period_s

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
