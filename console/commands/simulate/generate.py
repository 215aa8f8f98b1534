"""``photonwatch simulate generate``: fleet files of any size, for load tests."""

from pathlib import Path
from typing import Annotated

import typer

from console.commands.options import AsJson
from console.invocation import of


def generate(
    context: typer.Context,
    devices: Annotated[int, typer.Option(help="How many.", metavar="N")],
    *,
    rate: Annotated[float, typer.Option(help="Tags a second of each device.", metavar="HZ")] = 1_000.0,
    slower: Annotated[
        float | None,
        typer.Option(
            help="How many times more rarely than in the demo fleet telemetry, events and measurements come. "
            "[default: 1 up to 50 devices, then devices/50]",
            metavar="FACTOR",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another fleet.", metavar="N")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write it there. [default: standard output]", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a fleet file of so many devices of all five kinds. Run it with --set fleet.file=FILE."""
    invocation = of(context)
    from producers.fleet_file import parse_fleet
    from producers.fleet_generator import Order, generated

    order = Order(devices=devices, rate_hz=rate, slower=max(1.0, devices / 50) if slower is None else slower, seed=seed)
    text = generated(order)
    fleet = parse_fleet(text, str(out or "generated"))
    if out is None and not as_json:
        typer.echo(text, nl=False)
        return
    if out is not None:
        out.write_text(text, encoding="utf-8")
    counts = {"devices": len(fleet.devices), "links": len(fleet.links), "sites": len(fleet.sites)}
    if as_json:
        invocation.answer({**counts, "file": None if out is None else str(out)})
    else:
        invocation.terminal.print(f"{out}: {devices} devices, {counts['links']} links, {counts['sites']} sites")
