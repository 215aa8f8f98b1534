"""Views of budgets for ClickHouse, made from the definitions: what the stream counts, counted by SQL, exactly.

The SQL stands in slo/views; here the definitions become its tables. Everything is whole numbers of 64 and 256 bits and fractions
of them; nothing is a float before it is shown. Conventions are the stream's: (start, end], everything belongs by its end.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from slo.exact import number_text
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.objective import Method, Objective
from slo.period import CalendarWindow, longest_s, span_at

VIEWS = ("slo_objectives", "slo_tier_definitions", "slo_exclusions", "slo_counted", "slo_windows", "slo_budgets", "slo_tiers")
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
_EXCLUSION: Mapping[str, str] = {
    "subject": "String",
    "start_ns": "Int64",
    "end_ns": "Int64",
    "reason": "String",
    "who": "String",
}


def view_statements(objectives: Iterable[Objective], planned: Sequence[Exclusion], made_unix_s: int) -> list[str]:
    """The statements, in an order in which they can be run; again whenever definitions or plans change. Composites, which count
    nothing themselves, are not in the views.

    ``planned`` are the occurrences of planned exclusions as far as the views shall know them. Calendars reach five years from
    ``made_unix_s``.
    """
    counting = [each for each in objectives if each.criterion]
    made = {
        "slo_objectives": _table(_OBJECTIVE, [_objective_row(each, made_unix_s) for each in counting]),
        "slo_tier_definitions": _table(_TIER, [row for each in counting for row in _tier_rows(each)]),
        "slo_exclusions": _sql("slo_exclusions").replace("<PLANNED>", _table(_EXCLUSION, _planned_rows(planned))),
        "slo_windows": _sql("slo_windows").replace("<WINDOWS>", _windows(counting)),
    }
    return [f"CREATE OR REPLACE VIEW {name} AS\n{made.get(name) or _sql(name)}" for name in VIEWS]


def _windows(objectives: Sequence[Objective]) -> str:
    """One question for each way of counting that occurs."""
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for each in objectives:
        kind = (each.method is Method.RATIO_TIMESLICES and each.slice_s is not None, each.event_window is not None)
        kinds.setdefault(kind, []).append(_text(each.name))
    parts = []
    for (averaged, of_events), names in sorted(kinds.items()) or [((False, False), ["''"])]:
        placed = _sql("placed").replace("<LATER_EVENTS>", _LATER if of_events else "0").replace("<OBJECTIVES>", ", ".join(names))
        parts.append(_sql("averaged_windows" if averaged else "windows").replace("<PLACED>", placed))
    return "\nUNION ALL\n".join(parts)


def _objective_row(objective: Objective, made_unix_s: int) -> list[str]:
    assert objective.criterion is not None  # noqa: S101 - view_statements chose
    ratio = objective.slice_ratio if objective.slice_ratio is not None else 1
    cap = objective.exclusion_cap * objective.period_s * NS
    sliced = objective.method is not Method.OCCURRENCES and objective.slice_s is not None
    return [
        _text(objective.name),
        _text(objective.service),
        _text(objective.criterion.indicator),
        _text(number_text(objective.target)),
        _text(str(objective.budget.numerator)),
        _text(str(objective.budget.denominator)),
        _text(objective.method),
        _numbers(objective.windows_s),
        str(objective.period_s),
        str(max(objective.windows_s[-1], longest_s(objective.window))),
        str(objective.slice_s if sliced else 0),
        str(ratio.numerator),
        str(ratio.denominator),
        _text(objective.empty_slices),
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
    return _numbers(changes), "NULL"


def _tier_rows(objective: Objective) -> list[list[str]]:
    return [
        [
            _text(objective.name),
            _text(tier.name),
            _text(tier.severity),
            str(tier.short_s),
            str(tier.long_s),
            _text(number_text(tier.factor)),
            _text(str(tier.threshold(objective.budget).numerator)),
            _text(str(tier.threshold(objective.budget).denominator)),
            str(tier.minimum_events),
        ]
        for tier in objective.tiers
    ]


def _planned_rows(planned: Iterable[Exclusion]) -> list[list[str]]:
    return [
        [_text(each.subject), str(each.start_ns), str(each.end_ns), _text(each.reason), _text(each.who)]
        for each in sorted(planned)
    ]


def _table(columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> str:
    """A SELECT of constant rows."""
    names = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    if not rows:
        return f"SELECT * FROM null({_text(names)})"
    return f"SELECT * FROM values({_text(names)},\n" + ",\n".join(f"({', '.join(row)})" for row in rows) + ")"


def _sql(name: str) -> str:
    """A shipped text, without its comments."""
    lines = files("slo").joinpath("views", f"{name}.sql").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def _numbers(values: Sequence[int]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
