"""``photonwatch clock``: how the clocks of two nodes stand to each other, from recorded files of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson, channels_of, duration_ps, signed_duration_ps
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from producers.recording import Recording
    from streams.clock_parameters import ClockParameters
    from streams.processors.held_tags import NodeTags


def clock(
    context: typer.Context,
    *,
    file_a: Annotated[Path, typer.Argument(help="Tags of one node; its clock is the one to compare with.", metavar="FILE_A")],
    file_b: Annotated[Path, typer.Argument(help="Tags of the other node.", metavar="FILE_B")],
    channels: Annotated[
        str | None,
        typer.Option(
            help="The channel of FILE_A and that of FILE_B which share photons. [default: all detectors]", metavar="A,B"
        ),
    ] = None,
    search: Annotated[str, typer.Option(help="The offset lies within this of --around.", metavar="TIME")] = "1s",
    around: Annotated[
        str | None,
        typer.Option(
            help="B's clock minus A's, about, for example -2.5s. [default: 0, or the difference of the starts]", metavar="TIME"
        ),
    ] = None,
    frequency: Annotated[float, typer.Option(help="The clocks' frequencies differ by this at most.", metavar="RATIO")] = 1e-6,
    every: Annotated[str, typer.Option(help="A reading this often.", metavar="TIME")] = "1s",
    merged: Annotated[
        Path | None, typer.Option(help="Write both nodes' tags on A's clock into this .parquet file.", metavar="FILE")
    ] = None,
    picture: Annotated[Path | None, typer.Option("--plot", help="Draw into this file (.png or .svg).", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Find and follow the offset between two nodes' clocks, from the photons that they share."""
    invocation = of(context)
    wanted = channels_of(channels, "--channels", 2, 2)
    reach_ps, every_ps = duration_ps(search, "--search") or 0, duration_ps(every, "--every") or 0
    around_ps = signed_duration_ps(around, "--around")
    from console.clock_answer import ClockAnswer, give
    from console.merged_file import MergedFile, renumbered
    from producers.recording import open_recording
    from streams.clock_analysis import ClockCourse, ticks_of

    ours, other = open_recording(file_a), open_recording(file_b)
    notes: tuple[str, ...] = ()
    if around_ps is None:
        around_ps, notes = _around(ours, other)
    parameters = _parameters(ours, other, wanted, (reach_ps, frequency))
    course = ClockCourse(parameters, max(every_ps, parameters.tick_ps))
    numbers = renumbered(ours, other)
    with MergedFile(merged, ours, other, numbers) as file:
        for tick in ticks_of(
            _tags(invocation, ours, 0, quiet=as_json), _tags(invocation, other, around_ps, quiet=True), parameters
        ):
            course.add(tick)
            file.add(tick)
    if merged is not None and numbers:
        changed = ", ".join(f"{old} is {new}" for old, new in numbers.items())
        notes = (*notes, f"channels of {file_b.name} have other numbers in {merged.name}: {changed}")
    answer = ClockAnswer((ours, other), parameters, around_ps, course.report(), (*ours.notes, *other.notes, *notes))
    give(invocation, answer, picture, as_json=as_json)
    if answer.report.last is None:
        raise typer.Exit(ExitCode.NEGATIVE)


def _around(ours: "Recording", other: "Recording") -> tuple[int, tuple[str, ...]]:
    """Where to look if nobody says: where the clocks read the same, if the recordings then overlap; else at their starts."""
    begins = ours.clock_start_ps, other.clock_start_ps
    if max(begins) < min(begins[0] + ours.duration_ps, begins[1] + other.duration_ps):
        return 0, ()
    note = (
        f"the files' clocks have no time in common (they begin at {begins[0]} and {begins[1]} ps): both recordings are taken to "
        "have begun together; say --around if you know better"
    )
    return begins[1] - begins[0], (note,)


def _parameters(
    ours: "Recording", other: "Recording", wanted: tuple[int, ...] | None, search: tuple[int, float]
) -> "ClockParameters":
    from streams.clock_parameters import MOST_FREQUENCY, ClockParameters
    from streams.errors import AnalysisError

    reach_ps, frequency = search
    if not 0 < frequency <= MOST_FREQUENCY:
        raise Refusal(
            ExitCode.USAGE,
            f"a frequency error of {frequency:g} cannot be searched",
            where="--frequency",
            do=f"write a ratio above 0 and up to {MOST_FREQUENCY:g}",
        )
    if wanted is not None:
        for recording, channel in zip((ours, other), wanted, strict=True):
            if channel not in recording.tags:
                known = ", ".join(map(str, recording.tags))
                raise Refusal(
                    ExitCode.BAD_INPUT,
                    f"channel {channel} holds no tags",
                    where=str(recording.path),
                    do=f"it has channels {known}",
                )
    try:
        return ClockParameters.searching(
            reach_ps,
            frequency,
            our_channels=_detectors(ours) if wanted is None else (wanted[0],),
            other_channels=_detectors(other) if wanted is None else (wanted[1],),
        )
    except AnalysisError as error:
        what, _, do = str(error).rpartition("; ")
        raise Refusal(ExitCode.USAGE, what, where="--search, --frequency", do=do) from None


def _detectors(recording: "Recording") -> tuple[int, ...]:
    return tuple(channel.number for channel in recording.channels if channel.role == "detector")


def _tags(invocation: Invocation, recording: "Recording", ahead_ps: int, *, quiet: bool) -> Iterator["NodeTags"]:
    """The recording on its file's clock, set back by ``ahead_ps``."""
    from console.tag_files import segments_of
    from streams.processors.held_tags import NodeTags

    begin_ps = recording.clock_start_ps - ahead_ps
    for segment in segments_of(invocation, recording, quiet=quiet):
        time_ps = segment.time_ps + begin_ps if begin_ps else segment.time_ps
        yield NodeTags(time_ps, segment.channel, begin_ps + segment.start_ps, begin_ps + segment.reached_ps)
