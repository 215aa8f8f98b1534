"""``photonwatch estimate``: any indicator of measurement files, by the function that the stream uses."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson
from console.invocation import Invocation, of
from console.quantities import QuantityError, in_unit_of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths, pane_parameters

if TYPE_CHECKING:
    from slo.catalogue import Indicator
    from slo.objective import Criterion


def estimate(
    context: typer.Context,
    *,
    indicator: Annotated[
        str, typer.Argument(help="The indicator, for example sps.M1; see “photonwatch indicators”.", metavar="ID")
    ],
    files: Annotated[
        list[Path], typer.Argument(help="Tags, histograms, sweeps, counts, logs. Several are one data set.", metavar="FILE…")
    ],
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A parameter, or what the file does not say: delay_unit=ns. May be repeated.", metavar="NAME=VALUE"
        ),
    ] = None,
    estimator: Annotated[
        str | None, typer.Option(help="Which estimator. [default: the first that takes such files]", metavar="NAME")
    ] = None,
    objective: Annotated[
        str | None, typer.Option(help="Objective to judge by. [default: that of the indicator]", metavar="NAME")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Judge by this instead, in the indicator's unit.", metavar="VALUE")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="Draw data, model and residuals (.png or .svg).", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate an indicator from files, with its interval and verdict."""
    invocation = of(context)
    paths, settings = _sorted_out(files, assignments or [])
    from console.estimate_answer import give
    from console.estimating import Question, TagReading
    from console.estimating import estimate as answer
    from console.indicator_table import the_one
    from console.tag_files import segments_of
    from slo.catalogue import catalogue
    from streams.estimators.registry import estimators

    row = the_one(catalogue(), indicator)
    name, criterion = _criterion(invocation, row, objective, threshold)
    tags = TagReading(pane_parameters(invocation.settings), lambda recording: segments_of(invocation, recording, quiet=as_json))
    found = answer(Question(row, estimator, paths, settings), estimators(), name, criterion, tags)
    give(invocation, found, as_json=as_json, picture=picture)


def _sorted_out(files: list[Path], assignments: list[str]) -> tuple[list[Path], dict[str, str]]:
    """Files and settings; what follows ``--set a=1`` and has an equals sign is a setting too, unless there is such a file."""
    loose = [str(file) for file in files if "=" in file.name and not file.exists()]
    settings: dict[str, str] = {}
    for assignment in [*assignments, *(loose if assignments else [])]:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise Refusal(
                ExitCode.USAGE, f"“{assignment}” sets nothing", where="--set", do="write name=value, for example delay_unit=ns"
            )
        try:
            settings[name.strip()] = in_unit_of(name.strip(), value.strip())
        except QuantityError as error:
            what, _, do = str(error).partition("; ")
            raise Refusal(ExitCode.USAGE, what, where=f"--set {name.strip()}", do=do) from None
    paths = [file for file in files if not assignments or str(file) not in loose]
    if not paths:
        raise Refusal(ExitCode.USAGE, "no file", where="command line", do="name at least one file")
    return paths, settings


def _criterion(
    invocation: Invocation, row: "Indicator", objective: str | None, threshold: float | None
) -> tuple[str, "Criterion | None"]:
    """Objective's name and what it holds against the estimate: as told, else the site's objective, else the table's target."""
    from decimal import Decimal
    from fractions import Fraction

    from slo.definitions import load
    from slo.objective import Criterion, Operator

    if threshold is not None:
        if not isfinite(threshold):
            raise Refusal(ExitCode.USAGE, f"{threshold} is no threshold", where="--threshold", do="write a finite number")
        upward, downward = Operator.AT_LEAST, Operator.AT_MOST
        usual = row.target.operator if row.target else upward if row.better == "higher" else downward
        return "", Criterion(row.id, row.name, row.unit, usual, Fraction(Decimal(repr(threshold))))
    definitions = load(definition_paths(invocation.settings, None))
    about = [each for each in definitions.objectives if each.criterion and each.criterion.indicator == row.id]
    if objective is not None:
        about = [each for each in about if each.name == objective]
        if not about:
            known = ", ".join(
                each.name for each in definitions.objectives if each.criterion and each.criterion.indicator == row.id
            )
            raise Refusal(
                ExitCode.NOT_FOUND,
                f"no objective “{objective}” of {row.id}",
                where="--objective",
                do=f"name one of: {known or 'none is defined; use --threshold'}",
            )
    if about:
        return about[0].name, about[0].criterion
    return "", row.target
