"""``photonwatch simulate``: the simulated fleet, and its faults on request."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.laboratory import instruments
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.settings import Settings
from console.wiring import broker_connection
from schemas.ids import DeviceId

if TYPE_CHECKING:
    from producers.fleet_file import Fleet

_Json = Annotated[bool, typer.Option("--json", help="As an object for scripts.")]
_Device = Annotated[str, typer.Argument(help="A device of the fleet.", metavar="DEVICE")]


def build() -> typer.Typer:
    app = typer.Typer(invoke_without_command=True, help="Run the simulated fleet; break and mend its devices.")
    app.callback()(simulate)
    app.command()(fault)
    app.command()(mend)
    app.command()(instruments)
    return app


def simulate(context: typer.Context) -> None:
    """Run the simulated fleet until Ctrl-C. “photonwatch up” does it by itself."""
    if context.invoked_subcommand is not None:
        return
    settings = of(context).settings
    logs.configure(settings.log.level, sys.stderr)
    asyncio.run(_run(settings))


def fault(
    context: typer.Context,
    device: _Device,
    purity: Annotated[float, typer.Option(help="The g²(0) that the device shall show, 0 to 1.", metavar="G2")],
    as_json: _Json = False,
) -> None:
    """Break a device of the running fleet: its light gets this g²(0) until it is mended."""
    invocation = of(context)
    from producers.faults import break_purity

    _known(invocation.settings, device)
    break_purity(invocation.settings.home, DeviceId(device), purity)
    _say(invocation, device, {"purity": purity}, f"{device}: g²(0) goes to {purity:g}", as_json=as_json)


def mend(context: typer.Context, device: _Device, as_json: _Json = False) -> None:
    """Take back what “fault” did."""
    invocation = of(context)
    from producers.faults import mend as mend_device

    _known(invocation.settings, device)
    mend_device(invocation.settings.home, DeviceId(device))
    _say(invocation, device, {}, f"{device}: mended", as_json=as_json)


def fleet_of(settings: Settings) -> "Fleet":
    """The fleet of the settings' file, or the demo fleet.

    Raises:
        FleetError: the file cannot be used.
    """
    from producers.fleet_file import demo_fleet, load_fleet

    return load_fleet(Path(settings.fleet.file).expanduser()) if settings.fleet.file else demo_fleet()


async def _run(settings: Settings) -> None:
    from producers.fleet import run_fleet
    from producers.publisher import Publisher

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Publisher(broker_connection(settings)) as publisher:
        await run_fleet(fleet_of(settings), publisher, settings.home, stop)


def _known(settings: Settings, device: str) -> None:
    known = [one.id for one in fleet_of(settings).devices]
    if device not in known:
        raise Refusal(
            ExitCode.NOT_FOUND, f"the fleet has no device “{device}”", where="fleet", do=f"name one of: {', '.join(known)}"
        )


def _say(invocation: Invocation, device: str, faults: dict[str, float], text: str, *, as_json: bool) -> None:
    if as_json:
        invocation.answer({"device": device, "faults": faults})
    else:
        invocation.terminal.print(text)
