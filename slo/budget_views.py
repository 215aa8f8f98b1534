"""Views of budgets for ClickHouse, made from the definitions: what the stream counts, counted by SQL, exactly.

The SQL stands in slo/views; here the definitions become its tables. Everything is whole numbers of 64 and 256 bits and fractions
of them; nothing is a float before it is shown. Conventions are the stream's: (start, end], everything belongs by its end.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from schemas.exercise import PATTERN as EXERCISES
from slo.composite_views import CompositeTables
from slo.exact import number_text
from slo.exclusions import Exclusion, spread
from slo.instant import NS
from slo.objective import Method, Objective
from slo.period import CalendarWindow, longest_s, span_at
from slo.topology import Topology
from slo.view_text import constants, numbers, quoted, shipped

VIEWS = (
    *("slo_objectives", "slo_tier_definitions", "slo_exclusions", "slo_excused", "slo_counted", "slo_windows", "slo_budgets"),
    *("slo_tiers", "slo_composite_definitions", "slo_composite_parts", "slo_composite_tier_definitions", "slo_composite_counted"),
    *(
        "slo_composite_summed",
        "slo_composite_windows",
        "slo_composite_budgets",
        "slo_composite_tiers",
        "slo_upstream",
        "slo_spent",
    ),
)
"""In an order in which they can be made."""
_CALENDAR_S = 5 * 366 * 86_400
"""How far around the time at which they are made views know a calendar's periods."""
_LATER = (
    "sum(whole_events) OVER (PARTITION BY counted.objective, subject ORDER BY end DESC ROWS UNBOUNDED PRECEDING) - whole_events"
)
_OBJECTIVE: Mapping[str, str] = {
    "objective": "String",
    "service": "String",
    "indicator": "String",
    "target": "String",
    "budget_numerator": "Int256",
    "budget_denominator": "Int256",
    "method": "String",
    "lengths": "Array(UInt32)",
    "period_s": "UInt32",
    "longest_s": "Int64",
    "slice_s": "Int64",
    "slice_numerator": "Int64",
    "slice_denominator": "Int64",
    "empty_slices": "String",
    "event_window": "Int64",
    "changes": "Array(Int64)",
    "even_start": "Nullable(Int64)",
    "cap_ns": "Int64",
    "cap_period_ns": "Int64",
    "is_critical": "UInt8",
}
_TIER: Mapping[str, str] = {
    "objective": "String",
    "tier": "String",
    "severity": "String",
    "short_s": "UInt32",
    "long_s": "UInt32",
    "factor": "String",
    "numerator": "Int256",
    "denominator": "Int256",
    "minimum_events": "UInt64",
}
_UPSTREAM: Mapping[str, str] = {"subject": "String", "other": "String", "rank": "Int64"}
"""What a subject depends on, the nearest first, from 1 on."""
_OPEN = 1 << 62
"""When what has not ended yet ends."""
_EXCLUSION: Mapping[str, str] = {
    "subject": "String",
    "start_ns": "Int64",
    "end_ns": "Int64",
    "reason": "String",
    "who": "String",
}


def view_statements(
    objectives: Iterable[Objective], planned: Sequence[Exclusion], made_unix_s: int, topology: Topology | None = None
) -> list[str]:
    """The statements, in an order in which they can be run; again whenever definitions, plans or the topology change.

    ``planned`` are the occurrences of planned exclusions as far as the views shall know them. Calendars reach five years from
    ``made_unix_s``. What is planned to be out is out with all that depends on it by ``topology``.
    """
    known, topology = list(objectives), topology or Topology()
    counting, composites = [each for each in known if each.criterion], CompositeTables(known)
    calendars = {each.name: _calendar(each, made_unix_s) for each in composites.wholes}
    measured = ", ".join(map(quoted, composites.leaves)) or "''"
    made = {
        "slo_objectives": constants(_OBJECTIVE, [_objective_row(each, made_unix_s) for each in counting]),
        "slo_tier_definitions": constants(_TIER, [row for each in counting for row in _tier_rows(each, each.budget)]),
        "slo_exclusions": shipped("slo_exclusions").replace("<PLANNED>", constants(_EXCLUSION, _planned_rows(planned, topology))),
        "slo_counted": shipped("slo_counted").replace("<WHOM>", "position(subject, '::') = 0"),
        "slo_windows": shipped("slo_windows").replace("<WINDOWS>", _windows(counting)),
        "slo_composite_definitions": composites.definitions(calendars),
        "slo_composite_parts": composites.parts(),
        "slo_composite_tier_definitions": constants(
            _TIER, [row for each in composites.wholes for row in _tier_rows(each, Fraction(1))]
        ),
        "slo_composite_counted": shipped("slo_counted").replace("<WHOM>", f"objective IN ({measured})"),
        "slo_composite_summed": composites.summed(),
        "slo_composite_windows": composites.windows(),
        "slo_upstream": constants(_UPSTREAM, _upstream_rows(topology)),
        "slo_spent": shipped("slo_spent").replace("<EXERCISES>", quoted(EXERCISES)).replace("<OPEN>", str(_OPEN)),
    }
    return [f"CREATE OR REPLACE VIEW {name} AS\n{made.get(name) or shipped(name)}" for name in VIEWS]


