from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from slo.period import CalendarWindow, RollingWindow, period_s, span_at

START = datetime(2026, 1, 1)  # noqa: DTZ001  (wall-clock time, the zone stands beside it)
HOUR, DAY = 3_600, 86_400


def unix_s(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


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


@pytest.mark.parametrize(
    ("at", "start", "end", "length_s"),
    [
        ("2026-03-15", "2026-03-01", "2026-04-01", 31 * DAY - HOUR),
        ("2026-10-31", "2026-10-01", "2026-11-01", 31 * DAY + HOUR),
        ("2026-02-10", "2026-02-01", "2026-03-01", 28 * DAY),
        ("2025-11-10", "2025-11-01", "2025-12-01", 30 * DAY),
        ("2028-02-29", "2028-02-01", "2028-03-01", 29 * DAY),
    ],
)
def test_months_in_a_zone_with_summer_time(at: str, start: str, end: str, length_s: int) -> None:
    zone = "Europe/Berlin"
    span = span_at(CalendarWindow(1, "M", START, zone), unix_s(at, zone))
    assert span == (unix_s(start, zone), unix_s(end, zone))
    assert span.length_s == length_s


def test_days_are_23_and_25_hours_long_when_clocks_change() -> None:
    day = CalendarWindow(1, "d", START, "America/New_York")
    lengths = [span_at(day, unix_s(f"2026-{date}T12:00", "America/New_York")).length_s for date in ("03-08", "07-01", "11-01")]
    assert lengths == [23 * HOUR, 24 * HOUR, 25 * HOUR]


def test_an_instant_belongs_to_the_period_that_it_ends() -> None:
    month = CalendarWindow(1, "M", START, "UTC")
    border = unix_s("2026-05-01")
    assert span_at(month, border) == (unix_s("2026-04-01"), border)
    assert span_at(month, border + 1) == (border, unix_s("2026-06-01"))


def test_periods_follow_each_other_without_gaps() -> None:
    for unit, start in (
        ("M", datetime(2026, 1, 31, 12, 30)),  # noqa: DTZ001
        ("Q", START),
        ("Y", START),
        ("w", START),
        ("h", START),
        ("m", START),
    ):
        window = CalendarWindow(1, unit, start, "Europe/Berlin")
        span = span_at(window, unix_s("2026-02-20"))
        assert span.start_unix_s < unix_s("2026-02-20") <= span.end_unix_s
        for _ in range(30):
            following = span_at(window, span.end_unix_s + 1)
            assert following.start_unix_s == span.end_unix_s
            span = following


def test_months_from_the_31st_end_on_their_last_day() -> None:
    window = CalendarWindow(1, "M", datetime(2026, 1, 31), "UTC")  # noqa: DTZ001
    span = span_at(window, unix_s("2026-03-01"))
    assert [datetime.fromtimestamp(edge, UTC).day for edge in span] == [28, 31]
