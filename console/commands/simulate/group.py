"""``photonwatch simulate`` itself, and the commands below it."""

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.simulate import effects, fault, faults, fleets, generate, instruments, record, turns
from console.invocation import of
from console.wiring import broker_connection

if TYPE_CHECKING:
    from console.settings import Settings
    from producers.fleet_file import Fleet


_GATHER, _GATHER_MOST_S = 0.05, 0.25
"""How long a block may wait for others on its way to the broker: this part of the time that it took to come about, at most."""
_DELIVERY_S = 10.0
"""How long a fleet that was told to stop waits for the broker; what is left then is sent by the next start."""


def build() -> typer.Typer:
    app = typer.Typer(invoke_without_command=True, help="Run the simulated fleet; break and mend its devices.")
    app.callback()(simulate)
    app.command()(fault.fault)
    app.command()(faults.faults)
    app.command()(effects.effects)
    app.command()(turns.turns)
    app.command()(record.record)
    app.command()(instruments.instruments)
    app.command()(generate.generate)
    return app


def simulate(
    context: typer.Context,
    rate: Annotated[
        float | None, typer.Option(help="Make every source so many times as bright. [default: fleet.rate]", metavar="FACTOR")
    ] = None,
) -> None:
    """Run the simulated fleet until Ctrl-C. “photonwatch up” does it by itself."""
    if context.invoked_subcommand is not None:
        return
    settings = of(context).settings
    fleet = fleets.fleet_of(settings, rate)
    logs.configure(settings.log.level, sys.stderr)
    asyncio.run(_run(settings, fleet))


async def _run(settings: "Settings", fleet: "Fleet") -> None:
    from producers.durable_publisher import DurablePublisher
    from producers.fleet import run_fleet
    from producers.publisher import Publisher

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    connection = broker_connection(settings)
    waiting = settings.home / "spool" / "fleet"
    async with DurablePublisher(
        waiting,
        lambda: Publisher(connection),
        limit_bytes=settings.fleet.waiting_megabytes << 20,
        gather_s=min(_GATHER * fleet.block_ms / 1000, _GATHER_MOST_S),
    ) as publisher:
        await run_fleet(fleet, publisher, settings.home, stop, past=publisher)
        await publisher.flush(_DELIVERY_S)
