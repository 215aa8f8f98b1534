"""``photonwatch slo spent``."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.slo.gathered import gathered
from console.commands.slo.options import Json
from console.commands.slo.stretches import HELP, stretch_of
from console.invocation import of

if TYPE_CHECKING:
    from slo.spending import By


def spent(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="cause, device, run or firmware.", metavar="WHAT")] = "cause",
    period: Annotated[str, typer.Option(help=HELP, metavar="PERIOD")] = "month",
    as_json: Json = False,
) -> None:
    """Tell who spent the budgets: bad events by what was going on, by device, by run, by firmware."""
    invocation = of(context)
    chosen = _by(by)
    stretch = stretch_of(period, int(time.time()))
    with gathered(invocation.settings) as asked:
        found = asked.spent(stretch, chosen)
    if as_json:
        shares = {
            name: [{"name": each.name, "bad": each.bad, "share": str(each.share)} for each in of_name]
            for name, of_name in found.items()
        }
        invocation.answer({"by": chosen, "spent": shares})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("  objective", chosen.value, "bad events", "of all"):
        table.add_column(heading, no_wrap=True)
    for name, of_name in found.items():
        for place, each in enumerate(of_name):
            table.add_row("" if place else f"  {name}", each.name, str(each.bad), f"{float(each.share) * 100:.3g} %")
    if found:
        invocation.terminal.print(table)
    else:
        invocation.terminal.print("nothing bad was counted in this time")


def _by(text: str) -> "By":
    from console.refusal import ExitCode, Refusal
    from slo.spending import By

    try:
        return By(text)
    except ValueError:
        raise Refusal(ExitCode.USAGE, f"“{text}” is nothing to tell by", where="--by", do=f"write {', '.join(By)}") from None
