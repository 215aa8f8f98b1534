"""Options that the commands share."""

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="OpenSLO files or directories. Without any: the configured ones beside the shipped ones.", exists=True),
]
Json = Annotated[bool, typer.Option("--json", help="As an object for scripts.")]
