"""``photonwatch simulate turns``: which indicators turn bad under each failure, and after how long."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.options import AsJson
from console.commands.simulate.fleets import fleet_of, named
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from schemas.ids import DeviceId

if TYPE_CHECKING:
    from console.turns import Turn
    from producers.fault_catalogue import Failure

_HEAD = """\
# Which indicators turn under each failure

Every failure that indicators should notice, injected into a device of the demo fleet that was healthy before, under the shipped
definitions: each indicator that the failure should turn, its value (the median of its samples) and verdict before and with the
failure, and after how long the platform had judged the first bad sample. Everything between device and verdict is the worker's
own; time is simulated, and a sample is judged when its window or measurement is over. Made by

```console
$ photonwatch simulate turns --markdown docs/indicators-under-failures.md
```

What else a failure moves: [faults.md](faults.md). What becomes of a bad verdict, page or ticket: `photonwatch gameday`.

"""
_COLUMNS = ("id", "failure", "subject", "indicator", "healthy", "with the failure", "verdict", "turned after")


def turns(
    context: typer.Context,
    failure: Annotated[
        list[str] | None, typer.Option(help="Only this failure. May be repeated.", metavar="ID", show_default="all")
    ] = None,
    *,
    device: Annotated[
        str | None, typer.Option(help="Break this device.", metavar="NAME", show_default="the first that can have it")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as a page of documentation.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Break healthy devices in event time, faster than real time, and tell which indicators turn bad, and after how long."""
    invocation = of(context)
    logs.configure("error")
    chosen = _chosen(failure)
    found = _broken(invocation, chosen, device, quiet=as_json)
    rows = [_row(chosen[one.failure], one) for one in found]
    if markdown is not None:
        markdown.write_text(_markdown(rows), encoding="utf-8")
    unturned = [f"{one.failure} {one.indicator}" for one in found if not one.turned]
    document = {"turns": found, "unturned": unturned}
    if as_json and not unturned:
        invocation.answer(document)
    elif not as_json and markdown is not None:
        invocation.terminal.print(f"{len(chosen)} failures, {len(rows)} indicators: {markdown}")
    elif not as_json:
        from rich.table import Table

        table = Table(*_COLUMNS, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        invocation.terminal.print(table)
    if unturned:
        raise Refusal(
            ExitCode.NEGATIVE,
            f"not turned: {', '.join(unturned)}",
            where="turns",
            do="look at the objective's threshold, the failure's size, or whether the device is measured often enough",
            answer=document,
        )


def _chosen(names: Sequence[str] | None) -> "dict[str, Failure]":
    """The failures that were asked for, else all that an indicator should notice.

    Raises:
        Refusal: there is none such.
    """
    from producers.fault_catalogue import load_failures

    failures = {name: one for name, one in load_failures().items() if one.notice.indicators}
    for name in names or ():
        if name not in failures:
            raise Refusal(
                ExitCode.NOT_FOUND,
                f"no failure “{name}” that indicators should notice",
                where="--failure",
                do=f"name one of: {', '.join(failures)}",
            )
    return {name: failures[name] for name in names or failures}


def _broken(invocation: Invocation, chosen: "Mapping[str, Failure]", device: str | None, *, quiet: bool) -> "list[Turn]":
    from rich.progress import Progress

    from console.turns import Turns
    from console.wiring import knowledge
    from slo.catalogue import catalogue
    from streams.kernels.warm import warm

    fleet = fleet_of(invocation.settings)
    if device is not None:
        named("device", device, [one.id for one in fleet.devices])
    warm()
    turns = Turns(fleet, knowledge(invocation.settings), chosen, catalogue())
    with Progress(console=invocation.notes, disable=quiet or not invocation.notes.is_terminal, transient=True) as progress:
        return [
            turn
            for name in progress.track(chosen, description="failures")
            for turn in turns.of(name, None if device is None else DeviceId(device))
        ]


def _row(failure: "Failure", turn: "Turn") -> tuple[str, ...]:
    before, after = (verdict.value if verdict is not None else "none" for verdict in (turn.before, turn.after))
    return (
        turn.failure,
        failure.title,
        turn.subject,
        turn.indicator,
        _value(turn.healthy, turn.unit),
        _value(turn.faulty, turn.unit),
        f"{before} → {after}",
        "–" if turn.turned_s is None else f"{turn.turned_s:g} s",
    )


def _value(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.4g}" + ("" if unit == "1" else f" {unit}")


def _markdown(rows: Sequence[tuple[str, ...]]) -> str:
    lines = [_COLUMNS, tuple("---" for _ in _COLUMNS), *rows]
    return _HEAD + "".join(f"| {' | '.join(line)} |\n" for line in lines)
