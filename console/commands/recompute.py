"""``photonwatch recompute``: stored samples under another calibration, old and new side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.options import AsJson
from console.invocation import Invocation, of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths, store_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.records import IndicatorSample

_DAY_S = 86_400


def recompute(
    context: typer.Context,
    *,
    indicator: Annotated[str, typer.Argument(help="The indicator, for example sps.M3.", metavar="ID")],
    subject: Annotated[str, typer.Option("--device", help="The device, or a link of it.", metavar="ID")],
    calibration: Annotated[
        Path, typer.Option(help="File of calibrations to compute with.", exists=True, dir_okay=False, metavar="FILE")
    ],
    since: Annotated[
        str | None, typer.Option("--from", help="ISO 8601 or epoch seconds. [default: a day before --to]", metavar="TIME")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="[default: the latest sample]", metavar="TIME")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the new samples as JSON lines, for “slo backtest --samples”.", dir_okay=False, metavar="FILE"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute stored samples anew under another calibration, beside what they were."""
    invocation = of(context)
    from console.indicator_table import the_one
    from console.recompute_answer import Recomputation
    from schemas.ids import SubjectId
    from slo.catalogue import catalogue
    from slo.definitions import load
    from slo.evaluation import system_by_prefix
    from storage.reader import Reader
    from streams.calibrations import Calibrations
    from streams.estimators.registry import estimators
    from streams.recomputing import Recomputing
    from streams.thresholds import Thresholds

    known = catalogue()
    row = the_one(known, indicator)
    definitions = load(definition_paths(invocation.settings, None))
    constants = Calibrations.load(calibration)
    with Reader(store_address(invocation.settings, readonly=True)) as reader:
        newest = reader.samples(SubjectId(subject), row.id, limit=1)
        if not newest:
            raise Refusal(
                ExitCode.NOT_FOUND,
                f"no sample of {row.id} of “{subject}” is stored",
                where="--device",
                do="see which are: photonwatch sql “SELECT DISTINCT subject, indicator FROM indicator_samples”",
            )
        end_s = newest[0].end_unix_s + 1 if until is None else _time_s("--to", until)
        start_s = max(0, end_s - _DAY_S) if since is None else _time_s("--from", since)
        if not start_s < end_s:
            raise Refusal(ExitCode.USAGE, "the stretch ends before it begins", where="--from, --to", do="swap them")
        recomputing = Recomputing(reader, known, estimators(), constants, Thresholds(definitions))
        found = list(recomputing.samples(SubjectId(subject), row.id, start_s, end_s))
    if not found:
        raise Refusal(
            ExitCode.NOT_FOUND,
            f"no sample of {row.id} of “{subject}” ended then",
            where="--from, --to",
            do=f"the latest ended at {newest[0].end_unix_s} (epoch seconds): widen the stretch",
        )
    about = definitions.about(row.id, system_by_prefix(newest[0].device))
    held = next((each for each in about if each.is_about(SubjectId(subject))), None)
    answer = Recomputation(row, subject, str(calibration), held, found)
    if out is not None:
        _write(out, (new for _, new in answer.told))
    if as_json:
        invocation.answer(answer.document())
    else:
        answer.show(invocation)
        _say_where(invocation, out)


def _time_s(option: str, text: str) -> int:
    from slo.instant import NS, instant_ns

    try:
        return instant_ns(text)[0] // NS
    except ValueError as error:
        raise Refusal(ExitCode.USAGE, str(error), where=option, do="write for example 2026-01-01T00:00:00Z") from None


def _write(path: Path, samples: "Iterable[IndicatorSample]") -> None:
    import msgspec

    try:
        path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in samples))
    except OSError as error:
        raise Refusal(ExitCode.USAGE, str(error.strerror), where=str(path), do="name a file that can be written") from None


def _say_where(invocation: Invocation, out: Path | None) -> None:
    if out is not None:
        invocation.terminal.print(f"[dim]samples: {out}[/]")
