"""``photonwatch correlate``: correlations of files of tags, by the kernels that the worker uses."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.options import AsJson, channels_of, delays_of, duration_ps
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from console.correlation_answer import CorrelationAnswer
    from producers.recording import Recording
    from streams.kernels.axis import Axis
    from streams.processors.correlation import Correlation, CorrelationParameters
    from streams.processors.delayed import Delays

_PLOT_ROWS = 18
_PLAIN_COLUMNS = 100


def correlate(
    context: typer.Context,
    *,
    files: Annotated[list[Path], typer.Argument(help="Files of tags. Their counts add up; no pair spans two files.")],
    channels: Annotated[
        str | None,
        typer.Option(
            help="tau = t_B - t_A; twice the same: with itself. [default: the two brightest detectors, or the only one]",
            metavar="A,B",
        ),
    ] = None,
    window: Annotated[str, typer.Option(help="Delays from minus this up to this.", metavar="TIME")] = "100ns",
    bin_width: Annotated[
        str, typer.Option("--bin", help="Width of a bin; with --log of the narrowest.", metavar="TIME")
    ] = "100ps",
    delay: Annotated[
        list[str] | None,
        typer.Option(help="Added to a channel's times, for example 1=-250 (ps) or 1=2.5ns. May be repeated.", metavar="CH=TIME"),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Bins that double in width away from zero, eight of each.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the arrays into this .npz file.", metavar="FILE")] = None,
    picture: Annotated[Path | None, typer.Option("--plot", help="Draw into this file (.png or .svg).", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Count every pair of two channels' tags by its delay."""
    invocation = of(context)
    wanted = channels_of(channels, "--channels", 2, 2)
    delays_ps = delays_of(delay)
    window_ps, bin_ps = duration_ps(window, "--window"), duration_ps(bin_width, "--bin")
    if out is not None and out.suffix != ".npz":
        raise Refusal(ExitCode.USAGE, f"arrays are not written as “{out.suffix}”", where=str(out), do="end its name in .npz")
    axis = _axis(window_ps or 0, bin_ps or 0, log=log)
    from producers.recording import open_recording

    recordings = [open_recording(file) for file in files]
    tags: dict[int, int] = {}
    for recording in recordings:
        for channel, count in recording.tags.items():
            tags[channel] = tags.get(channel, 0) + count
    pair, chosen = _pair(recordings, tags, wanted)
    from console.correlation_answer import CorrelationAnswer

    delays = _delays(delays_ps, tags)
    counted = _counted(invocation, recordings, _parameters(pair, axis), delays, quiet=as_json)
    _give(invocation, CorrelationAnswer.of(counted, pair, chosen, delays_ps), out, picture, as_json=as_json)


def _axis(window_ps: int, bin_ps: int, *, log: bool) -> "Axis":
    from streams.kernels.axis import EdgeAxis, TauAxis

    where = "--window, --bin"
    if not log and window_ps % bin_ps:
        raise Refusal(
            ExitCode.USAGE, f"a window of {window_ps} ps is no multiple of a bin of {bin_ps} ps", where=where, do="make it one"
        )
    try:
        return EdgeAxis.doubling(window_ps, bin_ps) if log else TauAxis.symmetric(window_ps, bin_ps)
    except ValueError as error:
        raise _unfit(error, where) from None


def _parameters(pair: tuple[int, int], axis: "Axis") -> "CorrelationParameters":
    from streams.processors.correlation import CorrelationParameters

    try:
        return CorrelationParameters((pair,), axis)
    except ValueError as error:
        raise _unfit(error, "--window, --bin") from None


def _delays(delays_ps: dict[int, int], tags: dict[int, int]) -> "Delays":
    from streams.processors.delayed import Delays

    for channel in delays_ps:
        if channel not in tags:
            known = ", ".join(map(str, sorted(tags)))
            raise Refusal(ExitCode.USAGE, f"no tag of channel {channel}", where="--delay", do=f"the files have channels {known}")
    try:
        return Delays(delays_ps)
    except ValueError as error:
        raise _unfit(error, "--delay") from None


