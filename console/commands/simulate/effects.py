"""``photonwatch simulate effects``: what each failure moves, beside a healthy twin of the same seed."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson
from console.commands.simulate.fleets import fleet_of
from console.invocation import of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from producers.effects import Effect
    from producers.fault_catalogue import Failure

_HEAD = """\
# What each failure moves

Every failure that can be switched on, injected into a device of the demo fleet, beside a healthy twin of the same seed: the
quantities that it moves, by how many standard deviations over some minutes of simulated time, and after how long five were
reached. Made by

```console
$ photonwatch simulate effects --markdown docs/faults.md
```

The quantities are read plainly off tags, telemetry, events and measurements (`producers/gauges.py`), by none of the platform's
estimators. What each failure does physically, and what should be noticed of it, stands in `producers/faults.yaml`.
"""


def effects(
    context: typer.Context,
    failure: Annotated[list[str] | None, typer.Option(help="Only this one. May be repeated.", metavar="ID")] = None,
    *,
    size: Annotated[float, typer.Option(help="How strong; 1 is as the list says.", metavar="FACTOR")] = 1.0,
    markdown: Annotated[Path | None, typer.Option(help="Write the table into this file.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Run every failure offline, beside a healthy twin, and tell what moved. It takes some minutes; no broker is needed."""
    invocation = of(context)
    from producers.effects import SEEN, Span, Twins
    from producers.fault_catalogue import load_failures

    failures = load_failures()
    unknown = sorted(set(failure or ()) - failures.keys())
    if unknown:
        raise Refusal(
            ExitCode.NOT_FOUND, f"no failure “{unknown[0]}”", where="--failure", do=f"name one of: {', '.join(failures)}"
        )
    chosen = {name: failures[name] for name in (failure or failures)}
    twins = Twins(fleet_of(invocation.settings), chosen, Span())
    from rich.progress import Progress

    found: list[tuple[Failure, tuple[Effect, ...]]] = []
    with Progress(console=invocation.notes, disable=as_json or not invocation.notes.is_terminal, transient=True) as progress:
        for name, one in progress.track(chosen.items(), description="failures"):
            found.append((one, twins.effects(name, size=size)))
    rows = [_row(one, effect) for one, shown in found for effect in shown]
    if markdown is not None:
        markdown.write_text(_markdown(rows), encoding="utf-8")
    unseen = [one.id for one, shown in found if not any(abs(effect.sigmas) >= SEEN for effect in shown)]
    if as_json:
        invocation.answer({"effects": [effect for _, shown in found for effect in shown], "unseen": unseen})
    elif markdown is None:
        from rich.table import Table

        table = Table(*_COLUMNS, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        invocation.terminal.print(table)
    else:
        invocation.terminal.print(f"{len(found)} failures, {len(rows)} quantities: {markdown}")
    if unseen:
        raise Refusal(
            ExitCode.NEGATIVE,
            f"not seen: {', '.join(unseen)}",
            where="effects",
            do=f"make it stronger (--size), or give it gauges that reach {SEEN:g} standard deviations",
        )


_COLUMNS = ("id", "failure", "device", "quantity", "healthy", "with the failure", "sigma", "seen after")


def _row(failure: "Failure", effect: "Effect") -> tuple[str, ...]:
    sigmas = f"{'>' if effect.sigmas > 0 else '<'} {math.copysign(1000, effect.sigmas):.0f}"
    return (
        failure.id,
        failure.title,
        effect.device,
        effect.gauge,
        f"{effect.healthy:.4g}",
        f"{effect.faulty:.4g}",
        sigmas if abs(effect.sigmas) > 1000 else f"{effect.sigmas:+.1f}",
        "–" if effect.seen_s is None else f"{effect.seen_s:g} s",
    )


def _markdown(rows: Sequence[tuple[str, ...]]) -> str:
    lines = [" | ".join(_COLUMNS), " | ".join("---" for _ in _COLUMNS), *(" | ".join(row) for row in rows)]
    return _HEAD + "\n" + "".join(f"| {line} |\n" for line in lines)
