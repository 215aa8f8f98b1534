"""The command line: ``photonwatch``. Puts the commands together and turns every failure into one line and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import msgspec
import typer

from console.commands import (
    analyse,
    clock,
    correlate,
    diagnose,
    doctor,
    estimate,
    gameday,
    indicators,
    notify,
    page,
    probe,
    recompute,
    replay,
    report,
    simulate,
    slo,
    sql,
    status,
    up,
    version,
    worker,
)
from console.failures import refusal_of
from console.invocation import Invocation
from console.refusal import ExitCode, Refusal

_HELP = "Observability and service level objectives for quantum-photonic hardware."
_EPILOG = (
    "Start with “photonwatch up”. Settings come from photonwatch.toml, PHOTONWATCH_… and --set; “photonwatch doctor” shows them."
)


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="photonwatch",
        help=_HELP,
        epilog=_EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, command in (
        ("up", up.up),
        ("status", status.status),
        ("replay", replay.replay),
        ("analyse", analyse.analyse),
        ("estimate", estimate.estimate),
        ("indicators", indicators.indicators),
        ("correlate", correlate.correlate),
        ("clock", clock.clock),
        ("report", report.report),
        ("sql", sql.sql),
        ("doctor", doctor.doctor),
        ("version", version.version),
        ("worker", worker.worker),
        ("page", page.page),
        ("notify", notify.notify),
        ("probe", probe.probe),
        ("diagnose", diagnose.diagnose),
        ("gameday", gameday.gameday),
        ("recompute", recompute.recompute),
    ):
        app.command(name)(command)
    app.add_typer(simulate.build(), name="simulate")
    app.add_typer(slo.build(), name="slo")
    return app


def _root(
    context: typer.Context,
    home: Annotated[
        str | None, typer.Option(help="Directory that holds everything. [default: ~/.photonwatch]", metavar="DIR")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, for example kafka.address=broker:9092. May be repeated.", metavar="KEY=VALUE"),
    ] = None,
) -> None:
    logging.getLogger().addHandler(logging.NullHandler())  # libraries do not speak in between; servers configure their own
    flags: dict[str, str] = {}
    for assignment in assignments or ():
        key, equals, value = assignment.partition("=")
        if not equals or "." not in key:
            raise Refusal(
                ExitCode.USAGE,
                f"“{assignment}” sets nothing",
                where="--set",
                do="write section.key=value, for example page.port=8080",
            )
        flags[key] = value
    if home is not None:
        flags["home"] = home
    context.obj = Invocation(flags)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code is one of ``ExitCode``. Nothing is raised, except under PHOTONWATCH_DEBUG."""
    try:
        result = typer.main.get_command(build())(list(arguments), prog_name="photonwatch", standalone_mode=False)
    except Exception as error:
        if os.environ.get("PHOTONWATCH_DEBUG"):
            raise
        return _refuse(refusal_of(error), as_json=_wants_json(arguments))
    return result if isinstance(result, int) else ExitCode.DONE


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether the answer was to be JSON, also where the command line could not be read."""
    return "--json" in arguments or "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _refuse(refusal: Refusal, *, as_json: bool) -> int:
    if as_json:
        typer.echo(msgspec.json.encode(refusal.document()).decode())
    typer.echo(refusal.line(), err=True)
    return refusal.code


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))