def _unfit(error: ValueError, where: str) -> Refusal:
    what, _, do = str(error).partition("; ")
    return Refusal(ExitCode.USAGE, what, where=where, do=do or "see --help")


def _pair(recordings: "Sequence[Recording]", tags: dict[int, int], wanted: tuple[int, ...] | None) -> tuple[tuple[int, int], str]:
    """The channels, A and B, and how they were chosen."""
    from streams.channel_pair import choose_pair

    held = ", ".join(f"{channel} ({count} tags)" for channel, count in sorted(tags.items()))
    if wanted is not None:
        for channel in wanted:
            if channel not in tags:
                raise Refusal(
                    ExitCode.BAD_INPUT, f"channel {channel} holds no tags", where="--channels", do=f"channels with tags: {held}"
                )
        return (wanted[0], wanted[1]), "as asked for"
    detectors = {channel.number for recording in recordings for channel in recording.channels if channel.role == "detector"}
    if len(detectors) == 1:
        [only] = detectors
        return (only, only), "the only detector, with itself"
    pair = choose_pair(detectors, tags)
    return pair.channels, pair.chosen


def _counted(
    invocation: Invocation,
    recordings: "Sequence[Recording]",
    parameters: "CorrelationParameters",
    delays: "Delays",
    *,
    quiet: bool,
) -> "list[tuple[Recording, Correlation]]":
    from console.tag_files import segments_of
    from streams.processors import correlation, delayed

    counted = []
    for recording in recordings:
        shifted = delayed.shifted(segments_of(invocation, recording, quiet=quiet), delays)
        counted.append((recording, correlation.correlate(shifted, parameters)))
    return counted


def _give(invocation: Invocation, answer: "CorrelationAnswer", out: Path | None, picture: Path | None, *, as_json: bool) -> None:
    from console.curves import write

    written: list[Path] = []
    if picture is not None:
        write(answer.curve(), picture)
        written.append(picture)
    if out is not None:
        _save(out, answer.arrays())
        written.append(out)
    if as_json:
        invocation.answer(answer.document())
        return
    _show(invocation, answer)
    for file in written:
        invocation.terminal.print(f"[dim]written: {file}[/]")


def _save(out: Path, arrays: dict[str, Any]) -> None:
    import numpy as np

    try:
        np.savez_compressed(out, allow_pickle=False, **arrays)
    except OSError as error:
        raise Refusal(
            ExitCode.BAD_INPUT, f"the arrays cannot be written: {error.strerror}", where=str(out), do="choose another place"
        ) from None


def _show(invocation: Invocation, answer: "CorrelationAnswer") -> None:
    from rich.markup import escape

    from console.curves import terminal
    from console.quantities import hertz_text, seconds_text

    say, duration_s = invocation.terminal.print, answer.duration_ps / 1e12
    curve = answer.curve()
    say(f"[bold]{escape(curve.heading)}[/]  [dim]{answer.channels_chosen}[/]")
    say(f"  {seconds_text(duration_s)}, {answer.reordered} reordered, {answer.overflows} overflows")
    for channel, tags in answer.tags.items():
        say(f"  channel {channel:<3} {tags:>13,} tags  {hertz_text(tags / duration_s) if duration_s else '–'}")
    say(f"  {answer.pairs:,} pairs; {escape(curve.caption.split(' · ', 3)[3])}")
    for warning in answer.warnings:
        say(f"  [yellow]◆[/] {escape(warning)}")
    colour = invocation.terminal.is_terminal
    size = (invocation.terminal.width if colour else _PLAIN_COLUMNS, _PLOT_ROWS)
    invocation.terminal.out("", terminal(curve, size, colour=colour), sep="\n", highlight=False)
