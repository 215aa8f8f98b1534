"""``photonwatch gameday``: inject failures, and score what the platform makes of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.options import AsJson, duration_ps
from console.commands.simulate.fleets import fleet_of, named
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from console.gameday.rehearsed import Plan
    from console.gameday.score import Score
    from producers.fault_catalogue import Failure
    from producers.fleet_file import Fleet

_RATE = 0.1
"""Tags cost most of the time, and a tenth of the demo fleet's is enough for every verdict."""
_BEGIN, _END = "<!-- scores -->", "<!-- end of scores -->"


def gameday(
    context: typer.Context,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Only this failure. May be repeated. [default: all that should be noticed]", metavar="ID"),
    ] = None,
    *,
    device: Annotated[
        str | None, typer.Option(help="Inject it into this device. [default: the first that can have it]", metavar="NAME")
    ] = None,
    healthy: Annotated[str, typer.Option(help="How long all is well before.", metavar="TIME")] = "20min",
    lasts: Annotated[str, typer.Option(help="How long the failure lasts at most.", metavar="TIME")] = "15min",
    neighbours: Annotated[int, typer.Option(help="Healthy devices that take part.", metavar="N", min=0)] = 1,
    size: Annotated[float, typer.Option(help="How strong; 1 is as the list says.", metavar="FACTOR")] = 1.0,
    rate: Annotated[float, typer.Option(help="How bright sources are against the fleet file.", metavar="FACTOR")] = _RATE,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the table into this file, between the marks that are there for it.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Break devices of a fleet in event time, faster than real time, and score it: noticed by what, after how long, page or
    ticket, which runbook, and whether a healthy neighbour paged. Exit code 1 unless all is as it should be.
    """
    invocation = of(context)
    logs.configure("error")
    from console.gameday.rehearsed import Plan

    fleet = fleet_of(invocation.settings, rate * invocation.settings.fleet.rate)
    chosen = _chosen(fault)
    if device is not None:
        named("device", device, [one.id for one in fleet.devices])
    plan = Plan(healthy_s=_seconds(healthy, "--healthy"), lasts_s=_seconds(lasts, "--lasts"), neighbours=neighbours, size=size)
    scores = _rehearse(invocation, fleet, chosen, device, plan, quiet=as_json)
    _tell(invocation, scores, markdown, as_json=as_json)


def _rehearse(
    invocation: Invocation, fleet: "Fleet", chosen: "Mapping[str, Failure]", device: str | None, plan: "Plan", *, quiet: bool
) -> "list[Score]":
    from rich.progress import Progress

    from console.gameday.rehearsed import rehearsed, target_of
    from console.wiring import knowledge
    from streams.kernels.warm import warm

    warm()
    known = knowledge(invocation.settings)
    with Progress(console=invocation.notes, disable=quiet or not invocation.notes.is_terminal, transient=True) as progress:
        return [
            rehearsed(fleet, known, one, device or target_of(fleet, one), plan)
            for one in progress.track(chosen.values(), description="failures")
        ]


def _chosen(names: Sequence[str] | None) -> "dict[str, Failure]":
    """The failures that were asked for, else all that an indicator should tell of.

    Raises:
        Refusal: there is no such failure.
    """
    from producers.fault_catalogue import load_failures

    failures = load_failures()
    for name in names or ():
        if name not in failures:
            raise Refusal(ExitCode.NOT_FOUND, f"no failure “{name}”", where="--fault", do=f"name one of: {', '.join(failures)}")
    return {name: failures[name] for name in (names or (name for name, one in failures.items() if one.notice.indicators))}


def _seconds(text: str, option: str) -> float:
    return (duration_ps(text, option) or 0) / 1e12


def _tell(invocation: Invocation, scores: "Sequence[Score]", markdown: Path | None, *, as_json: bool) -> None:
    from console.gameday import table

    wrong = [one.failure for one in scores if not one.passed]
    if markdown is not None:
        _write(markdown, table.markdown(scores))
    document = {"scores": scores, "right": len(scores) - len(wrong), "wrong": wrong}
    if as_json and not wrong:
        invocation.answer(document)
    if not as_json:
        from rich.table import Table

        shown = Table(*table.COLUMNS, box=None, pad_edge=False, header_style="dim")
        for one in scores:
            shown.add_row(*table.row(one))
        invocation.terminal.print(shown)
        invocation.terminal.print(f"{len(scores) - len(wrong)} of {len(scores)} as they should be")
    if wrong:
        raise Refusal(
            ExitCode.NEGATIVE,
            f"{len(wrong)} of {len(scores)} not as they should be: {', '.join(wrong)}",
            where="gameday",
            do="look at what differs in the table; then mend the objective, the tier, the runbook or the expectation",
            answer=document,
        )


def _write(file: Path, text: str) -> None:
    """Between its marks where the file has them, else alone.

    Raises:
        Refusal: one mark only.
    """
    page = file.read_text("utf-8") if file.exists() else f"{_BEGIN}\n{_END}\n"
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise Refusal(ExitCode.BAD_INPUT, "no place for the table", where=str(file), do=f"write {_BEGIN} and {_END} around it")
    file.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", "utf-8")
