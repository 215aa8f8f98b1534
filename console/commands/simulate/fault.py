"""``photonwatch simulate fault``: break a device of the running fleet, and mend it."""

import time
from collections.abc import Mapping
from typing import Annotated

import typer

from console.commands.options import AsJson, duration_ps
from console.commands.simulate.fleets import fleet_of, named
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal


def fault(
    context: typer.Context,
    failure: Annotated[
        str | None, typer.Argument(help="A failure: see “simulate faults”. With --off: every one unless given.", metavar="ID")
    ] = None,
    *,
    device: Annotated[
        str | None, typer.Option(help="A device, link, cryostat or laser of the fleet. With --off: all.", metavar="NAME")
    ] = None,
    size: Annotated[float, typer.Option(help="How strong; 1 is as the list says.", metavar="FACTOR")] = 1.0,
    duration: Annotated[
        str | None, typer.Option(help="After this it mends by itself, for example 5min. [default: never]", metavar="TIME")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Take the failure back instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Break a device of the running fleet until it is mended; each change is announced on the timeline."""
    invocation = of(context)
    if off:
        _mend(invocation, failure, device, as_json=as_json)
        return
    if failure is None or device is None:
        raise Refusal(
            ExitCode.USAGE,
            "which failure, of which device?",
            where="simulate fault",
            do="give both, for example “photonwatch simulate fault sps.F7 --device sps-helios-01”",
        )
    from producers.fault_catalogue import load_failures
    from producers.faults import Asked, ask
    from producers.run_ids import new_run
    from producers.simulation import Simulation

    failures = load_failures()
    if failure not in failures:
        raise Refusal(
            ExitCode.NOT_FOUND, f"no failure “{failure}”", where="simulate fault", do=f"name one of: {', '.join(failures)}"
        )
    fleet = fleet_of(invocation.settings)
    names = [*(one.id for one in fleet.devices), *(one.id for one in fleet.links), *(one.id for one in fleet.shared)]
    named("device, link, cryostat or laser", device, names)
    if (why := Simulation(fleet, new_run, 0).refusal(device, failures[failure])) is not None:
        raise Refusal(ExitCode.BAD_INPUT, why, where=device, do="see “photonwatch simulate faults” for what it can have")
    lasts_ps = duration_ps(duration, "--duration")
    asked = Asked(
        target=device,
        fault=failure,
        size=size,
        asked_unix_s=time.time(),
        duration_s=None if lasts_ps is None else lasts_ps / 1e12,
    )
    ask(invocation.settings.home, asked)
    until = "" if asked.duration_s is None else f", for {asked.duration_s:g} s"
    times = "" if size == 1 else f", {size:g} times as strong"
    text = f"{device}: {failure} {failures[failure].title}{times}{until}. {failures[failure].physics}"
    _say(invocation, {"device": device, "fault": failure, "size": size, "duration_s": asked.duration_s}, text, as_json=as_json)


def _mend(invocation: Invocation, failure: str | None, device: str | None, *, as_json: bool) -> None:
    from producers.faults import take_back

    mended = take_back(invocation.settings.home, device, failure)
    text = "\n".join(f"{one.target}: {one.fault} taken back" for one in mended) or "nothing was broken"
    document = {"mended": [{"device": one.target, "fault": one.fault} for one in mended]}
    _say(invocation, document, text, as_json=as_json)


def _say(invocation: Invocation, document: Mapping[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        invocation.answer(document)
    else:
        invocation.terminal.print(text)
