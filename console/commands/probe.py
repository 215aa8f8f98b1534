"""``photonwatch probe``: reads instruments, and never writes to them."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.options import AsJson
from console.invocation import Invocation, of
from console.wiring import broker_connection

if TYPE_CHECKING:
    from producers.instruments.link import Connect
    from producers.instruments.poller import Poller
    from schemas.telemetry import Telemetry

_SPOOL_BYTES = 256 << 20
_DELIVERY_S = 20.0


def probe(
    context: typer.Context,
    site: Annotated[Path, typer.Argument(help="A file of instruments; see docs/instruments.md.", metavar="FILE", exists=True)],
    once: Annotated[bool, typer.Option("--once", help="Ask each question one time, and stop.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish/--dry-run", help="Send the readings to the platform, or only show them.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Read instruments and publish what they say as telemetry. Only questions are sent to them."""
    invocation = of(context)
    logs.configure(invocation.settings.log.level, sys.stderr)
    from producers.instruments.poller import Poller
    from producers.instruments.profile import load_site

    poller = Poller(load_site(site), connects())
    asyncio.run(_run(invocation, poller, once=once, publish=publish, as_json=as_json))
    _summary(invocation, poller, as_json=as_json)


def connects() -> "Mapping[str, Connect]":
    """How each transport is reached."""
    from producers.instruments.json_stream import JsonStreamLink
    from producers.instruments.toptica import TopticaLink
    from producers.instruments.visa import VisaLinks
    from producers.instruments.zmq_link import ZmqLink

    return {"visa": VisaLinks(), "zmq": ZmqLink, "json-stream": JsonStreamLink, "toptica": TopticaLink}


async def _run(invocation: Invocation, poller: "Poller", *, once: bool, publish: bool, as_json: bool) -> None:
    from producers.durable_publisher import DurablePublisher
    from producers.publisher import Publisher
    from schemas.topics import TELEMETRY

    settings = invocation.settings
    async with AsyncExitStack() as stack:
        publisher = None
        if publish:
            connection = broker_connection(settings)
            publisher = await stack.enter_async_context(
                DurablePublisher(settings.home / "spool" / "probe", lambda: Publisher(connection), limit_bytes=_SPOOL_BYTES)
            )
        readings = poller.run(once=once)
        task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, lambda: task.cancel() if task else None)
        try:
            async for telemetry in readings:
                if publisher is not None:
                    await publisher.send_record(TELEMETRY, telemetry.device, telemetry)
                _show(invocation, telemetry, as_json=as_json)
        except asyncio.CancelledError:
            if task is not None:
                task.uncancel()
        finally:
            await readings.aclose()  # type: ignore[attr-defined]
        if publisher is not None:
            await publisher.flush(_DELIVERY_S)


def _show(invocation: Invocation, telemetry: "Telemetry", *, as_json: bool) -> None:
    import msgspec

    if as_json:
        typer.echo(msgspec.json.encode(telemetry).decode())
        return
    for reading in telemetry.readings:
        if reading.value is None:
            text = f"[yellow]{reading.state.value}[/]  {reading.detail}"
        else:
            text = f"{reading.value:.6g} {reading.unit if reading.unit != '1' else ''}"
        invocation.terminal.print(f"{telemetry.device}  {reading.metric}  {text}", soft_wrap=True)


def _summary(invocation: Invocation, poller: "Poller", *, as_json: bool) -> None:
    if as_json:
        return
    for standing in poller.standings:
        mark = "[green]✓[/]" if standing.state.value == "ok" else "[red]✗[/]"
        invocation.notes.print(
            f"{mark} {standing.device} {standing.profile} at {standing.resource}: {standing.readings} readings, "
            f"{standing.failures} failures{'  ' + standing.detail if standing.detail else ''}",
            soft_wrap=True,
        )
