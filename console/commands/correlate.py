"""``photonwatch correlate``: correlations, coincidences, histograms, gates and statistics of files, by the worker's kernels."""

from pathlib import Path
from typing import Annotated

import typer

from console.commands.options import AsJson, channels_of, delays_of, duration_ps, sets_of
from console.invocation import of
from console.refusal import ExitCode, Refusal


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
    window: Annotated[
        str | None,
        typer.Option(
            help="Delays from minus this up to this; with --start-stop and --gaps from 0; with --coincidences and --gates its "
            "full width. [default: 100 ns; coincidences and gates 1 ns]",
            metavar="TIME",
        ),
    ] = None,
    bin_width: Annotated[
        str | None,
        typer.Option("--bin", help="Width of a bin; with --log of the narrowest. [default: 100 ps]", metavar="TIME"),
    ] = None,
    delay: Annotated[
        list[str] | None,
        typer.Option(help="Added to a channel's times, for example 1=-250 (ps) or 1=2.5ns. May be repeated.", metavar="CH=TIME"),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Bins that double in width away from zero, eight of each.")] = False,
    coincidences: Annotated[
        list[str] | None,
        typer.Option(help="Instead: coincidences of two to eight channels, or “all” pairs. May be repeated.", metavar="A,B,…"),
    ] = None,
    accidentals: Annotated[
        str | None,
        typer.Option(help="With --coincidences: count again with the channels this far apart.", metavar="TIME"),
    ] = None,
    start_stop: Annotated[
        str | None, typer.Option(help="Instead: stops of B, … by their delay behind the latest start A.", metavar="A,B,…")
    ] = None,
    gaps: Annotated[
        str | None,
        typer.Option(help="Instead: gaps between the tags of each channel; doubling bins unless --bin is given.", metavar="A,…"),
    ] = None,
    gates: Annotated[
        str | None,
        typer.Option(
            help="Instead: in how many gates of --window about each tag of A the others click, and heralded g².", metavar="A,B,…"
        ),
    ] = None,
    scatter: Annotated[
        str | None,
        typer.Option(
            help="Instead: how the counts of each channel scatter (Mandel's Q) and its rate wanders (Allan deviation), in bins "
            "from --bin on, doubling, up to --window. [default: 100 µs, 1 s]",
            metavar="A,…",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the arrays into this .npz file.", metavar="FILE")] = None,
    picture: Annotated[Path | None, typer.Option("--plot", help="Draw into this file (.png or .svg).", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Count every pair of two channels' tags by its delay; or coincidences, stops after starts, gaps, gates, scatter."""
    invocation = of(context)
    if out is not None and out.suffix != ".npz":
        raise Refusal(ExitCode.USAGE, f"arrays are not written as “{out.suffix}”", where=str(out), do="end its name in .npz")
    from console.counting import Wish, answer, give

    wish = Wish(
        channels=channels_of(channels, "--channels", 2, 2),
        window_ps=duration_ps(window, "--window"),
        bin_ps=duration_ps(bin_width, "--bin"),
        delays_ps=delays_of(delay),
        log=log,
        sets=None if coincidences is None else tuple(sets_of(coincidences)),
        accidental_shift_ps=duration_ps(accidentals, "--accidentals"),
        start_stop=channels_of(start_stop, "--start-stop", 2, 255),
        gaps=channels_of(gaps, "--gaps", 1, 254),
        gates=channels_of(gates, "--gates", 2, 8),
        scatter=channels_of(scatter, "--scatter", 1, 254),
    )
    give(invocation, answer(invocation, files, wish, quiet=as_json), out, picture, as_json=as_json)
