"""``photonwatch slo evaluate``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.slo.options import Json
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from slo.assessment import Assessment
    from slo.instant import Form
    from slo.objective import Objective

_NS = 1_000_000_000
_ROW_S = 60
"""How long a single row's interval is taken to be where nothing tells."""


def evaluate(  # noqa: PLR0917 - typer turns them into options
    context: typer.Context,
    definition: Annotated[Path, typer.Argument(help="An OpenSLO file with one SLO.", exists=True)],
    events: Annotated[
        Path, typer.Option(help="CSV with the columns time (start of the interval), good and bad.", exists=True, dir_okay=False)
    ],
    at: Annotated[
        str | None, typer.Option(help="As of when; ISO 8601 or epoch seconds. [default: the end of the series]")
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(help="CSV with start, end, reason (and who, subject, rule, zone): time out.", exists=True, dir_okay=False),
    ] = None,
    minimum_events: Annotated[
        int | None, typer.Option(min=0, help="Events asked of each tier's long window, instead of the definition's.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help="Length of a row's interval, for example 10s. [default: the spacing]")
    ] = None,
    objective: Annotated[str | None, typer.Option(help="Which objective, where the definition holds several.")] = None,
    subject: Annotated[str | None, typer.Option(help="Whose events these are: exclusions of others do not concern them.")] = None,
    transitions: Annotated[
        bool, typer.Option("--transitions", help="Also when each alert would have fired and cleared.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold a series of good and bad events against an objective: windows, budget, tiers, alerts. Exact to the last event."""
    invocation = of(context)
    from schemas.ids import SubjectId
    from slo.assessment import assess
    from slo.exclusion_file import read_exclusions
    from slo.exclusions import EVERYBODY
    from slo.series_file import read_series

    chosen = _objective(definition, objective)
    if minimum_events is not None:
        chosen = replace(chosen, tiers=tuple(replace(tier, minimum_events=minimum_events) for tier in chosen.tiers))
    read = read_series(events, interval_ns=_interval_ns(interval), fallback_ns=_ROW_S * _NS)
    if read.guessed and len(read.series):
        invocation.notes.print(
            f"remark: a single row has no spacing; its interval is taken as {_ROW_S} s (--interval says otherwise)"
        )
    if read.repeated:
        invocation.notes.print(f"remark: {read.repeated} rows came again with the same time; each interval counts once")
    at_ns, form = _at(at, read.form if len(read.series) else None)
    if at_ns is None:
        at_ns = int(read.series.ends_ns[-1]) if len(read.series) else None
    if at_ns is None:
        invocation.notes.print("remark: the series holds no rows: everything is undefined")
    declared = [] if exclude is None else read_exclusions(exclude, at_ns or 0)
    found = assess(
        chosen,
        read.series,
        at_ns or 0,
        exclusions=declared,
        subject=SubjectId(subject) if subject else EVERYBODY,
        with_transitions=transitions,
    )
    _answer(invocation, found, None if at_ns is None else form, as_json=as_json, with_transitions=transitions)


def _answer(invocation: Invocation, found: "Assessment", form: "Form | None", *, as_json: bool, with_transitions: bool) -> None:
    from console.assessment_answer import document, show

    if as_json:
        invocation.answer(document(found, form, with_transitions=with_transitions))
    else:
        show(invocation, found, form, with_transitions=with_transitions)


def _objective(definition: Path, name: str | None) -> "Objective":
    from slo.definitions import examine

    examined = examine([definition], shipped=False)
    examined.findings.raise_first(strict=False)
    found = {each.name: each for each in examined.objectives}
    if name is not None and name in found:
        return found[name]
    known = ", ".join(found)
    if name is not None:
        raise Refusal(
            ExitCode.NOT_FOUND, f"there is no objective {name}", where=str(definition), do=f"name one of: {known or 'none'}"
        )
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise Refusal(
            ExitCode.USAGE,
            f"the definition holds {len(found)} objectives",
            where=str(definition),
            do=f"name one with --objective: {known}",
        )
    reasons = "; ".join(f"{each.slo}: {each.reason}" for each in examined.unevaluated)
    raise Refusal(
        ExitCode.BAD_INPUT,
        f"no objective can be evaluated ({reasons or 'no SLO'})",
        where=str(definition),
        do="give a file with an SLO",
    )


def _interval_ns(text: str | None) -> int | None:
    from console.quantities import QuantityError, picoseconds

    if text is None:
        return None
    try:
        length_ps = picoseconds(text)
    except QuantityError as error:
        raise Refusal(ExitCode.USAGE, str(error), where="--interval", do="write for example 10s") from None
    if length_ps < 1_000 or length_ps % 1_000:
        raise Refusal(
            ExitCode.USAGE, f"“{text}” is not a whole number of nanoseconds", where="--interval", do="write for example 10s"
        )
    return length_ps // 1_000


def _at(text: str | None, form: "Form | None") -> "tuple[int | None, Form]":
    """The instant that was asked for, and the form in which to answer: the series', else the question's."""
    from slo.instant import Form, instant_ns

    if text is None:
        return None, form or Form.ISO
    try:
        at_ns, written = instant_ns(text)
    except ValueError as error:
        raise Refusal(ExitCode.USAGE, str(error), where="--at", do="write for example 2026-01-01T00:00:00Z") from None
    return at_ns, form or written
