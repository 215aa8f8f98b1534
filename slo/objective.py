"""What the evaluation works from: an objective with everything resolved, exact and immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import NamedTuple

from schemas.ids import IndicatorId, SubjectId
from slo.errors import Place
from slo.exact import number_text
from slo.period import CalendarWindow, Window, period_s
from slo.tiers import Tier


class Operator(StrEnum):
    """How a measured value must stand to its threshold."""

    LESS = "lt"
    AT_MOST = "lte"
    GREATER = "gt"
    AT_LEAST = "gte"

    @property
    def sign(self) -> str:
        return {"lt": "<", "lte": "≤", "gt": ">", "gte": "≥"}[self.value]


class Method(StrEnum):
    """What a budget is counted in."""

    OCCURRENCES = "Occurrences"
    TIMESLICES = "Timeslices"
    RATIO_TIMESLICES = "RatioTimeslices"


class EmptySlices(StrEnum):
    """What a time slice without events is."""

    GOOD = "good"
    BAD = "bad"
    EXCLUDED = "excluded"


class Mode(StrEnum):
    """How the parts of a composite make a whole; composite.py has the formulae."""

    WEIGHTED = "weighted"
    WORST = "worst"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composite: what ``objective`` measures, held against this part's own target."""

    objective: str
    weight: Fraction
    target: Fraction

    @property
    def budget(self) -> Fraction:
        """B = 1 - target."""
        return 1 - self.target


@dataclass(frozen=True, slots=True)
class Composite:
    """What an objective is made of that measures nothing itself."""

    mode: Mode
    parts: tuple[Part, ...]


class EventCounts(NamedTuple):
    """Names of an estimate's counts: bad events are either counted themselves, or all that are not good."""

    total: str
    good: str | None = None
    bad: str | None = None

    def of(self, counts: Mapping[str, int]) -> tuple[int, int] | None:
        """Good and bad events of an estimate; None where it does not count them."""
        total, counted = counts.get(self.total), counts.get(self.good or self.bad or "")
        if total is None or counted is None or not 0 <= counted <= total:
            return None
        return (counted, total - counted) if self.good else (total - counted, counted)


@dataclass(frozen=True, slots=True)
class Criterion:
    """What makes a sample good: ``indicator`` ``operator`` ``threshold``, for devices of ``systems`` (empty: of every system).

    ``integration_s`` tells whoever measures how long to integrate; it selects nothing. Where ``events`` names counts, the
    budget is about the events that a sample counted, and operator and threshold only say how their ratio looks.
    """

    indicator: IndicatorId
    name: str
    unit: str
    operator: Operator
    threshold: Fraction
    systems: tuple[str, ...] = ()
    integration_s: int | None = None
    events: EventCounts | None = None

    def concerns(self, system: str) -> bool:
        """Whether devices of ``system`` are judged by it."""
        return not self.systems or system in self.systems

    def __str__(self) -> str:
        """As people write it: ``g²(0) < 0.5``."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.name} {self.operator.sign} {number_text(self.threshold)}{unit}"


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective. ``target`` is its ratio of good events; ``criterion`` is None where others measure the indicator.

    Slices are judged by ``slice_ratio``, ``slice_s`` and ``empty_slices``; others than Timeslices lack the first, Occurrences
    both. ``event_window``: the budget is about the last so many events. ``exclusion_cap``: the most of a period that exclusions
    may take out. ``critical``: nothing is ever excluded. ``unreachable``: tiers that no error ratio can make fire.
    ``exhaustion_alerts`` and ``no_data_alerts``: severity, and seconds that are left or silent.
    """

    name: str
    slo: str
    service: str
    display_name: str
    description: str
    criterion: Criterion | None
    target: Fraction
    window: Window
    method: Method
    slice_ratio: Fraction | None
    slice_s: int | None
    tiers: tuple[Tier, ...]
    runbook: str
    place: Place = field(compare=False)
    empty_slices: EmptySlices = EmptySlices.EXCLUDED
    event_window: int | None = None
    exclusion_cap: Fraction = Fraction(1)
    critical: bool = False
    unreachable: tuple[Tier, ...] = ()
    exhaustion_alerts: tuple[tuple[str, int], ...] = ()
    no_data_alerts: tuple[tuple[str, int], ...] = ()
    composite: Composite | None = None
    subjects: tuple[str, ...] = ()

    def is_about(self, subject: SubjectId) -> bool:
        """Whether it judges this subject: all, or those that a pattern names and no pattern with ``!`` takes out."""
        named = [each for each in self.subjects if not each.startswith("!")]
        taken_out = any(fnmatchcase(subject, each[1:]) for each in self.subjects if each.startswith("!"))
        return not taken_out and (not named or any(fnmatchcase(subject, each) for each in named))

    @property
    def budget(self) -> Fraction:
        """B = 1 - target."""
        return 1 - self.target

    @property
    def period_s(self) -> int:
        """The compliance window's length; a month counts as 30 days, a quarter as 90, a year as 365."""
        return period_s(self.window)

    @property
    def moving_period_s(self) -> int | None:
        """``period_s`` where the period is not the last so many seconds: a calendar's, or that of the last so many events."""
        return self.period_s if isinstance(self.window, CalendarWindow) or self.event_window is not None else None

    @property
    def windows_s(self) -> tuple[int, ...]:
        """Every window that is needed, ascending; the last is the period."""
        return tuple(sorted({self.period_s, *(length for tier in self.tiers for length in (tier.short_s, tier.long_s))}))
