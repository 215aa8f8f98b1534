"""``photonwatch simulate faults``: every failure that can be switched on, and those that are."""

import time

import typer

from console.commands.options import AsJson
from console.invocation import of


def faults(context: typer.Context, as_json: AsJson = False) -> None:
    """List every failure that can be switched on, and what is broken now."""
    invocation = of(context)
    from producers.fault_catalogue import load_failures
    from producers.faults import read_faults

    acting = [one for one in read_faults(invocation.settings.home) if not one.over(time.time())]
    failures = load_failures()
    if as_json:
        invocation.answer({"failures": list(failures.values()), "acting": acting})
        return
    from rich.table import Table

    table = Table("id", "failure", "of", "what happens", "noticed by", box=None, pad_edge=False)
    for failure in failures.values():
        notice = failure.notice
        kinds = "any" if len(failure.kinds) > 3 else ", ".join(failure.kinds)
        table.add_row(failure.id, failure.title, kinds, failure.physics, f"{', '.join(notice.indicators)} ({notice.severity})")
    invocation.terminal.print(table)
    for one in acting:
        invocation.terminal.print(f"now: {one.target} has {one.fault}, size {one.size:g}")
