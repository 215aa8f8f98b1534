"""``photonwatch report``: the g² of what a device streamed, from the store; the same object that ``analyse`` gives for a file."""

from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson, Channels, Objective, Period, Picture, WithHistogram, duration_ps, pair_of
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths, pane_parameters, store_address
from schemas.ids import DeviceId, RunId, SubjectId

if TYPE_CHECKING:
    from storage.reader import Reader, Run


def report(
    context: typer.Context,
    *,
    device: Annotated[str, typer.Option(help="The device.", metavar="ID")],
    run: Annotated[str | None, typer.Option(help="One run of it. [default: the latest]", metavar="R")] = None,
    channels: Channels = None,
    period: Period = None,
    objective: Objective = None,
    picture: Picture = None,
    with_histogram: WithHistogram = False,
    as_json: AsJson = False,
) -> None:
    """Tell period, zero delay and g²(0) of what a device streamed."""
    invocation = of(context)
    settings = invocation.settings
    pair, period_ps = pair_of(channels), duration_ps(period, "--period")
    address = store_address(settings, readonly=True)
    from console.g2_answer import G2Answer, give
    from console.judging import g2_judge
    from console.stored import known_period_ps, stored_sum
    from slo.definitions import load
    from storage.client import connect
    from storage.reader import Reader
    from streams.analysis import Provenance

    judge = g2_judge(load(definition_paths(settings, None)), DeviceId(device), objective)
    with Reader(address) as reader:
        found = _run(reader, DeviceId(device), run)
        total = stored_sum(reader, found.device, found.run, pane_parameters(settings))
    with connect(address) as client:
        known_ps = known_period_ps(client, found.device, found.run)
    answer = G2Answer.of(
        total,
        Provenance(
            file=found.labels.get("file"),
            format=found.labels.get("format"),
            duration_s=found.duration_s,
            reordered=found.reordered,
            overflows=found.overflows,
            detectors=tuple(channel.number for channel in found.channels if channel.role == "detector"),
        ),
        judge,
        heading=f"{found.device}, run {found.run}",
        about={"device": found.device, "run": found.run, "final": found.final},
        channels=pair,
        period_ps=known_ps if period_ps is None else period_ps,
    )
    give(invocation, answer, as_json=as_json, with_histogram=with_histogram, picture=picture)


def _run(reader: "Reader", device: DeviceId, run: str | None) -> "Run":
    found = reader.latest_run(device) if run is None else reader.run(device, RunId(run))
    if found is not None:
        return found
    if run is None and any(one.subject == SubjectId(device) for one in reader.heard(0)):
        raise Refusal(
            ExitCode.NOT_FOUND,
            f"“{device}” sends no tags, so it has no g²",
            where="--device",
            do="“photonwatch status --devices” tells how it stands, its page what it was found to be",
        )
    if run is None:
        known = ", ".join(sorted({one.device for one in reader.runs()})) or "none yet"
        raise Refusal(ExitCode.NOT_FOUND, f"nothing of device “{device}” is stored", where="--device", do=f"name one of: {known}")
    runs = ", ".join(one.run for one in reader.runs(device, 5)) or "none"
    raise Refusal(ExitCode.NOT_FOUND, f"device “{device}” has no run “{run}”", where="--run", do=f"its latest: {runs}")
