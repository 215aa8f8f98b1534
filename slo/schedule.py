"""Planned exclusions: what is known to recur, worked out as far as anybody asks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from dateutil.rrule import rrule, rruleset, rrulestr

from slo.exclusions import Exclusion
from slo.instant import NS

_MOST = 100_000
"""Occurrences of a rule; more is a mistake."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An exclusion and the rule by which it recurs on the wall clock of ``zone``; None: it happens once."""

    first: Exclusion
    rule: rrule | rruleset | None
    zone: tzinfo

    def occurrences(self, until_ns: int) -> Iterator[Exclusion]:
        """Those that begin before a time, in order; one that happens once in any case.

        Raises:
            ValueError: too many.
        """
        if self.rule is None:
            yield self.first
            return
        length = _wall(self.first.end_ns, self.zone) - _wall(self.first.start_ns, self.zone)
        for count, start in enumerate(self.rule):
            start_ns = _unix_ns(start, self.zone) + self.first.start_ns % NS
            if start_ns >= until_ns:
                return
            if count == _MOST:
                raise ValueError(f"the exclusion for {self.first.reason} recurs more than {_MOST} times")
            end_ns = _unix_ns(start + length, self.zone) + self.first.end_ns % NS
            yield Exclusion(start_ns, end_ns, self.first.reason, self.first.who, self.first.subject)


def recurring(first: Exclusion, rule: str, zone: tzinfo) -> Planned:
    """A plan by the text of a recurrence rule (RFC 5545); an empty one does not recur.

    Raises:
        ValueError: no such rule.
    """
    if not rule:
        return Planned(first, None, zone)
    try:
        return Planned(first, rrulestr(rule, dtstart=_wall(first.start_ns, zone), ignoretz=True), zone)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"rule `{rule}` is no recurrence rule ({error}); write for example FREQ=WEEKLY;BYDAY=TU") from None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that is planned."""

    planned: Sequence[Planned]

    def until(self, time_ns: int) -> tuple[Exclusion, ...]:
        """All that begin before a time."""
        return tuple(_chained(each.occurrences(time_ns) for each in self.planned))


def _chained(parts: Iterable[Iterable[Exclusion]]) -> Iterator[Exclusion]:
    for part in parts:
        yield from part


def _wall(time_ns: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time_ns // NS, zone).replace(tzinfo=None)


def _unix_ns(wall: datetime, zone: tzinfo) -> int:
    return int(wall.replace(tzinfo=zone).timestamp()) * NS
