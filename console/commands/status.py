"""``photonwatch status``: what runs, where, and whether it is ready."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.settings import Settings
from console.wiring import observatory, outlook, store_address

if TYPE_CHECKING:
    from rich.table import Table

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


class DeviceStatus(msgspec.Struct, frozen=True):
    """A device or link as the page shows it. ``speaker``: the device itself, or the one that speaks for the link. ``stands_by``:
    the objective that decides, with what it was found to be; empty: none.
    """

    device: str
    speaker: str
    state: str
    stands_by: str
    last_seen_unix_s: int


class Status(msgspec.Struct, frozen=True):
    """``state``: ready (all parts are), starting, degraded (runs, but a part is not ready), or stopped."""

    state: str
    home: str
    supervisor_pid: int | None
    parts: tuple[PartStatus, ...]
    alerts: tuple[FiringAlert, ...] | None = None
    """Those that fire, what people are told of first; None: not asked, or the store does not answer."""
    devices: tuple[DeviceStatus, ...] | None = None
    """Everything that was heard in the last days, by name; None as above."""
    fleet: str | None = None
    """The same in a sentence."""


def status(
    context: typer.Context,
    *,
    devices: Annotated[bool, typer.Option("--devices", help="Also each device and link with its state.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As an object for scripts.")] = False,
) -> None:
    """Tell each part's address, process and state, how the fleet stands, and what alerts fire.

    Exit code 0 only when all parts are ready.
    """
    invocation = of(context)
    now = look(invocation)
    if now.state != "stopped":
        now = msgspec.structs.replace(now, alerts=firing(invocation.settings))
        told = fleet(invocation.settings)
        if told is not None:
            now = msgspec.structs.replace(now, fleet=told[0], devices=told[1])
    if as_json:
        invocation.answer(now)
    else:
        _show(invocation, now, with_devices=devices)
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


def fleet(settings: Settings, clock: Callable[[], float] = time.time) -> tuple[str, tuple[DeviceStatus, ...]] | None:
    """How the fleet stands, in a sentence and device by device; None: the store does not answer. ``clock``: UTC seconds.

    Raises:
        DefinitionError, SeriesError, FleetError: a file of the site is none of its kind.
    """
    from console.web.rendering import bounds, estimate, legible, summary
    from storage.errors import StoreError
    from storage.reader import Reader

    try:
        with Reader(store_address(settings, readonly=True)) as reader:
            view = observatory(settings, reader, clock).fleet()
    except (StoreError, Refusal):
        return None
    found = []
    for row in view.devices:
        by, stands_by = row.leading, ""
        if by and by.estimate:
            shown = legible(by.estimate)
            unit = "" if shown.unit == "1" else f" {shown.unit}"
            stands_by = f"{by.title} {estimate(shown.value)}{unit}, {bounds(shown)}"
        found.append(DeviceStatus(row.device, row.speaker, row.state.value, stands_by, row.last_seen_unix_s))
    return summary(view), tuple(found)


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


_DEVICE_MARKS = {
    "good": "[green]●[/]",
    "bad": "[red]▲[/]",
    "insufficient": "[yellow]◆[/]",
    "excluded": "[dim]■[/]",
    "silent": "[red]⊘[/]",
}


def _show(invocation: Invocation, now: Status, *, with_devices: bool) -> None:
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
    if now.fleet:
        invocation.terminal.print(now.fleet, soft_wrap=True)
    if with_devices and now.devices:
        invocation.terminal.print(_device_table(now.devices))
    _show_alerts(invocation, now.alerts)
    if with_devices and now.devices is None:
        invocation.notes.print("[dim]Nothing is known of the devices: the store does not answer.[/]")
    if now.state == "stopped":
        invocation.notes.print("[dim]Start it with “photonwatch up”.[/]")


def _show_alerts(invocation: Invocation, alerts: Sequence[FiringAlert] | None) -> None:
    from rich.markup import escape

    for alert in alerts or ():
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
    if alerts == ():
        invocation.terminal.print("[green]●[/] no alert fires")


def _device_table(devices: Sequence[DeviceStatus]) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "device", "state", "last seen", "stands by"):
        table.add_column(heading, no_wrap=True)
    for each in devices:
        seen = time.strftime("%m-%d %H:%M:%S", time.gmtime(each.last_seen_unix_s))
        table.add_row(
            _DEVICE_MARKS.get(each.state, "[dim]◌[/]"), escape(each.device), each.state, seen, escape(each.stands_by) or "–"
        )
    return table
