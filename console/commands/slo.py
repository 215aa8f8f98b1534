"""``photonwatch slo``: look at definitions of objectives. Thin: the work is in the slo room."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.invocation import of
from console.quantities import seconds_text
from console.wiring import definition_paths

if TYPE_CHECKING:
    from rich.table import Table

    from slo.explain import Explanation

_Files = Annotated[
    list[Path] | None,
    typer.Argument(help="OpenSLO files or directories. Without any: the configured ones beside the shipped ones.", exists=True),
]
_Json = Annotated[bool, typer.Option("--json", help="As an object for scripts.")]


def build() -> typer.Typer:
    app = typer.Typer(help="Look at the definitions of objectives.", no_args_is_help=True)
    app.command()(validate)
    app.command()(rules)
    app.command()(explain)
    return app


def validate(context: typer.Context, files: _Files = None, as_json: _Json = False) -> None:
    """Read definitions strictly; say what stands in them, or where the first mistake is."""
    invocation = of(context)
    from slo.definitions import load

    definitions = load(definition_paths(invocation.settings, files))
    if as_json:
        invocation.answer(
            {
                "objectives": [objective.name for objective in definitions.objectives],
                "unevaluated": [{"slo": each.slo, "reason": each.reason} for each in definitions.unevaluated],
            }
        )
        return
    for objective in definitions.objectives:
        invocation.terminal.print(f"[green]✓[/] {objective.name}  [dim]{objective.place}[/]")
    for each in definitions.unevaluated:
        invocation.terminal.print(f"[yellow]–[/] {each.slo}: loads, but nothing here judges it: {each.reason}")


def rules(
    context: typer.Context,
    files: _Files = None,
    out: Annotated[Path | None, typer.Option(help="Write the rule file here instead of to standard output.")] = None,
) -> None:
    """Print the Prometheus recording, metadata and alert rules of the definitions."""
    from slo.definitions import load
    from slo.rules import rule_file

    text = rule_file(load(definition_paths(of(context).settings, files)).objectives)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def explain(context: typer.Context, files: _Files = None, as_json: _Json = False) -> None:
    """Show each objective's tiers: factor, threshold, budget share, and when each would fire and clear."""
    invocation = of(context)
    from slo.definitions import load
    from slo.explain import explain as explanation_of

    objectives = load(definition_paths(invocation.settings, files)).objectives
    explanations = [explanation_of(objective) for objective in objectives]
    if as_json:
        invocation.answer({"objectives": [_document(each) for each in explanations]})
        return
    for objective, explanation in zip(objectives, explanations, strict=True):
        criterion = str(objective.criterion) if objective.criterion else "measured elsewhere"
        invocation.terminal.print(f"[bold]{objective.name}[/]  {objective.display_name}")
        invocation.terminal.print(
            f"  good: {criterion}; {_exact(explanation.target)} of {seconds_text(explanation.period_s)}; "
            f"the largest burn rate is {_exact(explanation.largest_burn)}"
        )
        invocation.terminal.print(_table(explanation), "")


def _document(explanation: "Explanation") -> dict[str, object]:
    return {
        "objective": explanation.objective,
        "target": _exact(explanation.target),
        "budget": _exact(explanation.budget),
        "period_s": explanation.period_s,
        "largest_burn": _exact(explanation.largest_burn),
        "tiers": [
            {
                "name": row.tier.name,
                "severity": row.tier.severity,
                "short_s": row.tier.short_s,
                "long_s": row.tier.long_s,
                "factor": _exact(row.tier.factor),
                "threshold": _exact(row.threshold),
                "budget_share": _exact(row.budget_share),
                "minimum_events": row.tier.minimum_events,
                "detection_s": _by_ratio(explanation.error_ratios, row.detection_s),
                "reset_s": _by_ratio(explanation.error_ratios, row.reset_s),
            }
            for row in explanation.tiers
        ],
    }


def _table(explanation: "Explanation") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    headings = ["  tier", "severity", "short", "long", "factor", "budget"]
    headings += [f"at {float(ratio) * 100:g} %" for ratio in explanation.error_ratios]
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for row in explanation.tiers:
        tier = row.tier
        share = f"{float(row.budget_share) * 100:.3g} %"
        times = ("–" if s is None else seconds_text(float(s)) for s in row.detection_s)
        windows = (seconds_text(tier.short_s), seconds_text(tier.long_s))
        table.add_row(f"  {tier.name}", tier.severity, *windows, _exact(tier.factor), share, *times)
    return table


def _by_ratio(ratios: Sequence[Fraction], times: Sequence[Fraction | None]) -> dict[str, str | None]:
    return {_exact(ratio): None if time is None else _exact(time) for ratio, time in zip(ratios, times, strict=True)}


def _exact(value: Fraction) -> str:
    from slo.exact import number_text

    return number_text(value)
