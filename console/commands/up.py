"""``photonwatch up``: the whole platform on this machine, supervised."""

import asyncio
import random
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.invocation import Invocation, of
from console.settings import Settings
from console.wiring import stack_settings

if TYPE_CHECKING:
    from embedded.service import Service
    from embedded.stack import StackAddresses

_LOOPBACK = "127.0.0.1"
_WORKER_START_S = 180.0
"""The first start compiles every kernel."""


def up(
    context: typer.Context,
    simulate: Annotated[
        bool | None, typer.Option(help="Run the simulated fleet beside the platform.", show_default="yes")
    ] = None,
) -> None:
    """Run everything: Kafka, store, worker, page and a simulated fleet. Ctrl-C stops it all; the data stays."""
    invocation = of(context)
    settings = invocation.settings
    logs.configure(settings.log.level, sys.stderr)
    import structlog

    from embedded.stack import Stack

    fleet = settings.fleet.simulate if simulate is None else simulate
    stack = Stack(
        stack_settings(settings),
        _composition(settings, fleet=fleet),
        say=structlog.get_logger("up"),
        random=random.SystemRandom(),
    )
    invocation.notes.print(f"[dim]photonwatch starts in {settings.home}; the first start takes a minute or two[/]")
    asyncio.run(stack.run(lambda addresses: _announce(invocation, addresses)))
    invocation.notes.print("[dim]stopped; nothing of it runs any more[/]")


def _announce(invocation: Invocation, addresses: "StackAddresses") -> None:
    page = page_address(invocation.settings, addresses)
    invocation.terminal.print(f"\n  [bold]photonwatch is ready[/]   http://{page}\n", soft_wrap=True)
    invocation.terminal.print(f"  [dim]kafka {addresses.kafka}   clickhouse http://{addresses.store}   data {addresses.home}[/]")
    invocation.terminal.print("  [dim]Ctrl-C stops everything[/]\n")


def page_address(settings: Settings, addresses: "StackAddresses") -> str:
    """Where the page listens: the host that is set, on the port that is set or kept in the home."""
    return f"{settings.page.host}:{settings.page.port or addresses.ports.choose('page')}"


def _composition(settings: Settings, *, fleet: bool) -> "Callable[[StackAddresses], Sequence[Service]]":
    """The console's own parts, once Kafka and store have addresses. They are this program again, told where everything is."""
    from embedded.probes import HttpAnswers, Running
    from embedded.service import Service
    from embedded.stack import KAFKA, STORE

    def compose(addresses: "StackAddresses") -> Sequence["Service"]:
        metrics = f"{_LOOPBACK}:{settings.worker.metrics_port or addresses.ports.choose('worker-metrics')}"
        page_host, page_port = settings.page.host, addresses.ports.choose("page", settings.page.port)
        environment = {
            "PHOTONWATCH_HOME": str(addresses.home),
            "PHOTONWATCH_WORKER_METRICS_PORT": metrics.rpartition(":")[2],
            "PHOTONWATCH_PAGE_PORT": str(page_port),
        }
        program = (sys.executable, "-P", "-m", "console")
        parts = [
            Service(
                name="worker",
                argv=(*program, "worker"),
                address=metrics,
                ready=HttpAnswers(metrics, "/metrics"),
                after=(KAFKA, STORE),
                env=environment,
                start_timeout_s=_WORKER_START_S,
                stop_timeout_s=20.0,
            ),
            Service(
                name="page",
                argv=(*program, "page"),
                address=f"{page_host}:{page_port}",
                ready=HttpAnswers(f"{page_host}:{page_port}", "/healthz"),
                after=("worker",),
                env=environment,
            ),
        ]
        if fleet:
            parts.append(Service(name="fleet", argv=(*program, "simulate"), ready=Running(), after=("worker",), env=environment))
        return parts

    return compose
