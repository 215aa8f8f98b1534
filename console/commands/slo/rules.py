"""``photonwatch slo rules``."""

from pathlib import Path
from typing import Annotated

import typer

from console.commands.slo.options import Files
from console.invocation import of
from console.wiring import definition_paths


def rules(
    context: typer.Context,
    files: Files = None,
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
