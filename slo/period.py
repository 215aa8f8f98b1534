"""Compliance windows: over how long a budget is counted."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slo.located import Located

DAY_S = 86_400
_NOMINAL_DAYS = {"d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365}
"""Days of a calendar unit where its length must be one number: in rolling windows, and for the factors of tiers."""


@dataclass(frozen=True, slots=True)
class RollingWindow:
    """(now - length, now]."""

    length_s: int


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """``count`` calendar units (d, w, M, Q or Y) from ``start``, a wall-clock time in ``zone`` (IANA)."""

    count: int
    unit: str
    start: datetime
    zone: str


Window = RollingWindow | CalendarWindow


def period_s(window: Window) -> int:
    """Length of a window in seconds; a month counts as 30 days, a quarter as 90, a year as 365."""
    match window:
        case RollingWindow(length_s):
            return length_s
        case CalendarWindow(count, unit):
            return count * _NOMINAL_DAYS[unit] * DAY_S


def compliance_window(written: Located) -> Window:
    """The window in an SLO's ``timeWindow``: a list of one entry.

    Raises:
        DefinitionError: none or several, or a duration, start or time zone that is none.
    """
    entries = written.items()
    if len(entries) != 1:
        raise written.error(f"has {len(entries)} entries", "keep exactly one")
    fields = entries[0].fields(("duration", "isRolling", "calendar"))
    duration = entries[0].required("duration")
    count, unit = _calendar_units(duration)
    if fields["isRolling"].flag() if "isRolling" in fields else "calendar" not in fields:
        if "calendar" in fields:
            raise fields["calendar"].error("stands in a rolling window", "delete it, or write `isRolling: false`")
        return RollingWindow(count * _NOMINAL_DAYS[unit] * DAY_S if count else duration.duration_s())
    if not count:
        raise duration.error(f"is `{duration.text()}`", "write whole days, weeks, months, quarters or years, for example 1M")
    calendar = entries[0].required("calendar")
    calendar.fields(("startTime", "timeZone"))
    start, zone = calendar.required("startTime"), calendar.required("timeZone")
    try:
        first = datetime.fromisoformat(start.text())
    except ValueError:
        raise start.error(f"is `{start.text()}`", "write for example 2026-01-01 00:00:00") from None
    if first.tzinfo is not None:
        raise start.error("has a time zone", "put the zone into timeZone")
    try:
        ZoneInfo(zone.text())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise zone.error(f"is `{zone.text()}`, not a known time zone", "write an IANA name such as Europe/Berlin") from None
    return CalendarWindow(count, unit, first, zone.text())


def _calendar_units(duration: Located) -> tuple[int, str]:
    """Count and calendar unit of a duration; a count of 0 where it is none."""
    count, unit = duration.text()[:-1], duration.text()[-1:]
    whole = count.isascii() and count.isdecimal() and len(count) <= 3 and unit in _NOMINAL_DAYS
    return (int(count) if whole else 0, unit)
