"""``photonwatch slo evaluate``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.slo.options import Json
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal

if TYPE_CHECKING:
    from slo.exclusions import Exclusion
    from slo.instant import Form
    from slo.objective import Objective
    from slo.series import Series

_NS = 1_000_000_000
_ROW_S = 60
"""How long a single row's interval is taken to be where nothing tells."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of which series, by the objectives that they are of. ``at_ns`` is None where there is no time at all."""

    chosen: "Objective"
    objectives: Mapping[str, "Objective"]
    series: Mapping[str, "Series"]
    at_ns: int | None
    form: "Form"
    exclusions: Sequence["Exclusion"]
    subject: str | None
    with_transitions: bool


def evaluate(  # noqa: PLR0917 - typer turns them into options
    context: typer.Context,
    definition: Annotated[Path, typer.Argument(help="An OpenSLO file with one SLO.", exists=True)],
    events: Annotated[
        list[str],
        typer.Option(
            help="CSV with the columns time (start of the interval), good and bad. Of a composite for each part: PART=FILE.",
            metavar="FILE",
        ),
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
    from slo.exclusion_file import read_exclusions

    objectives = _objectives(definition)
    chosen = _chosen(definition, objectives, objective)
    if minimum_events is not None:
        chosen = replace(chosen, tiers=tuple(replace(tier, minimum_events=minimum_events) for tier in chosen.tiers))
    series, form = _series(invocation, _files(chosen, objectives, events), _interval_ns(interval))
    at_ns, form = _at(at, form)
    ends = [int(each.ends_ns[-1]) for each in series.values() if len(each)]
    if at_ns is None:
        at_ns = max(ends, default=None)
    if not ends:
        invocation.notes.print("remark: the series holds no rows: everything is undefined")
    declared = [] if exclude is None else read_exclusions(exclude, at_ns or 0)
    asked = _Question(chosen, objectives, series, at_ns, form, declared, subject, transitions)
    _answer(invocation, asked, as_json=as_json)


def _answer(invocation: Invocation, asked: _Question, *, as_json: bool) -> None:
    from console import assessment_answer, composite_answer
    from schemas.ids import SubjectId
    from slo.assessment import assess
    from slo.composite_assessment import assess_composite
    from slo.exclusions import EVERYBODY

    form = None if asked.at_ns is None else asked.form
    subject = SubjectId(asked.subject) if asked.subject else EVERYBODY
    composite = asked.chosen.composite
    if composite is None:
        found = assess(
            asked.chosen,
            next(iter(asked.series.values())),
            asked.at_ns or 0,
            exclusions=asked.exclusions,
            subject=subject,
            with_transitions=asked.with_transitions,
        )
        if as_json:
            invocation.answer(assessment_answer.document(found, form, with_transitions=asked.with_transitions))
        else:
            assessment_answer.show(invocation, found, form, with_transitions=asked.with_transitions)
        return
    whole = assess_composite(
        asked.chosen,
        composite,
        asked.objectives,
        {name: [each] for name, each in asked.series.items()},
        asked.at_ns or 0,
        exclusions=asked.exclusions,
        subject=subject,
        with_transitions=asked.with_transitions,
    )
    if as_json:
        invocation.answer(composite_answer.document(whole, form, with_transitions=asked.with_transitions))
    else:
        composite_answer.show(invocation, whole, form, with_transitions=asked.with_transitions)


def _objectives(definition: Path) -> Mapping[str, "Objective"]:
    from slo.definitions import examine

    examined = examine([definition], shipped=False)
    examined.findings.raise_first(strict=False)
    found = {each.name: each for each in examined.objectives}
    if not found:
        reasons = "; ".join(f"{each.slo}: {each.reason}" for each in examined.unevaluated)
        what = f"no objective can be evaluated ({reasons or 'no SLO'})"
        raise Refusal(ExitCode.BAD_INPUT, what, where=str(definition), do="give a file with an SLO that names a timeWindow")
    return found


def _chosen(definition: Path, objectives: Mapping[str, "Objective"], name: str | None) -> "Objective":
    """The objective of that name; without one the only one that is no part of another."""
    parts = {part.objective for each in objectives.values() if each.composite for part in each.composite.parts}
    wholes = [each for each in objectives.values() if each.name not in parts]
    known = ", ".join(objectives)
    if name is not None:
        if name not in objectives:
            raise Refusal(ExitCode.NOT_FOUND, f"there is no objective {name}", where=str(definition), do=f"name one of: {known}")
        return objectives[name]
    if len(wholes) > 1:
        what = f"the definition holds {len(wholes)} objectives"
        raise Refusal(ExitCode.USAGE, what, where=str(definition), do=f"name one with --objective: {known}")
    return wholes[0]


def _files(chosen: "Objective", objectives: Mapping[str, "Objective"], events: Sequence[str]) -> dict[str, Path]:
    """The file of each measured objective."""
    from slo.composite_assessment import measured

    if chosen.composite is None:
        named = {chosen.name: Path(events[-1])}
        if len(events) > 1:
            raise Refusal(
                ExitCode.USAGE, "an objective that is no composite has one series", where="--events", do="give one file"
            )
    else:
        wanted = measured(chosen.composite, objectives)
        given = {name: Path(file) for name, sign, file in (each.partition("=") for each in events) if sign}
        missing = [name for name in wanted if name not in given]
        if missing or len(given) != len(events):
            do = f"give each part its own: {' '.join(f'--events {name}=FILE' for name in wanted)}"
            raise Refusal(ExitCode.USAGE, f"{chosen.name} is a composite", where="--events", do=do)
        named = {name: given[name] for name in wanted}
    for file in named.values():
        if not file.is_file():
            raise Refusal(ExitCode.NOT_FOUND, "there is no such file", where=str(file), do="name a CSV file")
    return named


def _series(
    invocation: Invocation, files: Mapping[str, Path], interval_ns: int | None
) -> "tuple[dict[str, Series], Form | None]":
    """The series of the files, and how their times are written; None where there is no time."""
    from slo.series_file import read_series

    found: dict[str, Series] = {}
    form: Form | None = None
    for name, file in files.items():
        read = read_series(file, interval_ns=interval_ns, fallback_ns=_ROW_S * _NS)
        found[name] = read.series
        if not len(read.series):
            continue
        form = form or read.form
        if read.guessed:
            said = f"a single row has no spacing; its interval is taken as {_ROW_S} s (--interval says otherwise)"
            invocation.notes.print(f"remark: {file}: {said}")
        if read.repeated:
            invocation.notes.print(
                f"remark: {file}: {read.repeated} of its rows came again with the same time; each interval counts once"
            )
    return found, form


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
