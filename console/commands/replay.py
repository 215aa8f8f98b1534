"""``photonwatch replay``: files of tags, sent to the broker as if a device were sending them now."""

import asyncio
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console.commands.status import look
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.wiring import broker_connection, store_address
from schemas.ids import DeviceId, RunId

if TYPE_CHECKING:
    from producers.recording import Recording
    from producers.replay import ReplayResult

_ASK_S = 0.25


class Pace(StrEnum):
    """How fast a recording is sent."""

    FILE = "file"
    RECORDED = "recorded"


def replay(
    context: typer.Context,
    *,
    files: Annotated[list[Path], typer.Argument(help="Files of tags: PTU, qutools, CSV, Parquet, Arrow, npz.", metavar="FILE…")],
    device: Annotated[str, typer.Option(help="Device that the tags shall belong to.", metavar="ID")],
    pace: Annotated[Pace, typer.Option(help="“file”: as fast as it goes; “recorded”: as fast as it was measured.")] = Pace.FILE,
    sync_channel: Annotated[
        int | None, typer.Option(help="Channel that is the excitation's clock, no detector.", metavar="N")
    ] = None,
    origin: Annotated[
        str | None, typer.Option(help="UTC that the file's start is given (ISO 8601). [default: so that it ends now]")
    ] = None,
    link: Annotated[
        bool,
        typer.Option(
            "--link", help="The two files are a link's two nodes, each on a clock of its own: one run, aligned on the way."
        ),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return only when every tag is stored.")] = False,
    patience_s: Annotated[float, typer.Option("--timeout", help="Seconds that --wait waits.", metavar="S")] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="As an object for scripts.")] = False,
) -> None:
    """Send recorded tags through the broker; each file becomes a run of the device."""
    invocation = of(context)
    origin_unix_ns = None if origin is None else _unix_ns(origin)
    from producers.recording import open_recording

    recordings = [open_recording(file, sync_channel=sync_channel) for file in files]
    if link:
        recordings = _nodes(recordings, pace, sync_channel)
    results = []
    for recording in recordings:
        if not as_json:
            _announce(invocation, recording)
        if link:
            continue
        result = asyncio.run(_send(invocation, recording, DeviceId(device), pace.value, origin_unix_ns, quiet=as_json))
        results.append((recording, result))
    if link:
        sent = asyncio.run(_send_link(invocation, recordings, DeviceId(device), origin_unix_ns, quiet=as_json))
        results = list(zip(recordings, sent, strict=True))
    if wait:
        deadline = time.monotonic() + patience_s
        for recording, result in results:
            _await_stored(invocation, DeviceId(device), _of_run(result, results), deadline, str(recording.path))
    if as_json:
        invocation.answer({"device": device, "stored": wait, "runs": [_document(*each) for each in results]})
    else:
        _say_where(invocation, device, results, stored=wait)


def _nodes(recordings: "list[Recording]", pace: Pace, sync_channel: int | None) -> "list[Recording]":
    """Two recordings without a channel in common: the second one's get other numbers."""
    from console.merged_file import renumbered
    from producers.recording import open_recording

    if len(recordings) != 2:
        raise Refusal(
            ExitCode.USAGE, f"a link has two nodes, {len(recordings)} files were named", where="--link", do="name two files"
        )
    if pace is not Pace.FILE:
        raise Refusal(ExitCode.USAGE, "a link is sent as fast as it goes", where="--pace", do="leave it out")
    ours, other = recordings
    numbers = renumbered(ours, other)
    sync = None if sync_channel is None else numbers.get(sync_channel, sync_channel)
    return [ours, open_recording(other.path, sync_channel=sync, channels=numbers)]


async def _send_link(
    invocation: Invocation, nodes: "list[Recording]", link: DeviceId, origin_unix_ns: int | None, *, quiet: bool
) -> "tuple[ReplayResult, ReplayResult]":
    from rich.progress import Progress

    from producers.link_replay import replay_link
    from producers.publisher import Publisher

    with Progress(console=invocation.notes, disable=quiet, transient=True) as bar:
        task = bar.add_task(link, total=sum(sum(node.tags.values()) for node in nodes))
        async with Publisher(broker_connection(invocation.settings)) as publisher:
            return await replay_link(
                (nodes[0], nodes[1]),
                publisher,
                link,
                origin_unix_ns=origin_unix_ns,
                progress=lambda tags: bar.update(task, completed=tags),
            )


