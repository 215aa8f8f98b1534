"""``photonwatch sql``: questions to the store, as the user who may only read."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from console.invocation import of
from console.wiring import store_address


class Format(StrEnum):
    """How a result is written."""

    PRETTY = "pretty"
    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"


_NAMES = {
    Format.PRETTY: "PrettyCompactMonoBlock",
    Format.JSON: "JSON",
    Format.CSV: "CSVWithNames",
    Format.ARROW: "ArrowStream",
}


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A SELECT; “-” reads it from standard input.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="json, csv, arrow or pretty. [default: pretty on a terminal, else csv]")
    ] = None,
) -> None:
    """Ask the store. Reads only: writes, files and the network are refused, and limits hold."""
    settings = of(context).settings
    from storage.client import connect

    text = sys.stdin.read() if query == "-" else query
    chosen = form or (Format.PRETTY if sys.stdout.isatty() else Format.CSV)
    with connect(store_address(settings, readonly=True)) as client:
        for piece in client.stream(text, _NAMES[chosen]):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
