"""``photonwatch status``: what runs, where, and whether it is ready."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.settings import Settings
from console.wiring import outlook, store_address

if TYPE_CHECKING:
    from embedded.stack import StackStatus


class PartStatus(msgspec.Struct, frozen=True):
    """One part as it is now, not as it was last written down."""

    name: str
    state: str
    address: str | None
    pid: int | None
    detail: str
    log: str | None


class FiringAlert(msgspec.Struct, frozen=True):
    """``suppressed``: why nobody is told of it; empty: they are. ``cause``: what probably is behind it. ``looks_like``: which
    failure, with what that rests on. ``runbook``: the one to begin with.
    """

    alert: str
    severity: str
    since_unix_s: int
    suppressed: str
    cause: str
    looks_like: str
    runbook: str


class Status(msgspec.Struct, frozen=True):
    """``state``: ready (all parts are), starting, degraded (runs, but a part is not ready), or stopped."""

    state: str
    home: str
    supervisor_pid: int | None
    parts: tuple[PartStatus, ...]
    alerts: tuple[FiringAlert, ...] | None = None
    """Those that fire, what people are told of first; None: not asked, or the store does not answer."""


def status(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As an object for scripts.")] = False
) -> None:
    """Tell each part's address, process and state, and what alerts fire. Exit code 0 only when all parts are ready."""
    invocation = of(context)
    now = look(invocation)
    if now.state != "stopped":
        now = msgspec.structs.replace(now, alerts=firing(invocation.settings))
    if as_json:
        invocation.answer(now)
    else:
        _show(invocation, now)
    if now.state != "ready":
        raise typer.Exit(ExitCode.NEGATIVE)


def look(invocation: Invocation) -> Status:
    """The home's stack, each part's process and probe checked now.

    Raises:
        EmbeddedError: the state file cannot be read.
    """
    from embedded.stack import status as stack_status

    seen = asyncio.run(stack_status(invocation.settings.home))
    parts = tuple(
        PartStatus(
            part.name,
            "stopped" if seen.supervisor is None and part.process is None else part.state.value,
            part.address,
            part.process.pid if part.process else None,
            part.detail,
            part.log,
        )
        for part in seen.parts
    )
    return Status(_overall(seen, parts), seen.home, seen.supervisor.pid if seen.supervisor else None, parts)


def firing(settings: Settings) -> tuple[FiringAlert, ...] | None:
    """What fires in the store of these settings; None: it does not answer.

    Raises:
        DefinitionError, SeriesError, FleetError: a file of the site is none of its kind.
    """
    from slo.alerts import rank
    from storage.errors import StoreError
    from storage.reader import Reader

    try:
        with Reader(store_address(settings, readonly=True)) as reader:
            alerts = [state for state in reader.alerts() if state.firing]
            if not alerts:
                return ()
            context = outlook(settings, reader).suppressions()
    except (StoreError, Refusal):
        return None
    found = [
        FiringAlert(
            each.alert,
            each.severity,
            each.since_unix_s,
            str(context.of(each) or ""),
            str(context.cause(each) or ""),
            ", or ".join(map(str, context.looks_like(each))),
            context.runbook(each),
        )
        for each in context.firing
    ]
    return tuple(sorted(found, key=lambda each: (each.suppressed != "", rank(each.severity), each.since_unix_s)))


def _overall(seen: "StackStatus", parts: Sequence[PartStatus]) -> str:
    if seen.supervisor is None:
        return "stopped"
    if seen.ready:
        return "ready"
    return "starting" if {part.state for part in parts} <= _ON_THE_WAY else "degraded"


_ON_THE_WAY = frozenset({"waiting", "starting", "ready", "external"})
_MARKS = {
    "ready": "[green]●[/]",
    "external": "[green]◇[/]",
    "stopped": "[dim]○[/]",
    "starting": "[yellow]◐[/]",
    "waiting": "[yellow]◌[/]",
}


def _show(invocation: Invocation, now: Status) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "part", "state", "address", "pid", ""):
        table.add_column(heading, no_wrap=True)
    for part in now.parts:
        mark = _MARKS.get(part.state, "[red]▲[/]")
        table.add_row(mark, part.name, part.state, part.address or "–", str(part.pid or "–"), f"[dim]{escape(part.detail)}[/]")
    invocation.terminal.print(f"photonwatch in {now.home}: [bold]{now.state}[/]")
    if now.parts:
        invocation.terminal.print(table)
    for alert in now.alerts or ():
        mark = "[red]▲[/]" if not alert.suppressed else "[dim]△[/]"
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(alert.since_unix_s))
        remarks = (
            f"nobody is told: {alert.suppressed}" if alert.suppressed else "",
            f"likely cause: {alert.cause}" if alert.cause else "",
            f"looks like {alert.looks_like}. Begin with {alert.runbook}" if alert.looks_like else "",
        )
        invocation.terminal.print(f"{mark} {escape(alert.alert)} [dim]since {since}[/]", soft_wrap=True)
        for remark in filter(None, remarks):
            invocation.terminal.print(f"    [dim]{escape(remark)}[/]", soft_wrap=True)
    if now.alerts == ():
        invocation.terminal.print("[green]●[/] no alert fires")
    if now.state == "stopped":
        invocation.notes.print("[dim]Start it with “photonwatch up”.[/]")