async def _send(
    invocation: Invocation,
    recording: "Recording",
    device: DeviceId,
    pace: Literal["file", "recorded"],
    origin_unix_ns: int | None,
    *,
    quiet: bool,
) -> "ReplayResult":
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from producers.publisher import Publisher
    from producers.replay import replay as send

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, TimeRemainingColumn(), console=invocation.notes, disable=quiet, transient=True) as bar:
        task = bar.add_task(recording.path.name, total=sum(recording.tags.values()), rate="")
        began = time.monotonic()
        async with Publisher(broker_connection(invocation.settings)) as publisher:
            return await send(
                recording,
                publisher,
                device,
                pace=pace,
                origin_unix_ns=origin_unix_ns,
                progress=lambda at: bar.update(
                    task, completed=at.tags, rate=f"{at.tags / 1e6 / max(1e-6, time.monotonic() - began):.1f} Mtags/s"
                ),
            )


def _await_stored(invocation: Invocation, device: DeviceId, sent: tuple[RunId, int], deadline: float, file: str) -> None:
    """Ask the store until it holds all tags of the run.

    Raises:
        Refusal: the time is over, or more tags are stored than were sent.
    """
    from storage.reader import Reader

    run, tags = sent
    with Reader(store_address(invocation.settings, readonly=True)) as reader:
        while True:
            stored = reader.stored_tags(device, run)
            if stored >= tags:
                return
            if time.monotonic() > deadline:
                raise Refusal(
                    ExitCode.NOT_YET,
                    f"{stored} of {tags} tags of run {run} are stored",
                    where=file,
                    do="wait longer (--timeout), or see whether the worker runs: “photonwatch status”",
                )
            time.sleep(_ASK_S)


def _of_run(result: "ReplayResult", results: "list[tuple[Recording, ReplayResult]]") -> tuple[RunId, int]:
    """A result's run, and all the tags sent of it."""
    return RunId(result.run), sum(each.tags for _, each in results if each.run == result.run)


def _announce(invocation: Invocation, recording: "Recording") -> None:
    channels = ", ".join(f"{number}: {count:,}" for number, count in recording.tags.items())
    invocation.notes.print(
        f"[bold]{recording.path.name}[/]  {recording.format}, {recording.duration_ps / 1e12:.3f} s, tags by channel {channels}; "
        f"{recording.reordered} reordered, {recording.overflows} overflows"
    )
    for note in recording.notes:
        invocation.notes.print(f"  [dim]{note}[/]")


def _document(recording: "Recording", result: "ReplayResult") -> dict[str, object]:
    return {
        "file": str(recording.path),
        "format": recording.format,
        "run": result.run,
        "tags": result.tags,
        "blocks": result.blocks,
        "bytes": result.sent_bytes,
        "seconds": result.seconds,
        "reordered": recording.reordered,
        "overflows": recording.overflows,
        "origin_unix_ns": result.origin_unix_ns,
    }


def _say_where(invocation: Invocation, device: str, results: list[tuple["Recording", "ReplayResult"]], *, stored: bool) -> None:
    for recording, result in results:
        rate = result.tags / 1e6 / max(1e-6, result.seconds)
        invocation.terminal.print(
            f"{recording.path.name}: {result.tags:,} tags {'stored' if stored else 'sent'} as run {result.run} "
            f"[dim]({rate:.1f} Mtags/s, {result.sent_bytes / max(1, result.tags):.2f} bytes a tag)[/]"
        )
    page = next((part.address for part in look(invocation).parts if part.name == "page" and part.address), None)
    if page is not None:
        invocation.terminal.print(f"Look at it: http://{page}/devices/{device}")
    invocation.terminal.print(f"or:         photonwatch report --device {device}")


def _unix_ns(text: str) -> int:
    """Nanoseconds since 1970 of an ISO 8601 time; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(ExitCode.USAGE, f"“{text}” is no time", where="--origin", do="write it like 2026-03-07T14:23:55Z") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
