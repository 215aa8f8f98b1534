"""``photonwatch indicators``: every indicator with its unit, direction, topic, estimators, target and what fools it."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson
from console.invocation import of

if TYPE_CHECKING:
    from slo.catalogue import Indicator


def indicators(
    context: typer.Context,
    *,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Only these, or those of a system: sps.M1, qdp. [default: all]", metavar="ID…")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The page docs/indicators.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the indicators that are watched, and how each is computed and judged."""
    invocation = of(context)
    from console.indicator_table import chosen, document, page, target_text
    from slo.catalogue import catalogue
    from streams.estimators.registry import estimators

    known = estimators()
    if markdown:
        typer.echo(page(catalogue(), known), nl=False)
        return
    rows = chosen(catalogue(), ids or [])
    counted = [row for row in rows if not row.derived_from]
    derived = [row for row in rows if row.derived_from]
    if as_json:
        invocation.answer(
            {
                "indicators": [document(row, known) for row in counted],
                "derived": [document(row, known) for row in derived],
            }
        )
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("id", "indicator", "unit", "target", "topic", "estimators", "what fools it"):
        table.add_column(heading)

    def add(row: "Indicator") -> None:
        table.add_row(row.id, row.name, row.unit, target_text(row), row.topic, ", ".join(row.estimators) or "–", row.fooled_by)

    for row in counted:
        add(row)
    invocation.terminal.print(table)
    invocation.terminal.print(f"[dim]{len(counted)} indicators[/]")
    for row in derived:
        invocation.terminal.print(f"[dim]derived: {row.id} {row.name}, from {', '.join(row.derived_from)}[/]")
