"""The answer to "what is the g² of this?", for scripts and for people; ``analyse`` and ``report`` give the same one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from console.histogram import Histogram
from console.invocation import Invocation
from console.judging import Judge
from console.lacking_text import lacking_text
from console.plots import terminal, value_text, write
from console.quantities import hertz_text, seconds_text
from console.refusal import ExitCode, Refusal
from schemas.records import Estimate, Verdict
from streams.analysis import Analysis, G2Result, Provenance, g2_report
from streams.errors import StreamsError
from streams.estimators.forecast import Forecast
from streams.estimators.g2 import G2Parameters
from streams.estimators.g2_areas import area_outcome
from streams.pane_sum import PaneSum

_MARKS: Mapping[Verdict, str] = {
    Verdict.GOOD: "[green]● good[/]",
    Verdict.BAD: "[red]▲ bad[/]",
    Verdict.INSUFFICIENT: "[yellow]◆ insufficient[/]",
    Verdict.EXCLUDED: "[dim]■ excluded[/]",
}
_PLOT_ROWS = 18
_PLAIN_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class G2Answer:
    """An analysis with everything needed to show it. ``about`` stands in front of the JSON object (device, run, …)."""

    heading: str
    about: Mapping[str, object]
    analysis: Analysis
    histogram: Histogram
    judge: Judge

    @classmethod
    def of(
        cls,
        total: PaneSum,
        provenance: Provenance,
        judge: Judge,
        *,
        heading: str,
        about: Mapping[str, object],
        channels: tuple[int, int] | None,
        period_ps: float | None,
    ) -> "G2Answer":
        """
        Raises:
            Refusal: the channels hold no tags, or fewer than two detectors do.
        """
        try:
            analysis = g2_report(total, provenance, G2Parameters(period_ps=period_ps), channels=channels, judge=judge.verdict)
        except StreamsError as error:
            what, _, known = str(error).partition("; ")
            raise Refusal(
                ExitCode.BAD_INPUT, what, where=heading, do=f"name two others with --channels A,B; {known or 'see the file'}"
            ) from None
        pair, seconds = analysis.report.channels, total.seconds or (0, 0)
        delays = total.histogram(pair)
        histogram = Histogram(
            start_channel=pair[0],
            stop_channel=pair[1],
            first_edge_ps=int(delays.first_edge_ps),
            bin_width_ps=int(delays.bin_width_ps),
            from_unix_s=seconds[0],
            to_unix_s=seconds[1],
            counts=delays.counts.tolist(),
            estimate=analysis.estimate,
        )
        return cls(heading, about, analysis, histogram, judge)

    @property
    def lacks(self) -> Forecast | None:
        """What an undecided g² needs."""
        return self.judge.lacks(area_outcome(self.analysis.estimate, self.analysis.report.duration_s))

    def document(self, *, with_histogram: bool) -> dict[str, Any]:
        """The JSON object."""
        report: dict[str, Any] = msgspec.to_builtins(self.analysis.report)
        document = {**self.about, **report, "objective": self.judge.objective, "criterion": self.judge.criterion}
        lacks = self.lacks
        document |= {"more_counts": lacks.more if lacks else None, "more_seconds": lacks.seconds if lacks else None}
        if with_histogram:
            document["histogram"] = {
                "first_edge_ps": self.histogram.first_edge_ps,
                "bin_width_ps": self.histogram.bin_width_ps,
                "counts": list(self.histogram.counts),
            }
        return document


def give(invocation: Invocation, answer: G2Answer, *, as_json: bool, with_histogram: bool, picture: Path | None) -> None:
    """Print the answer, and draw the picture where one is wanted.

    Raises:
        Refusal: the picture cannot be drawn or written.
    """
    if picture is not None:
        write(answer.histogram, answer.heading, picture)
    if as_json:
        invocation.answer(answer.document(with_histogram=with_histogram))
        return
    _show(invocation, answer)
    if picture is not None:
        invocation.terminal.print(f"[dim]picture: {picture}[/]")


def _show(invocation: Invocation, answer: G2Answer) -> None:
    from rich.markup import escape

    report, say = answer.analysis.report, invocation.terminal.print
    duration_s = report.duration_s
    say(f"[bold]{escape(answer.heading)}[/]  {report.format or ''}")
    say(
        f"  {seconds_text(duration_s)}, {report.reordered} reordered, {report.overflows} overflows"
        + (f", {seconds_text(report.lost_s)} lost" if report.lost_s else "")
    )
    for channel, tags in report.tags.items():
        rate = hertz_text(tags / duration_s) if duration_s else "–"
        say(f"  channel {channel:<3} {tags:>13,} tags  {rate}")
    say(f"\n  {value_text(answer.analysis.estimate)}   {_verdict(answer)}")
    if lacks := answer.lacks:
        say(f"  [yellow]◆[/] {lacking_text(lacks.more, lacks.seconds)}")
    _say_result(say, report.g2, f"channels {report.channels[0]}, {report.channels[1]} ({report.channels_chosen})")
    if report.g2_far != report.g2:
        say(f"\n  {value_text(_as_estimate(report.g2_far))} by {_words(report.g2_far.normalisation)}")
        _say_result(say, report.g2_far, "")
    for warning in report.warnings:
        say(f"  [yellow]◆[/] {escape(warning)}")
    size = (invocation.terminal.width, _PLOT_ROWS) if invocation.terminal.is_terminal else (_PLAIN_COLUMNS, _PLOT_ROWS)
    picture = terminal(answer.histogram, "pairs against delay", size, colour=invocation.terminal.is_terminal)
    invocation.terminal.out("", picture, sep="\n", highlight=False)


def _verdict(answer: G2Answer) -> str:
    verdict = answer.analysis.report.verdict
    return "" if verdict is None else f"{_MARKS[verdict]} [dim]({answer.judge.criterion})[/]"


def _say_result(say: Callable[[str], None], result: G2Result, note: str) -> None:
    parts = [f"{result.central_counts:,} central"]
    if result.expected_counts is not None:
        parts[0] += f" against {result.expected_counts:,.1f} expected ({_words(result.normalisation)})"
    if note:
        parts.append(note)
    if note and result.period_ps is not None:
        parts.append(f"period {result.period_ps:,.2f} ps")
    if note and result.zero_delay_ps is not None:
        parts.append(f"zero delay {result.zero_delay_ps / 1000:+.2f} ns")
    say(f"  [dim]{'; '.join(parts)}[/]")


def _as_estimate(result: G2Result) -> Estimate:
    return Estimate(
        value=result.value,
        lower=result.lower,
        upper=result.upper,
        confidence=result.confidence,
        counts={},
        unit="1",
        method=result.method,
    )


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ")