def _windows(objectives: Sequence[Objective]) -> str:
    """One question for each way of counting that occurs."""
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for each in objectives:
        kind = (each.method is Method.RATIO_TIMESLICES and each.slice_s is not None, each.event_window is not None)
        kinds.setdefault(kind, []).append(quoted(each.name))
    parts = []
    for (averaged, of_events), names in sorted(kinds.items()) or [((False, False), ["''"])]:
        placed = (
            shipped("placed").replace("<LATER_EVENTS>", _LATER if of_events else "0").replace("<OBJECTIVES>", ", ".join(names))
        )
        parts.append(shipped("averaged_windows" if averaged else "windows").replace("<PLACED>", placed))
    return "\nUNION ALL\n".join(parts)


def _objective_row(objective: Objective, made_unix_s: int) -> list[str]:
    assert objective.criterion is not None  # noqa: S101 - view_statements chose
    ratio = objective.slice_ratio if objective.slice_ratio is not None else 1
    cap = objective.exclusion_cap * objective.period_s * NS
    sliced = objective.method is not Method.OCCURRENCES and objective.slice_s is not None
    return [
        quoted(objective.name),
        quoted(objective.service),
        quoted(objective.criterion.indicator),
        quoted(number_text(objective.target)),
        quoted(str(objective.budget.numerator)),
        quoted(str(objective.budget.denominator)),
        quoted(objective.method),
        numbers(objective.windows_s),
        str(objective.period_s),
        str(max(objective.windows_s[-1], longest_s(objective.window))),
        str(objective.slice_s if sliced else 0),
        str(ratio.numerator),
        str(ratio.denominator),
        quoted(objective.empty_slices),
        str(objective.event_window or 0),
        *_calendar(objective, made_unix_s),
        str(-1 if objective.exclusion_cap == 1 else cap.numerator // cap.denominator),
        str(objective.period_s * NS),
        str(int(objective.critical)),
    ]


def _calendar(objective: Objective, made_unix_s: int) -> tuple[str, str]:
    """The changes of period that are known; or, of periods that no calendar changes, where one begins."""
    window = objective.window
    if not isinstance(window, CalendarWindow):
        return "[]", "NULL"
    if longest_s(window) == objective.period_s:
        return "[]", str(span_at(window, made_unix_s).start_unix_s)
    span = span_at(window, made_unix_s - _CALENDAR_S)
    changes = [span.start_unix_s, span.end_unix_s]
    while changes[-1] < made_unix_s + _CALENDAR_S:
        changes.append(span_at(window, changes[-1] + 1).end_unix_s)
    return numbers(changes), "NULL"


def _tier_rows(objective: Objective, budget: Fraction) -> list[list[str]]:
    """Thresholds are those of this budget."""
    return [
        [
            quoted(objective.name),
            quoted(tier.name),
            quoted(tier.severity),
            str(tier.short_s),
            str(tier.long_s),
            quoted(number_text(tier.factor)),
            quoted(str(tier.threshold(budget).numerator)),
            quoted(str(tier.threshold(budget).denominator)),
            str(tier.minimum_events),
        ]
        for tier in objective.tiers
    ]


def _planned_rows(planned: Iterable[Exclusion], topology: Topology) -> list[list[str]]:
    return [
        [quoted(each.subject), str(each.start_ns), str(each.end_ns), quoted(each.reason), quoted(each.who)]
        for each in sorted(spread(planned, topology))
    ]


def _upstream_rows(topology: Topology) -> list[list[str]]:
    return [
        [quoted(subject), quoted(other), str(rank)]
        for subject in sorted(topology.needs)
        for rank, other in enumerate(topology.upstream(subject), 1)
    ]
