"""How an estimate is shown: to scripts, to people, and as a picture."""

from pathlib import Path

from console.estimate_text import estimate_text
from console.estimating import Estimation
from console.fit_plot import draw
from console.invocation import Invocation
from console.plots import save
from schemas.records import Verdict

_MARKS = {
    Verdict.GOOD: "[green]● good[/]",
    Verdict.BAD: "[red]▲ bad[/]",
    Verdict.INSUFFICIENT: "[yellow]◆ insufficient[/]",
    Verdict.EXCLUDED: "[dim]■ excluded[/]",
}


def give(invocation: Invocation, found: Estimation, *, as_json: bool, picture: Path | None) -> None:
    """Print the answer, and draw the picture where one is wanted.

    Raises:
        Refusal: the picture cannot be drawn or written, or the data contradict the method.
    """
    if picture is not None:
        save(lambda: draw(found), ", ".join(Path(file).name for file in found.files), picture)
    refusal = found.refusal
    if not as_json:
        _show(invocation, found)
        if picture is not None:
            invocation.terminal.print(f"[dim]picture: {picture}[/]")
    if refusal is not None:
        raise refusal
    if as_json:
        invocation.answer(found.document())


def _show(invocation: Invocation, found: Estimation) -> None:
    from rich.markup import escape

    estimate, say = found.outcome.estimate, invocation.terminal.print
    say(f"[bold]{escape(', '.join(Path(file).name for file in found.files))}[/]  {escape(found.format)}")
    verdict = "" if found.verdict is None else f"   {_MARKS[found.verdict]} [dim]({escape(str(found.criterion))})[/]"
    say(f"  {escape(estimate_text(found.indicator.name, estimate))}{verdict}")
    if found.outcome.raw is not None and found.outcome.raw != estimate.value:
        say(f"  [dim]raw, without corrections: {found.outcome.raw:.6g}[/]")
    if lacking := found.lacking_text():
        say(f"  [yellow]◆[/] {lacking}")
    counted = (f"{count:,} {name.replace('_', ' ')}" for name, count in estimate.counts.items())
    say(f"  [dim]{escape(', '.join(counted))}[/]")
    say(f"  [dim]{escape(estimate.method)}[/]")
    for name, value in estimate.parameters.items():
        say(f"  [dim]{escape(name)} = {escape(str(value))}[/]")
    if (fit := found.outcome.model) is not None:
        say(f"  {escape(fit.model)}")
        for name, each in fit.parameters.items():
            error = "held" if each.error is None else f"± {each.error:.3g}"
            say(f"    {escape(name)} = {each.value:.6g} {error} {'' if each.unit == '1' else each.unit}".rstrip())
        goodness = (f"{name.replace('_', ' ')} {value:.4g}" for name, value in fit.goodness.items())
        say(f"    [dim]{escape(', '.join(goodness))}[/]")
    for warning in (*found.notes, *estimate.warnings):
        say(f"  [yellow]◆[/] {escape(warning)}")
