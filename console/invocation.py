"""One run of the command line: its settings, and how its answers are shown. What commands receive instead of globals."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import typer

from console.settings import LoadedSettings, Settings

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_COLUMNS = 200
"""Width where nobody looks: lines and tables are for other programs then, and must not be cut."""


@dataclass
class Invocation:
    """``flags`` are the settings given on the command line, key → text."""

    flags: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @cached_property
    def loaded(self) -> LoadedSettings:
        """Settings with their origins.

        Raises:
            Refusal: the settings are wrong.
        """
        return LoadedSettings.load(self.environment, self.flags)

    @property
    def settings(self) -> Settings:
        return self.loaded.tree

    @cached_property
    def terminal(self) -> "Console":
        """Standard output for people: colours and widths of the terminal, plain text where it is none."""
        from rich.console import Console

        return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, soft_wrap=True, width=_PLAIN_COLUMNS)

    @cached_property
    def notes(self) -> "Console":
        """Standard error for people: progress and remarks, so that standard output stays the answer alone."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())

    def answer(self, document: object) -> None:
        """The answer as JSON on standard output."""
        text = msgspec.json.format(msgspec.json.encode(document, enc_hook=_plain), indent=2)
        typer.echo(text.decode())


def _plain(value: object) -> object:
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    return str(value)


def of(context: typer.Context) -> Invocation:
    """The invocation that the root command put into the context."""
    invocation = context.find_object(Invocation)
    assert isinstance(invocation, Invocation)  # noqa: S101 - the root command always puts it there
    return invocation
