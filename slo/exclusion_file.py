"""Reads exclusions from a CSV file: ``start``, ``end``, ``reason``, and where wanted ``who``, ``subject``, ``rule`` and ``zone``.

``rule`` repeats the line's first occurrence by a recurrence rule (RFC 5545, for example ``FREQ=WEEKLY;BYDAY=TU``). It recurs on
the wall clock of ``zone`` (IANA, UTC where empty), in which times without a zone of their own are read, too.
"""

import csv
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.ids import SubjectId
from slo.errors import SeriesError
from slo.exclusions import EVERYBODY, Exclusion
from slo.instant import instant_ns
from slo.schedule import Planned, recurring

_REQUIRED = ("start", "end", "reason")
_KNOWN = (*_REQUIRED, "who", "subject", "rule", "zone")


def read_plan(path: Path) -> list[Planned]:
    """The planned exclusions of a file, in its order.

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
    if [name for name in _REQUIRED if name not in names] or [name for name in names if name not in _KNOWN]:
        cure = f"write {','.join(_REQUIRED)}, and where wanted {', '.join(_KNOWN[3:])}"
        raise SeriesError(f"{path}:1", f"the header is `{','.join(names)}`", cure)
    reader.fieldnames = names
    found: list[Planned] = []
    for row in reader:
        try:
            found.append(_planned({name: (text or "").strip() for name, text in row.items() if name}))
        except ValueError as error:
            raise SeriesError(f"{path}:{reader.line_num}", str(error), "mend that line") from None
    return found


def read_exclusions(path: Path, until_ns: int) -> list[Exclusion]:
    """The exclusions of a file that begin before ``until_ns``, as often as they recur.

    Raises:
        SeriesError: not such a file, or a rule that recurs without measure.
        OSError: it cannot be read.
    """
    try:
        return [each for planned in read_plan(path) for each in planned.occurrences(until_ns)]
    except ValueError as error:
        if isinstance(error, SeriesError):
            raise
        raise SeriesError(str(path), str(error), "make it recur less often") from None


def _planned(row: Mapping[str, str]) -> Planned:
    zone = _zone(row.get("zone", ""))
    start_ns, end_ns = instant_ns(row["start"], zone)[0], instant_ns(row["end"], zone)[0]
    if end_ns <= start_ns:
        raise ValueError(f"the exclusion ends ({row['end']}) before it begins ({row['start']})")
    if not row["reason"]:
        raise ValueError("the exclusion has no reason: say why, for the audit")
    subject = SubjectId(row.get("subject") or EVERYBODY)
    return recurring(Exclusion(start_ns, end_ns, row["reason"], row.get("who", ""), subject), row.get("rule", ""), zone)


def _zone(name: str) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"zone `{name}` is no known time zone: write an IANA name such as Europe/Berlin") from None
