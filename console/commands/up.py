"""``photonwatch up``: the whole platform on this machine, supervised."""

import asyncio
import random
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.notify import is_configured
from console.invocation import Invocation, of
from console.settings import USUAL_PAGE_PORT, Settings, variable_of
from console.wiring import stack_settings

if TYPE_CHECKING:
    from embedded.ports import Ports
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
    composition = Composition(settings, invocation.flags, fleet=fleet)
    stack = Stack(stack_settings(settings), composition, say=structlog.get_logger("up"), random=random.SystemRandom())
    invocation.notes.print(f"[dim]photonwatch starts in {settings.home}; the first start takes a minute or two[/]")
    asyncio.run(stack.run(lambda addresses: _announce(invocation, composition, addresses)))
    invocation.notes.print("[dim]stopped; nothing of it runs any more[/]")


def _announce(invocation: Invocation, composition: "Composition", addresses: "StackAddresses") -> None:
    invocation.terminal.print(f"\n  [bold]photonwatch is ready[/]   http://{composition.page}\n", soft_wrap=True)
    invocation.terminal.print(f"  [dim]kafka {addresses.kafka}   clickhouse http://{addresses.store}   data {addresses.home}[/]")
    invocation.terminal.print("  [dim]Ctrl-C stops everything[/]\n")


class Composition:
    """The console's own parts, composed once Kafka and store have addresses: this program again, told where everything is.

    ``flags`` are the settings of this command line, which the parts do not see otherwise. ``page`` is the page's address, known
    once the parts are composed.
    """

    def __init__(self, settings: Settings, flags: Mapping[str, str], *, fleet: bool) -> None:
        self._settings = settings
        self._flags = flags
        self._fleet = fleet
        self.page = ""

    def __call__(self, addresses: "StackAddresses") -> Sequence["Service"]:
        from embedded.probes import HttpAnswers, Running
        from embedded.service import Service
        from embedded.stack import KAFKA, STORE

        settings, ports = self._settings, addresses.ports
        metrics = f"{_LOOPBACK}:{ports.choose('worker-metrics', settings.worker.metrics_port)}"
        page_port = _page_port(ports, settings.page.port)
        self.page = f"{settings.page.host}:{page_port}"
        environment = {
            **{variable_of(key): text for key, text in self._flags.items()},
            "PHOTONWATCH_HOME": str(addresses.home),
            "PHOTONWATCH_WORKER_NAME": "worker-1",
            "PHOTONWATCH_WORKER_METRICS_PORT": metrics.rpartition(":")[2],
            "PHOTONWATCH_PAGE_PORT": str(page_port),
        }
        program = (sys.executable, "-P", "-m", "console")
        worker = Service(
            name="worker",
            argv=(*program, "worker"),
            address=metrics,
            ready=HttpAnswers(metrics, "/metrics?name[]=photonwatch_store_unavailable_total"),  # all of them cost too much
            after=(KAFKA, STORE),
            env=environment,
            start_timeout_s=_WORKER_START_S,
            stop_timeout_s=20.0,
        )
        page = Service(
            name="page",
            argv=(*program, "page"),
            address=self.page,
            ready=HttpAnswers(self.page, "/healthz"),
            after=("worker",),
            env=environment,
        )
        fleet = Service(name="fleet", argv=(*program, "simulate"), ready=Running(), after=("worker",), env=environment)
        notifier = Service(name="notify", argv=(*program, "notify"), ready=Running(), after=("worker",), env=environment)
        return (
            worker,
            page,
            *((notifier,) if is_configured(settings) else ()),
            *((fleet,) if self._fleet else ()),
        )


def _page_port(ports: "Ports", asked: int) -> int:
    """The port that is asked for; else the usual one, unless somebody else has it.

    Raises:
        PortTakenError: the one that is asked for is taken.
    """
    from embedded.errors import PortTakenError

    try:
        return ports.choose("page", asked or USUAL_PAGE_PORT)
    except PortTakenError:
        if asked:
            raise
        return ports.choose("page")
