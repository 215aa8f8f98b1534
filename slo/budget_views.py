"""Views of budgets for ClickHouse, made from the definitions: the statements that make them, and which are of no use any more."""

from collections.abc import Iterable, Sequence

from slo.budget_sql import EXCLUSIONS_VIEW, AsOf, fraction_sql, text_sql, windows_sql
from slo.exact import number_text
from slo.exclusions import Exclusion
from slo.objective import Objective

OWN_PREFIX = "slo_of "
"""Each objective has a view of its own by this and its name; ``slo_windows`` puts them together."""
WINDOWS, BUDGETS, TIERS = "slo_windows", "slo_budgets", "slo_tiers"
_FOREVER_NS = 1 << 62
"""The end of an exclusion whose end is not known yet."""


def view_statements(objectives: Iterable[Objective], planned: Sequence[Exclusion], made_unix_s: int) -> list[str]:
    """The statements, in an order in which they can be run; again whenever definitions or plans change. Composites, which count
    nothing, have no view.

    ``planned`` are the occurrences of planned exclusions as far as the views shall know them.
    """
    counting = [each for each in objectives if each.criterion]
    views = {EXCLUSIONS_VIEW: _exclusions(planned)}
    views |= {own_view(each.name): _own(each, AsOf(made_unix_s)) for each in counting}
    if counting:
        views[WINDOWS] = "\nUNION ALL ".join(f"SELECT * FROM {_name(own_view(each.name))}" for each in counting)
        views[BUDGETS] = _budgets()
        views[TIERS] = _tiers(counting)
    return [f"CREATE OR REPLACE VIEW {_name(name)} AS\n{sql}" for name, sql in views.items()]


def own_view(objective: str) -> str:
    """The name of an objective's own view."""
    return OWN_PREFIX + objective


def drop_statement(view: str) -> str:
    """Away with a view, if it is there."""
    return f"DROP VIEW IF EXISTS {_name(view)}"


def _name(view: str) -> str:
    return "`" + view.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _exclusions(planned: Sequence[Exclusion]) -> str:
    """What was raised, as it was told last; and what is planned."""
    raised = (
        "SELECT subject, toInt64(toUnixTimestamp64Nano(exclusions.time)) AS start_ns, "
        f"argMax(ifNull(toInt64(toUnixTimestamp64Nano(until)), {_FOREVER_NS}), (stored_at, batch_lo, position)) AS end_ns, "
        "reason, argMax(who, (stored_at, batch_lo, position)) AS who "
        "FROM exclusions GROUP BY subject, start_ns, reason"
    )
    if not planned:
        return raised
    rows = ", ".join(
        f"({text_sql(each.subject)}, {each.start_ns}, {each.end_ns}, {text_sql(each.reason)}, {text_sql(each.who)})"
        for each in sorted(planned)
    )
    names = "'subject String, start_ns Int64, end_ns Int64, reason String, who String'"
    return f"{raised}\nUNION ALL SELECT * FROM values({names}, {rows})"


def _own(objective: Objective, as_of: AsOf) -> str:
    """An objective's windows with their ratios; what is undefined is NULL."""
    budget = objective.budget
    # Where there are no events the denominators are 1, for every branch is worked out, and the answer is NULL.
    events, some = "(good + bad)", "greatest(good + bad, toInt256(1))"
    spent = f"(bad * toInt256('{budget.denominator}'))"
    allowed = f"({events} * toInt256('{budget.numerator}'))"
    divisor = f"({some} * toInt256('{budget.numerator}'))"
    undefined = f"if({events} = 0, NULL, "
    return (
        f"SELECT *, {text_sql(number_text(objective.target))} AS target, "
        f"{undefined}{fraction_sql('bad', some)}) AS error_ratio, "
        f"{undefined}{fraction_sql(spent, divisor)}) AS burn_rate, "
        f"{undefined}{fraction_sql(f'({allowed} - {spent})', divisor)}) AS remaining_ratio, "
        f"{undefined}toFloat64({spent}) / toFloat64({divisor})) AS burn, "
        f"{fraction_sql(allowed, f'(unit * {budget.denominator})')} AS allowed_events, "
        f"{fraction_sql('bad', 'unit')} AS bad_events\nFROM (\n{windows_sql(objective, as_of)}\n)"
    )


def _budgets() -> str:
    return (
        "SELECT objective, subject, at, since, target, bad_events AS used, allowed_events AS total, remaining_ratio, "
        "1 - burn AS remaining, good, bad, unit, insufficient, excluded "
        f"FROM {WINDOWS} WHERE is_period"
    )


def _tiers(objectives: Iterable[Objective]) -> str:
    """Every tier as it stands: ``is_above`` both thresholds, ``is_enough`` events, ``fires`` where both."""
    rows = ", ".join(
        f"({text_sql(each.name)}, {text_sql(tier.name)}, {text_sql(tier.severity)}, {tier.short_s}, {tier.long_s}, "
        f"{text_sql(number_text(tier.factor))}, {text_sql(str(threshold.numerator))}, {text_sql(str(threshold.denominator))}, "
        f"{tier.minimum_events})"
        for each in objectives
        for tier in each.tiers
        for threshold in [tier.threshold(each.budget)]
    )
    names = (
        "'objective String, tier String, severity String, short_s UInt32, long_s UInt32, factor String, "
        "numerator Int256, denominator Int256, minimum_events UInt64'"
    )
    defined = f"SELECT * FROM values({names}, {rows})" if rows else f"SELECT * FROM null({names})"
    above = " AND ".join(
        f"anyIf(bad, window_s = {length}) * denominator > anyIf(good + bad, window_s = {length}) * numerator"
        for length in ("short_s", "long_s")
    )
    return (
        "SELECT objective, subject, at, tier, severity, short_s, long_s, factor, "
        "anyIf(burn, window_s = short_s) AS short_burn, anyIf(burn, window_s = long_s) AS long_burn, "
        f"{above} AS is_above, anyIf(good + bad >= minimum_events * unit, window_s = long_s) AS is_enough, "
        f"is_above AND is_enough AS fires FROM {WINDOWS} INNER JOIN ({defined}) AS defined USING objective "
        "GROUP BY objective, subject, at, tier, severity, short_s, long_s, factor, numerator, denominator, minimum_events"
    )
