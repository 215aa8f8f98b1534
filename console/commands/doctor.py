"""``photonwatch doctor``: is this machine fit for the platform, and where does each setting come from."""

from typing import Annotated

import typer

from console.invocation import Invocation, of
from console.refusal import ExitCode

_MARKS = {"ok": "[green]●[/] ok  ", "warn": "[yellow]◆[/] warn", "fail": "[red]▲[/] fail"}


def doctor(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As an object for scripts.")] = False
) -> None:
    """Check the machine, the packages and the parts; show the settings. Exit code 0 when nothing fails."""
    invocation = of(context)
    from console.checks import Outcome, examine

    checks = list(examine(invocation.settings, invocation.environment))
    if as_json:
        settings = [{"key": key, "value": value, "origin": origin} for key, value, origin in invocation.loaded.shown()]
        invocation.answer({"checks": checks, "settings": settings})
    else:
        from rich.markup import escape

        for check in checks:
            cure = f"  [dim]→ {escape(check.cure)}[/]" if check.cure else ""
            invocation.terminal.print(f"{_MARKS[check.outcome]}  {check.name:<10} {escape(check.finding)}{cure}")
        _show_settings(invocation)
    if any(check.outcome is Outcome.FAIL for check in checks):
        raise typer.Exit(ExitCode.NEGATIVE)


def _show_settings(invocation: Invocation) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("setting", "value", "from"):
        table.add_column(heading)
    for key, value, origin in invocation.loaded.shown():
        table.add_row(key, value or "[dim]–[/]", f"[dim]{origin}[/]" if origin == "default" else origin)
    invocation.terminal.print("", table)
