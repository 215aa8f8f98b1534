"""Reads exclusions from a CSV file: ``start``, ``end``, ``reason``, and where wanted ``who``, ``subject``, ``rule`` and ``zone``.

``rule`` repeats the line's first occurrence by a recurrence rule (RFC 5545, for example ``FREQ=WEEKLY;BYDAY=TU``). It recurs on
the wall clock of ``zone`` (IANA, UTC where empty), in which times without a zone of their own are read, too.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from schemas.ids import SubjectId
from slo.errors import SeriesError
from slo.exclusions import EVERYBODY, Exclusion
from slo.instant import NS, instant_ns

_REQUIRED = ("start", "end", "reason")
_KNOWN = (*_REQUIRED, "who", "subject", "rule", "zone")
_MOST = 100_000
"""Occurrences of a rule; more is a mistake."""


def read_exclusions(path: Path, until_ns: int) -> list[Exclusion]:
    """The exclusions of a file, in its order; those that recur as far as they begin before ``until_ns``.

    Raises:
        SeriesError: not such a file; with the line and what to do.
        OSError: it cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SeriesError(str(path), f"is not text: {error}", "save the file as UTF-8 text") from None
    reader = csv.DictReader(lines, skipinitialspace=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    wrong = [name for name in _REQUIRED if name not in names] + [name for name in names if name not in _KNOWN]
    if wrong:
        raise SeriesError(
            f"{path}:1",
            f"the header is `{','.join(names)}`",
            f"write {','.join(_REQUIRED)}, and where wanted {', '.join(_KNOWN[3:])}",
        )
    reader.fieldnames = names
    found: list[Exclusion] = []
    for row in reader:
        try:
            found += _exclusions({name: (text or "").strip() for name, text in row.items() if name}, until_ns)
        except ValueError as error:
            raise SeriesError(f"{path}:{reader.line_num}", str(error), "mend that line") from None
    return found


def _exclusions(row: Mapping[str, str], until_ns: int) -> Iterator[Exclusion]:
    zone = _zone(row.get("zone", ""))
    start_ns, end_ns = instant_ns(row["start"], zone)[0], instant_ns(row["end"], zone)[0]
    if end_ns <= start_ns:
        raise ValueError(f"the exclusion ends ({row['end']}) before it begins ({row['start']})")
    if not row["reason"]:
        raise ValueError("the exclusion has no reason: say why, for the audit")
    subject = SubjectId(row.get("subject") or EVERYBODY)
    for since_ns, till_ns in _occurrences(start_ns, end_ns, row.get("rule", ""), zone, until_ns):
        yield Exclusion(since_ns, till_ns, row["reason"], row.get("who", ""), subject)


def _occurrences(start_ns: int, end_ns: int, rule: str, zone: tzinfo, until_ns: int) -> Iterator[tuple[int, int]]:
    if not rule:
        yield start_ns, end_ns
        return
    first, last = (_wall(time_ns, zone) for time_ns in (start_ns, end_ns))
    try:
        recurring = rrulestr(rule, dtstart=first, ignoretz=True)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"rule `{rule}` is no recurrence rule ({error}); write for example FREQ=WEEKLY;BYDAY=TU") from None
    for count, occurrence in enumerate(recurring):
        since_ns = _unix_ns(occurrence, zone)
        if since_ns >= until_ns:
            return
        if count == _MOST:
            raise ValueError(f"rule `{rule}` recurs more than {_MOST} times")
        yield since_ns, _unix_ns(occurrence + (last - first), zone)


def _zone(name: str) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"zone `{name}` is no known time zone: write an IANA name such as Europe/Berlin") from None


def _wall(time_ns: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time_ns // NS, zone).replace(tzinfo=None)


def _unix_ns(wall: datetime, zone: tzinfo) -> int:
    return int(wall.replace(tzinfo=zone).timestamp()) * NS
