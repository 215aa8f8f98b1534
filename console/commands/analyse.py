"""``photonwatch analyse``: the g² of a file, without a broker, by the kernels that the worker uses."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson, Channels, Objective, Period, Picture, WithHistogram, duration_ps, pair_of
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths

if TYPE_CHECKING:
    from schemas.panes import PaneParameters


def analyse(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="A file of tags: PTU, qutools, CSV, Parquet, Arrow or npz.")],
    channels: Channels = None,
    bin_width: Annotated[str | None, typer.Option("--bin", help="Width of a bin. [default: 100 ps]", metavar="TIME")] = None,
    window: Annotated[
        str | None, typer.Option(help="Delays up to this, on both sides. [default: 200 ns]", metavar="TIME")
    ] = None,
    sync_channel: Annotated[int | None, typer.Option(help="Channel that is the excitation's clock.", metavar="N")] = None,
    period: Period = None,
    objective: Objective = None,
    picture: Picture = None,
    with_histogram: WithHistogram = False,
    as_json: AsJson = False,
) -> None:
    """Find period, zero delay and g²(0) of a file of tags."""
    invocation = of(context)
    pair, period_ps = pair_of(channels), duration_ps(period, "--period")
    parameters = _parameters(invocation, duration_ps(bin_width, "--bin"), duration_ps(window, "--window"))
    from console.g2_answer import G2Answer, give
    from console.judging import g2_judge
    from console.tag_files import segments_of
    from producers.recording import open_recording
    from slo.definitions import load
    from streams.analysis import Provenance, offline

    judge = g2_judge(load(definition_paths(invocation.settings, None)), None, objective)
    recording = open_recording(file, sync_channel=sync_channel)
    total = offline(segments_of(invocation, recording, quiet=as_json), parameters)
    answer = G2Answer.of(
        total,
        Provenance(
            file=str(file),
            format=recording.format,
            duration_s=recording.duration_ps / 1e12,
            reordered=recording.reordered,
            overflows=recording.overflows,
            detectors=tuple(channel.number for channel in recording.channels if channel.role == "detector"),
            warnings=recording.notes,
        ),
        judge,
        heading=file.name,
        about={},
        channels=pair,
        period_ps=recording.period_ps if period_ps is None else period_ps,
    )
    give(invocation, answer, as_json=as_json, with_histogram=with_histogram, picture=picture)


def _parameters(invocation: Invocation, bin_ps: int | None, half_range_ps: int | None) -> "PaneParameters":
    from schemas.panes import PaneParameters

    analysis = invocation.settings.analysis
    bin_ps = bin_ps or int(analysis.bin_width)
    half_range_ps = half_range_ps or int(analysis.half_range)
    try:
        return PaneParameters(bin_ps, half_range_ps, analysis.coincidence_window)
    except ValueError as error:
        raise Refusal(ExitCode.USAGE, str(error), where="--bin, --window", do="make the window a multiple of the bin") from None
