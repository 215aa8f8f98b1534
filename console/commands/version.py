"""``photonwatch version``."""

import platform
from importlib.metadata import version as installed
from typing import Annotated

import typer

from console.invocation import of


def package_version() -> str:
    """The version of the installed package."""
    return installed("photonwatch")


def version(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As an object for scripts.")] = False
) -> None:
    """Say which version this is."""
    if as_json:
        of(context).answer({"photonwatch": package_version(), "python": platform.python_version()})
    else:
        typer.echo(f"photonwatch {package_version()} (Python {platform.python_version()})")
