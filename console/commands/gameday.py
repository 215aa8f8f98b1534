"""``photonwatch gameday``: inject failures, and score what the platform makes of them."""

import asyncio
import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
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
    from console.gameday.plan import Play
    from console.gameday.score import Score
    from console.gameday.scorebook import Scorebook
    from console.gameday.staged import Stage
    from producers.fault_catalogue import Failure
    from producers.fleet_file import Fleet


_LEFT_ALONE_S = 1_200.0
"""How long nothing is done to a fleet where nobody says."""


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
    healthy: Annotated[
        str | None, typer.Option(help="How long all is well before. [default: 20min, or what the failure takes]", metavar="TIME")
    ] = None,
    lasts: Annotated[
        str | None, typer.Option(help="How long it lasts at most. [default: 15min, or what the failure takes]", metavar="TIME")
    ] = None,
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
        Path | None,
        typer.Option(help="Keep the table in this file, between the marks there are for it, score by score.", metavar="FILE"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Break devices of a fleet of its own on the running platform, in event time and faster than real time, and score it: noticed
    by what, after how long, page or ticket, which runbook, and whether a healthy neighbour paged. Nobody is called. Exit code 1
    unless all is as it should be.
    """
    invocation = of(context)
    logs.configure("error")
    from console.gameday.plan import Play, plan_for
    from console.gameday.rehearsed import target_of
    from console.gameday.scorebook import Scorebook

    fleet = fleet_of(invocation.settings, rate * invocation.settings.fleet.rate)
    if rehearse and live:
        raise Refusal(ExitCode.USAGE, "a rehearsal is not live", where="--live", do="leave one of the two out")
    if no_fault and (fault or live):
        raise Refusal(ExitCode.USAGE, "without a fault there is none to play", where="--no-fault", do="leave the others out")
    healthy_s, lasts_s, jobs = _seconds(healthy, "--healthy"), _seconds(lasts, "--lasts"), jobs or os.cpu_count() or 1
    if no_fault:
        _leave_alone(invocation, fleet, healthy_s or _LEFT_ALONE_S, jobs, as_json=as_json)
        return
    chosen = _chosen(fault)
    if device is not None:
        named("device", device, [one.id for one in fleet.devices])
    if not (rehearse or live or fault):
        chosen = _without_silence(invocation, chosen)
    plays = [
        Play(
            one,
            device or target_of(fleet, one),
            plan_for(one, healthy_s=healthy_s, lasts_s=lasts_s, neighbours=neighbours, size=size),
        )
        for one in chosen.values()
    ]
    book = Scorebook(list(chosen), markdown)
    if rehearse:
        _rehearse(invocation, fleet, plays, jobs, book, quiet=as_json)
    else:
        stages = _Stages(invocation, fleet, live=live, patience_s=patience_s, quiet=as_json)
        _enter(invocation, book, map(stages.play, plays), quiet=as_json)
    _tell(invocation, book, as_json=as_json)


def _rehearse(
    invocation: Invocation, fleet: "Fleet", plays: "Sequence[Play]", jobs: int, book: "Scorebook", *, quiet: bool
) -> None:
    from console.gameday.campaign import campaign

    with invocation.notes.status(f"{len(plays)} failures"):
        _enter(invocation, book, campaign(invocation.settings, fleet, plays, jobs), quiet=quiet)


def _enter(invocation: Invocation, book: "Scorebook", scores: "Iterable[Score]", *, quiet: bool) -> None:
    """Each score as soon as it is there."""
    for score in scores:
        said = book.enter(score)
        if not quiet:
            invocation.notes.print(said)


def _leave_alone(invocation: Invocation, fleet: "Fleet", lasts_s: float, jobs: int, *, as_json: bool) -> None:
    from console.gameday.healthy import undisturbed_parts
    from slo.tiers import SEVERITIES

    with invocation.notes.status(f"{len(fleet.devices)} healthy devices"):
        alerts = undisturbed_parts(invocation.settings, fleet, lasts_s, jobs)
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

    def __init__(self, invocation: Invocation, fleet: "Fleet", *, live: bool, patience_s: float, quiet: bool) -> None:
        self._invocation, self._fleet = invocation, fleet
        self._live, self._patience_s, self._quiet = live, patience_s, quiet

    def play(self, play: "Play") -> "Score":
        """Send one, wait until it is judged, and score it.

        Raises:
            Refusal: the platform does not run, does not keep up, or cannot notice this failure in this way.
        """
        from console.gameday.staged import scored, settled, staged
        from console.wiring import store_address
        from storage.reader import Reader

        failure = play.failure
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
            play.target,
            play.plan,
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
        total_s = stage.plan.healthy_s + stage.plan.lasts_s
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


def _seconds(text: str | None, option: str) -> float | None:
    ps = duration_ps(text, option)
    return None if ps is None else ps / 1e12


def _tell(invocation: Invocation, book: "Scorebook", *, as_json: bool) -> None:
    from console.gameday import table

    scores, wrong = book.scores, book.wrong
    document = {"scores": scores, "right": len(scores) - len(wrong), "wrong": wrong}
    if as_json and not wrong:
        invocation.answer(document)
    if not as_json:
        from rich.table import Table

        shown = Table(*table.COLUMNS, box=None, pad_edge=False, header_style="dim")
        for one in scores:
            shown.add_row(*table.row(one))
        invocation.terminal.print(shown)
        invocation.terminal.print(book.summary)
    if wrong:
        raise Refusal(
            ExitCode.NEGATIVE,
            f"{len(wrong)} of {len(scores)} not as they should be: {', '.join(wrong)}",
            where="gameday",
            do="look at what differs in the table; then mend the objective, the tier, the runbook or the expectation",
            answer=document,
        )
