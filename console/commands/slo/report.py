"""``photonwatch slo report``."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.commands.slo.gathered import gathered
from console.commands.slo.options import Json
from console.commands.slo.stretches import HELP, stretch_of
from console.invocation import of


class Format(StrEnum):
    """How a report is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


def report(
    context: typer.Context,
    period: Annotated[str, typer.Option(help=HELP, metavar="PERIOD")] = "month",
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.MARKDOWN,
    out: Annotated[Path | None, typer.Option(help="Write it here instead of to standard output.", metavar="FILE")] = None,
    as_json: Json = False,
) -> None:
    """Does the fleet keep its promises? Objectives, budgets, incidents, exclusions, and what changed since the time before."""
    invocation = of(context)
    import msgspec

    from console.fleet_report.document import document, table
    from console.fleet_report.pages import markdown, page
    from slo.spending import By

    stretch = stretch_of(period, int(time.time()))
    with gathered(invocation.settings) as asked:
        found = asked.report(stretch)
        spent = {by: asked.spent(stretch, by) for by in By}
    if as_json:
        form = Format.JSON
    if form is Format.JSON:
        text = msgspec.json.format(msgspec.json.encode(document(found, spent)), indent=2).decode() + "\n"
    elif form is Format.CSV:
        text = table(found)
    else:
        text = (page if form is Format.HTML else markdown)(found, spent)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
