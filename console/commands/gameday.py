"""``photonwatch gameday``: inject failures, and score what the platform makes of them."""

import asyncio
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import logs
from console.commands.options import AsJson, duration_ps
from console.commands.simulate.fleets import fleet_of, named
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.wiring import broker_connection

if TYPE_CHECKING:
    from console.gameday.rehearsed import Plan
    from console.gameday.score import Score
    from console.gameday.staged import Stage
    from producers.fault_catalogue import Failure
    from producers.fleet_file import Fleet

_BEGIN, _END = "<!-- scores -->", "<!-- end of scores -->"


def gameday(
    context: typer.Context,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Only this failure. May be repeated. [default: all that should be noticed]", metavar="ID"),
    ] = None,
    *,
    no_fault: Annotated[
        bool, typer.Option("--no-fault", help="Inject nothing: the whole fleet, rehearsed for --healthy; nobody may be paged.")
    ] = False,
    device: Annotated[
        str | None, typer.Option(help="Inject it into this device. [default: the first that can have it]", metavar="NAME")
    ] = None,
    healthy: Annotated[str, typer.Option(help="How long all is well before.", metavar="TIME")] = "20min",
    lasts: Annotated[str, typer.Option(help="How long the failure lasts at most.", metavar="TIME")] = "15min",
    neighbours: Annotated[int, typer.Option(help="Healthy devices that take part.", metavar="N", min=0)] = 1,
    size: Annotated[float, typer.Option(help="How strong; 1 is as the list says.", metavar="FACTOR")] = 1.0,
    rate: Annotated[float, typer.Option(help="How bright sources are against the fleet file.", metavar="FACTOR")] = 1.0,
    rehearse: Annotated[
        bool,
        typer.Option("--rehearse", help="Without the platform: the worker's pipelines in this process, no broker, no store."),
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="On the platform: the failure begins now and lasts in real time, so that silence shows."),
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(help="With --rehearse: so many at a time. [default: one a core]", metavar="N", min=1)
    ] = None,
    patience_s: Annotated[float, typer.Option("--timeout", help="Seconds that the worker may take.", metavar="S")] = 600.0,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the table into this file, between the marks that are there for it.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Break devices of a fleet of its own on the running platform, in event time and faster than real time, and score it: noticed
    by what, after how long, page or ticket, which runbook, and whether a healthy neighbour paged. Nobody is called. Exit code 1
    unless all is as it should be.
    """
    invocation = of(context)
    logs.configure("error")
    from console.gameday.rehearsed import Plan, target_of

    fleet = fleet_of(invocation.settings, rate * invocation.settings.fleet.rate)
    if rehearse and live:
        raise Refusal(ExitCode.USAGE, "a rehearsal is not live", where="--live", do="leave one of the two out")
    if no_fault and (fault or live):
        raise Refusal(ExitCode.USAGE, "without a fault there is none to play", where="--no-fault", do="leave the others out")
    if no_fault:
        _leave_alone(invocation, fleet, _seconds(healthy, "--healthy"), as_json=as_json)
        return
    chosen = _chosen(fault)
    if device is not None:
        named("device", device, [one.id for one in fleet.devices])
    plan = Plan(healthy_s=_seconds(healthy, "--healthy"), lasts_s=_seconds(lasts, "--lasts"), neighbours=neighbours, size=size)
    if rehearse:
        played = [(one, device or target_of(fleet, one)) for one in chosen.values()]
        scores = _rehearse(invocation, fleet, played, plan, jobs or os.cpu_count() or 1, quiet=as_json)
    else:
        sent = chosen if live or fault else _without_silence(invocation, chosen)
        stages = _Stages(invocation, fleet, plan, live=live, patience_s=patience_s, quiet=as_json)
        scores = [stages.play(one, device or target_of(fleet, one)) for one in sent.values()]
    _tell(invocation, scores, markdown, as_json=as_json)


def _rehearse(
    invocation: Invocation, fleet: "Fleet", played: "Sequence[tuple[Failure, str]]", plan: "Plan", jobs: int, *, quiet: bool
) -> "list[Score]":
    from rich.progress import Progress

    from console.gameday.campaign import campaign

    with Progress(console=invocation.notes, disable=quiet or not invocation.notes.is_terminal, transient=True) as progress:
        scores = campaign(invocation.settings, fleet, played, plan, jobs)
        return list(progress.track(scores, total=len(played), description="failures"))


def _leave_alone(invocation: Invocation, fleet: "Fleet", lasts_s: float, *, as_json: bool) -> None:
    from console.gameday.rehearsed import undisturbed
    from console.wiring import knowledge
    from slo.tiers import SEVERITIES

    with invocation.notes.status(f"{len(fleet.devices)} healthy devices"):
        alerts = undisturbed(fleet, knowledge(invocation.settings), lasts_s)
    pages = [one.alert for one in alerts if one.severity == SEVERITIES[0]]
    tickets = [one.alert for one in alerts if one.severity != SEVERITIES[0]]
    document = {"devices": len(fleet.devices), "links": len(fleet.links), "seconds": lasts_s, "pages": pages, "tickets": tickets}
    if pages:
        raise Refusal(
            ExitCode.NEGATIVE,
            f"{len(pages)} pages about healthy devices: {', '.join(pages)}",
            where="gameday --no-fault",
            do="mend the objective, its tiers or the fleet",
            answer=document,
        )
    if as_json:
        invocation.answer(document)
        return
    invocation.terminal.print(
        f"{len(fleet.devices)} devices and {len(fleet.links)} links, healthy for {lasts_s:g} s: no page; "
        f"tickets: {', '.join(tickets) or 'none'}"
    )


class _Stages:
    """Game days on the running platform, one after the other."""

    def __init__(
        self, invocation: Invocation, fleet: "Fleet", plan: "Plan", *, live: bool, patience_s: float, quiet: bool
    ) -> None:
        self._invocation, self._fleet, self._plan = invocation, fleet, plan
        self._live, self._patience_s, self._quiet = live, patience_s, quiet

    def play(self, failure: "Failure", target: str) -> "Score":
        """Send one, wait until it is judged, and score it.

        Raises:
            Refusal: the platform does not run, does not keep up, or cannot notice this failure in this way.
        """
        from console.gameday.staged import scored, settled, staged
        from console.wiring import store_address
        from storage.reader import Reader

        if not self._live and _is_silence(failure):
            raise Refusal(
                ExitCode.USAGE,
                f"{failure.id} ({failure.title}) shows as silence, and silence is told by the clock",
                where="--fault",
                do="add --live, or --rehearse",
            )
        stage = staged(
            self._fleet,
            failure,
            target,
            self._plan,
            token=secrets.token_hex(3),
            now_unix_s=int(time.time()),
            live=self._live,
        )
        with Reader(store_address(self._invocation.settings, readonly=True)) as reader:
            asyncio.run(self._send(stage))
            settled(stage, reader, self._patience_s)
            return scored(stage, reader)

    async def _send(self, stage: "Stage") -> None:
        from rich.progress import Progress

        from console.gameday.staged import play
        from producers.publisher import Publisher

        notes = self._invocation.notes
        total_s = self._plan.healthy_s + self._plan.lasts_s
        with Progress(console=notes, disable=self._quiet or not notes.is_terminal, transient=True) as bar:
            task = bar.add_task(f"{stage.failure.id} in {stage.target}", total=total_s)
            async with Publisher(broker_connection(self._invocation.settings)) as publisher:
                await play(stage, publisher, progress=lambda at_s: bar.update(task, completed=at_s))


def _is_silence(failure: "Failure") -> bool:
    return "silent" in failure.signs.values()


def _without_silence(invocation: Invocation, chosen: "Mapping[str, Failure]") -> "dict[str, Failure]":
    """Those that event time alone can tell of."""
    left_out = [name for name, one in chosen.items() if _is_silence(one)]
    if left_out:
        invocation.notes.print(f"left out, for silence is told by the clock: {', '.join(left_out)} (--live plays them, too)")
    return {name: one for name, one in chosen.items() if name not in left_out}


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
        write_table(markdown, table.markdown(scores))
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


def write_table(file: Path, text: str) -> None:
    """Put the table between its marks; a file that is not there yet becomes the table alone.

    Raises:
        Refusal: the file has not both marks.
    """
    page = file.read_text("utf-8") if file.exists() else f"{_BEGIN}\n{_END}\n"
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise Refusal(ExitCode.BAD_INPUT, "no place for the table", where=str(file), do=f"write {_BEGIN} and {_END} around it")
    file.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", "utf-8")
