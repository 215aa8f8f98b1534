"""``photonwatch slo views``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from console.commands.slo.options import Files, Json
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths, store_address, topology


def views(
    context: typer.Context,
    files: Files = None,
    out: Annotated[Path | None, typer.Option(help="Write the SQL here instead of to standard output.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Make the views in the store; workers do it when they start.")] = False,
    as_json: Json = False,
) -> None:
    """Print the budgets of the definitions as SQL views, or make them in the store."""
    invocation = of(context)
    from console.budget_views import apply_views, planned_around
    from slo.budget_views import view_statements
    from slo.definitions import load
    from slo.exclusion_file import read_plan
    from slo.schedule import Schedule
    from storage.client import connect

    if apply and out:
        raise Refusal(ExitCode.USAGE, "--apply and --out exclude each other", where="command line", do="keep one of them")
    definitions = load(definition_paths(invocation.settings, files))
    plan = invocation.settings.objectives.exclusions
    schedule, now_unix_s = Schedule(read_plan(Path(plan).expanduser()) if plan else ()), int(time.time())
    depends = topology(invocation.settings)
    if apply:
        with connect(store_address(invocation.settings, readonly=False)) as client:
            count = apply_views(client, definitions, schedule, now_unix_s, depends)
        if as_json:
            invocation.answer({"statements": count})
        else:
            invocation.terminal.print(f"{count} views made: see slo_budgets, slo_windows, slo_tiers, slo_spent")
        return
    statements = view_statements(definitions.objectives, planned_around(schedule, now_unix_s), now_unix_s, depends)
    if as_json:
        invocation.answer({"statements": statements})
        return
    text = "".join(f"{statement};\n\n" for statement in statements)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
