"""Compliance windows: over how long a budget is counted."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slo.located import Located

_DAY_S = 86_400
_FIXED_S = {"m": 60, "h": 3_600}
"""Units that no calendar changes."""
_DAYS = {"d": 1, "w": 7}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_NOMINAL_S = {**_FIXED_S, "d": _DAY_S, "w": 7 * _DAY_S, "M": 30 * _DAY_S, "Q": 90 * _DAY_S, "Y": 365 * _DAY_S}
"""Length of a unit where it must be one number: in rolling windows, and for the factors of tiers."""


@dataclass(frozen=True, slots=True)
class RollingWindow:
    """(now - length, now]."""

    length_s: int


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """``count`` units (m, h, d, w, M, Q or Y) from ``start`` on, a wall-clock time in ``zone`` (IANA)."""

    count: int
    unit: str
    start: datetime
    zone: str


Window = RollingWindow | CalendarWindow
_LONGEST_DAYS = {"d": 1, "w": 7, "M": 31, "Q": 92, "Y": 366}
_CLOCK_CHANGE_S = 7_200
"""A calendar period may be so much longer than its days."""


def period_s(window: Window) -> int:
    """Length of a window in seconds; a month counts as 30 days, a quarter as 90, a year as 365."""
    match window:
        case RollingWindow(length_s):
            return length_s
        case CalendarWindow(count, unit):
            return count * _NOMINAL_S[unit]


def longest_s(window: Window) -> int:
    """A length that no period of the window exceeds."""
    if isinstance(window, CalendarWindow) and window.unit in _LONGEST_DAYS:
        return window.count * _LONGEST_DAYS[window.unit] * _DAY_S + _CLOCK_CHANGE_S
    return period_s(window)


class Span(NamedTuple):
    """(start, end] in UTC seconds."""

    start_unix_s: int
    end_unix_s: int

    @property
    def length_s(self) -> int:
        return self.end_unix_s - self.start_unix_s


def span_at(window: CalendarWindow, at_unix_s: int) -> Span:
    """The calendar period that ``at_unix_s`` belongs to; its first instant ends the one before.

    Periods before ``window.start`` count backwards from it. Lengths are real ones: a month with the change to summer time is an
    hour short. A wall-clock time that this change skips is taken at the offset before it.
    """
    index = (at_unix_s - _boundary(window, 0)) // period_s(window)
    while _boundary(window, index) >= at_unix_s:
        index -= 1
    while _boundary(window, index + 1) < at_unix_s:
        index += 1
    return Span(_boundary(window, index), _boundary(window, index + 1))


def _boundary(window: CalendarWindow, index: int) -> int:
    """Where period ``index`` begins. Months are counted from the first start: from the 31st they end on their last day."""
    first, units = window.start, index * window.count
    zone = ZoneInfo(window.zone)
    if window.unit in _FIXED_S:
        return int(first.replace(tzinfo=zone).timestamp()) + units * _FIXED_S[window.unit]
    if window.unit in _DAYS:
        wall = first + timedelta(days=units * _DAYS[window.unit])
    else:
        year, month = divmod(first.year * 12 + first.month - 1 + units * _MONTHS[window.unit], 12)
        wall = first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))
    return int(wall.replace(tzinfo=zone).timestamp())


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
        return RollingWindow(count * _NOMINAL_S[unit] if count else duration.duration_s())
    if not count:
        raise duration.error(f"is `{duration.text()}`", "write whole hours, days, weeks, months, quarters or years, as 1M")
    calendar = entries[0].required("calendar")
    calendar.fields(("startTime", "timeZone"))
    start, zone = calendar.required("startTime"), calendar.required("timeZone")
    try:
        first = datetime.fromisoformat(start.text())
    except ValueError:
        raise start.error(f"is `{start.text()}`", "write for example 2026-01-01 00:00:00") from None
    if first.microsecond:
        raise start.error(f"is `{start.text()}`", "write whole seconds")
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
    whole = count.isascii() and count.isdecimal() and len(count) <= 3 and unit in _NOMINAL_S
    return (int(count) if whole else 0, unit)
