"""``photonwatch slo explain``."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import typer

from console.commands.slo.options import Files, Json
from console.invocation import Invocation, of
from console.quantities import seconds_text
from console.wiring import definition_paths

if TYPE_CHECKING:
    from rich.table import Table

    from slo.explain import Explanation, TierRow
    from slo.objective import Objective


def explain(context: typer.Context, files: Files = None, as_json: Json = False) -> None:
    """Show each objective's tiers: factor, threshold, budget share, when each would fire and clear, and which never can."""
    invocation = of(context)
    from slo.definitions import examine
    from slo.errors import UnreachableTierError
    from slo.explain import explain as explanation_of

    examined = examine(definition_paths(invocation.settings, files))
    for error in examined.findings.errors:
        if not isinstance(error, UnreachableTierError):
            raise error
    explanations = [explanation_of(objective) for objective in examined.objectives]
    if as_json:
        invocation.answer({"objectives": [_document(each) for each in explanations]})
        return
    for objective, explanation in zip(examined.objectives, explanations, strict=True):
        _show(invocation, objective, explanation)


def _show(invocation: Invocation, objective: "Objective", explanation: "Explanation") -> None:
    criterion = str(objective.criterion) if objective.criterion else "counted by whoever measures it"
    invocation.terminal.print(f"[bold]{objective.name}[/]  {objective.display_name}")
    invocation.terminal.print(
        f"  good: {criterion}; {_exact(explanation.target)} of {seconds_text(explanation.period_s)} "
        f"({objective.method}); budget {_exact(explanation.budget)}; the largest burn rate is {_exact(explanation.largest_burn)}"
    )
    if explanation.tiers:
        invocation.terminal.print("  until it fires, and until it clears once errors have stopped, at an error ratio of")
        invocation.terminal.print(_table(explanation))
    for row in explanation.unreachable:
        invocation.terminal.print(
            f"  [yellow]{row.tier.name}[/] can never fire: its threshold is {_exact(row.threshold)}; a factor below "
            f"{_exact(explanation.largest_burn)} would work, or an objective above {_exact(1 - 1 / row.tier.factor)}"
        )
    invocation.terminal.print("")


def _document(explanation: "Explanation") -> dict[str, object]:
    ratios = explanation.error_ratios
    return {
        "objective": explanation.objective,
        "target": _exact(explanation.target),
        "budget": _exact(explanation.budget),
        "period_s": explanation.period_s,
        "largest_burn": _exact(explanation.largest_burn),
        "tiers": [_row(row, ratios) for row in explanation.tiers],
        "unreachable": [_row(row, ratios) for row in explanation.unreachable],
    }


def _row(row: "TierRow", ratios: Sequence[Fraction]) -> dict[str, object]:
    return {
        "name": row.tier.name,
        "severity": row.tier.severity,
        "short_s": row.tier.short_s,
        "long_s": row.tier.long_s,
        "factor": _exact(row.tier.factor),
        "threshold": _exact(row.threshold),
        "budget_share": _exact(row.budget_share),
        "minimum_events": row.tier.minimum_events,
        "can_fire": row.can_fire,
        "detection_s": _by_ratio(ratios, row.detection_s),
        "reset_s": _by_ratio(ratios, row.reset_s),
    }


def _table(explanation: "Explanation") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("  tier", "severity", "short", "long", "factor", "threshold", "budget"):
        table.add_column(heading, no_wrap=True)
    for ratio in explanation.error_ratios:
        table.add_column(f"{float(ratio) * 100:g} %", no_wrap=True)
    for row in explanation.tiers:
        tier = row.tier
        share = f"{float(row.budget_share) * 100:.3g} %"
        times = (_times(*pair) for pair in zip(row.detection_s, row.reset_s, strict=True))
        windows = (seconds_text(tier.short_s), seconds_text(tier.long_s))
        table.add_row(f"  {tier.name}", tier.severity, *windows, _exact(tier.factor), _exact(row.threshold), share, *times)
    return table


def _times(detection_s: Fraction | None, reset_s: Fraction | None) -> str:
    if detection_s is None or reset_s is None:
        return "never"
    return f"{seconds_text(float(detection_s))} / {seconds_text(float(reset_s))}"


def _by_ratio(ratios: Sequence[Fraction], times: Sequence[Fraction | None]) -> dict[str, str | None]:
    return {_exact(ratio): None if time is None else _exact(time) for ratio, time in zip(ratios, times, strict=True)}


def _exact(value: Fraction) -> str:
    from slo.exact import number_text

    return number_text(value)
