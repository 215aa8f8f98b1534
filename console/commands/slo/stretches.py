"""The stretch of time that a report is about, as people name it."""

from datetime import UTC, datetime

from console.refusal import ExitCode, Refusal
from slo.instant import NS, instant_ns

_MONTHS = {"month": 1, "quarter": 3}
HELP = "month or quarter (so far), last-month or last-quarter, or FROM/TO (ISO 8601)."


def stretch_of(text: str, now_unix_s: int) -> tuple[int, int]:
    """(since, until] in UTC seconds; calendar months and quarters are UTC's.

    Raises:
        Refusal: nothing of the kind.
    """
    name, last = text.removeprefix("last-"), text.startswith("last-")
    if name in _MONTHS:
        now = datetime.fromtimestamp(now_unix_s, UTC)
        months = _MONTHS[name]
        index = (now.year * 12 + now.month - 1) // months * months
        if last:
            return _month(index - months), _month(index)
        return _month(index), now_unix_s
    since, slash, until = text.partition("/")
    if not slash:
        raise Refusal(ExitCode.USAGE, f"“{text}” is no period", where="--period", do=f"write {HELP}")
    try:
        found = instant_ns(since)[0] // NS, instant_ns(until)[0] // NS
    except ValueError as error:
        raise Refusal(ExitCode.USAGE, str(error), where="--period", do=f"write {HELP}") from None
    if found[1] <= found[0]:
        raise Refusal(ExitCode.USAGE, f"“{text}” ends before it begins", where="--period", do="swap the two times")
    return found


def _month(index: int) -> int:
    year, month = divmod(index, 12)
    return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp())
