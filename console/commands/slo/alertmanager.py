"""``photonwatch slo alertmanager``."""

from pathlib import Path
from typing import Annotated

import typer

from console.commands.slo.options import Files
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths, topology


def alertmanager(
    context: typer.Context,
    files: Files = None,
    receivers: Annotated[
        list[str] | None,
        typer.Option(
            "--receiver", help="Webhook of a severity, for example page=http://127.0.0.1:9000/page.", metavar="SEVERITY=URL"
        ),
    ] = None,
    dead_man: Annotated[str, typer.Option(help="Webhook that hears every minute that somebody watches.", metavar="URL")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the file here instead of to standard output.")] = None,
) -> None:
    """Print an Alertmanager configuration for the definitions: routes, grouping, inhibition."""
    from slo.alertmanager import Webhooks, configuration
    from slo.definitions import load

    named = {}
    for receiver in receivers or ():
        severity, equals, url = receiver.partition("=")
        if not equals or not url.startswith(("http://", "https://")):
            raise Refusal(
                ExitCode.USAGE,
                f"“{receiver}” is no receiver",
                where="--receiver",
                do="write severity=address, for example page=http://127.0.0.1:9000/page",
            )
        named[severity] = url
    settings = of(context).settings
    objectives, dependencies = load(definition_paths(settings, files)).objectives, topology(settings)
    try:
        text = configuration(objectives, Webhooks(named, dead_man), dependencies)
    except ValueError as error:
        raise Refusal(ExitCode.USAGE, str(error), where="--receiver", do="add --receiver SEVERITY=URL for it") from None
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
