"""``photonwatch simulate instruments``: a laboratory on loopback for ``photonwatch probe``."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from producers.instruments.demo_server import Manner


def instruments(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Where to write the file for “photonwatch probe”.", metavar="FILE")],
    misbehave: Annotated[
        list[str] | None,
        typer.Option(
            help="How one behaves, for example sps-helios-01/lakeshore-336=hang: hang, garbage, slow, disconnect.",
            metavar="DEVICE/MODEL=MANNER",
        ),
    ] = None,
) -> None:
    """Serve simulated instruments that speak SCPI over sockets, until Ctrl-C."""
    invocation = of(context)
    asyncio.run(_serve(invocation, out, _manners(misbehave or [])))


def _manners(given: list[str]) -> "dict[str, Manner]":
    from producers.instruments.demo_server import Manner, demo_instruments

    known = {f"{one.device}/{one.profile}" for one in demo_instruments()}
    manners = {}
    for text in given:
        name, _, manner = text.partition("=")
        if name not in known or manner not in set(Manner):
            raise Refusal(
                ExitCode.USAGE,
                f"“{text}” is no instrument and manner",
                where="--misbehave",
                do=f"write NAME=MANNER; names: {', '.join(sorted(known))}; manners: {', '.join(Manner)}",
            )
        manners[name] = Manner(manner)
    return manners


async def _serve(invocation: Invocation, out: Path, manners: "dict[str, Manner]") -> None:
    import yaml

    from producers.instruments.demo_server import DemoLaboratory, demo_instruments

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with DemoLaboratory(demo_instruments(), manners=manners) as laboratory:
        described = [{"device": str(one.device), "profile": one.profile, "resource": one.resource} for one in laboratory.site]
        await asyncio.to_thread(out.write_text, yaml.safe_dump({"instruments": described}, sort_keys=False), encoding="utf-8")
        invocation.terminal.print(f"{len(described)} instruments answer; read them with: photonwatch probe {out}")
        await stop.wait()
