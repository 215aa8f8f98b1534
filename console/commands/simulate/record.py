"""``photonwatch simulate record``: a simulated run as a file that any reader opens."""

import time
from pathlib import Path
from typing import Annotated

import typer

from console.commands.options import AsJson, duration_ps
from console.commands.simulate.fleets import fleet_of, named
from console.invocation import of
from console.refusal import ExitCode, Refusal
from schemas.ids import DeviceId


def record(
    context: typer.Context,
    device: Annotated[str, typer.Option(help="A device of the fleet.", metavar="NAME")],
    duration: Annotated[str, typer.Option(help="How long, for example 10s.", metavar="TIME")],
    out: Annotated[Path, typer.Option(help="The file: .ptu, .parquet, .arrow or .npz.", metavar="FILE")],
    *,
    t3: Annotated[
        bool, typer.Option("--t3", help="Of a .ptu file, times after the sync (T3) instead of plain times (T2).")
    ] = False,
    failure: Annotated[str | None, typer.Option(help="With this failure from the start on.", metavar="ID")] = None,
    size: Annotated[float, typer.Option(help="How strong the failure is.", metavar="FACTOR")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Simulate a device for some time and write its tags into a file. No broker is needed; the same seed gives the same file."""
    invocation = of(context)
    from producers.fault_catalogue import load_failures
    from producers.simulated_recording import record as make
    from producers.tag_files import write_tags

    fleet = fleet_of(invocation.settings)
    named("device", device, [one.id for one in fleet.devices])
    failures = load_failures()
    if failure is not None and failure not in failures:
        raise Refusal(ExitCode.NOT_FOUND, f"no failure “{failure}”", where="--failure", do=f"name one of: {', '.join(failures)}")
    lasts_ps = duration_ps(duration, "--duration") or 0
    made = make(
        fleet,
        DeviceId(device),
        lasts_ps / 1e12,
        origin_unix_ns=time.time_ns(),
        failure=None if failure is None else failures[failure],
        size=size,
    )
    write_tags(out, made.time_ps, made.channel, period_ps=made.period_ps, losses=made.losses, t3=t3)
    tags = {str(one.number): int((made.channel == one.number).sum()) for one in made.channels}
    lost = sum(loss.tags or 0 for loss in made.losses)
    if as_json:
        invocation.answer({"file": str(out), "device": device, "tags": tags, "lost": lost, "period_ps": made.period_ps})
        return
    shown = ", ".join(f"{one.label or one.number} {tags[str(one.number)]}" for one in made.channels)
    losses = f", {lost} lost" if lost else ""
    invocation.terminal.print(f"{out}: {made.time_ps.size} tags ({shown}{losses})")
