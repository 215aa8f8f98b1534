"""``photonwatch slo backtest``."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.slo.options import Files, Json
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths, store_address, topology

if TYPE_CHECKING:
    from console.backtesting import SeriesBySubject, Side
    from console.past_samples import PastSamples
    from slo.exclusions import Exclusion, Stretch
    from slo.objective import Objective

_ROW_NS = 60_000_000_000
"""How long a single row's interval is taken to be where nothing tells."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What to hold against the past. ``samples`` and ``against_samples`` are files; None: the store."""

    files: Sequence[Path]
    against: Sequence[Path]
    samples: Path | None
    against_samples: Path | None
    events: Sequence[str]


def backtest(  # noqa: PLR0917 - typer turns them into options
    context: typer.Context,
    files: Files = None,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Definitions to compare with. [default: those in force, where files are named]", exists=True),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(help="Samples as JSON lines, instead of the store's.", exists=True, dir_okay=False, metavar="FILE"),
    ] = None,
    against_samples: Annotated[
        Path | None,
        typer.Option(help="Samples for the comparison, for example under the old calibration.", exists=True, dir_okay=False),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(help="CSV with time, good, bad, instead of samples; of several objectives for each.", metavar="[NAME=]FILE"),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="ISO 8601 or epoch seconds. [default: where the samples begin]", metavar="TIME")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="[default: where the samples end]", metavar="TIME")] = None,
    subject: Annotated[
        list[str] | None, typer.Option(help="Only these; * and ? stand for anything. May be repeated.", metavar="PATTERN")
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(help="Planned exclusions, instead of the configured ones: CSV.", exists=True, dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what definitions would have done over the past: budgets, alerts, pages a week; beside those in force."""
    invocation = of(context)
    from console import backtest_answer
    from console.backtesting import trials

    asked = _Asked(files or (), against or (), samples, against_samples, events or ())
    with ExitStack() as stack:
        sides = _sides(invocation, asked, stack)
        stretch = _stretch(sides, since, until)
        excluded = _exclusions(invocation, exclude, stretch, stack, with_store=not (samples or events))
        depends = topology(invocation.settings)
        found = {name: list(trials(side, stretch, excluded, subject or (), depends)) for name, side in sides.items()}
    sources = {name: side.samples.name if side.samples else "events" for name, side in sides.items()}
    if not any(found.values()):
        raise Refusal(
            ExitCode.NOT_FOUND,
            "no sample of the past is about these objectives and subjects",
            where=", ".join(sorted(set(sources.values()))),
            do="widen --from, --to and --subject, or name definitions of what was measured (photonwatch indicators)",
        )
    if as_json:
        invocation.answer(backtest_answer.document(found, stretch, sources))
    else:
        backtest_answer.show(invocation, found, stretch, sources)


def _sides(invocation: Invocation, asked: _Asked, stack: ExitStack) -> "dict[str, Side]":
    from console.backtest_answer import NEW, OLD
    from console.backtesting import Side

    in_force = definition_paths(invocation.settings, None)
    chosen = _objectives(asked.files or in_force, all_of_them=not asked.files)
    series = _series(asked.events, chosen)
    new = Side(chosen, None if series else _samples(invocation, asked.samples, stack), series)
    if not (asked.against or asked.files or asked.against_samples):
        return {NEW: new}
    names = {each.name for each in chosen}
    if asked.against:
        other = _objectives(asked.against)
    else:
        other = tuple(each for each in _objectives(in_force, all_of_them=True) if each.name in names)
    old = replace(new, objectives=other)
    if asked.against_samples:
        old = replace(old, samples=_samples(invocation, asked.against_samples, stack))
    return {NEW: new, OLD: old} if other else {NEW: new}


def _objectives(paths: Sequence[Path], *, all_of_them: bool = False) -> "tuple[Objective, ...]":
    """Those of the named files; where none are named, or all are asked for, the shipped ones, too."""
    from slo.definitions import examine

    examined = examine(paths)
    examined.findings.raise_first(strict=False)
    return examined.definitions.objectives if all_of_them else examined.objectives


def _samples(invocation: Invocation, file: Path | None, stack: ExitStack) -> "PastSamples":
    from console.past_samples import FileSamples, StoredSamples
    from storage.reader import Reader

    if file is not None:
        return FileSamples(file)
    return StoredSamples(stack.enter_context(Reader(store_address(invocation.settings, readonly=True))))


def _series(events: Sequence[str], objectives: "Sequence[Objective]") -> "SeriesBySubject":
    """The series of the files by objective and subject, which is everybody."""
    from slo.exclusions import EVERYBODY
    from slo.series_file import read_series

    names = [each.name for each in objectives if not each.composite]
    found = {}
    for each in events:
        name, sign, file = each.partition("=")
        if not sign:
            name, file = names[0] if len(names) == 1 else "", each
        if name not in names:
            what = (
                f"“{each}” names no objective"
                if sign
                else f"{len(names)} objectives, and “{each}” says not whose events it holds"
            )
            raise Refusal(ExitCode.USAGE, what, where="--events", do=f"write NAME=FILE; names: {', '.join(names)}")
        if not Path(file).is_file():
            raise Refusal(ExitCode.NOT_FOUND, "there is no such file", where=file, do="name a CSV file")
        found[name, EVERYBODY] = read_series(Path(file), interval_ns=None, fallback_ns=_ROW_NS).series
    return found


def _stretch(sides: "Mapping[str, Side]", since: str | None, until: str | None) -> "Stretch":
    from slo.instant import instant_ns

    edges = []
    for option, text in (("--from", since), ("--to", until)):
        try:
            edges.append(None if text is None else instant_ns(text)[0])
        except ValueError as error:
            raise Refusal(ExitCode.USAGE, str(error), where=option, do="write for example 2026-01-01T00:00:00Z") from None
    start_ns, end_ns = edges
    if start_ns is None or end_ns is None:
        known = [span for side in sides.values() if (span := side.span()) is not None]
        if not known:
            raise Refusal(
                ExitCode.NOT_FOUND,
                "there are no samples of these objectives' indicators",
                where="the past",
                do="measure first (photonwatch up), or give --samples or --events",
            )
        start_ns = min(span[0] for span in known) if start_ns is None else start_ns
        end_ns = max(span[1] for span in known) if end_ns is None else end_ns
    if end_ns <= start_ns:
        raise Refusal(ExitCode.USAGE, "the stretch ends before it begins", where="--from, --to", do="swap them")
    return start_ns, end_ns


def _exclusions(
    invocation: Invocation, file: Path | None, stretch: "Stretch", stack: ExitStack, *, with_store: bool
) -> "list[Exclusion]":
    """What is planned, and what devices and people raised."""
    from console.past_exclusions import raised
    from slo.exclusion_file import read_exclusions
    from slo.exclusions import spread
    from storage.reader import Reader

    configured = invocation.settings.objectives.exclusions
    plan = file or (Path(configured).expanduser() if configured else None)
    depends = topology(invocation.settings)
    found = [] if plan is None else sorted(spread(read_exclusions(plan, stretch[1]), depends))
    if with_store:
        reader = stack.enter_context(Reader(store_address(invocation.settings, readonly=True)))
        found += raised(reader.exclusions())
    return found
