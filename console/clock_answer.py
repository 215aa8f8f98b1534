"""The answer of ``photonwatch clock``: how two nodes' clocks stood to each other, for scripts and for people."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from console import plots
from console.invocation import Invocation
from console.quantities import hertz_text, seconds_text
from producers.recording import Recording
from schemas.clocks import ClockReading, ClockState
from schemas.records import Estimate
from streams.clock_analysis import ClockReport
from streams.clock_parameters import ClockParameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKS = {ClockState.LOCKED: "[green]●[/]", ClockState.DRIFTING: "[yellow]◆[/]", ClockState.LOST: "[red]▲[/]"}
_PLOT_ROWS = 14
_PLAIN_COLUMNS = 100
_MOST_CHANGES = 20


@dataclass(frozen=True)
class ClockAnswer:
    """Times are told from the start of the first file. The report's offsets are beyond ``around_ps``."""

    recordings: tuple[Recording, Recording]
    parameters: ClockParameters
    around_ps: int
    report: ClockReport
    warnings: tuple[str, ...]

    @property
    def heading(self) -> str:
        first, second = self.recordings
        return f"{first.path.name} → {second.path.name}"

    def seconds(self, time_ps: int) -> float:
        return (time_ps - self.recordings[0].clock_start_ps) / 1e12

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        report, last = self.report, self.report.last
        return {
            "files": [str(recording.path) for recording in self.recordings],
            "channels": [self.parameters.our_channels, self.parameters.other_channels],
            "duration_s": [recording.duration_ps / 1e12 for recording in self.recordings],
            "tags": report.tags,
            "state": report.state,
            "reason": report.reason,
            "found_s": report.found_s,
            "as_of_s": None if last is None else self.seconds(last.time_ps),
            "offset_ps": None if last is None else msgspec.to_builtins(self.total(last.offset_ps)),
            "offset_exact_ps": None if last is None else self.exact_ps(last.offset_ps),
            "frequency": None if last is None else msgspec.to_builtins(last.frequency),
            "shared_hz": None if last is None else last.shared_hz,
            "peak_width_ps": None if last is None else last.width_ps,
            "seconds": {state.value: seconds for state, seconds in report.seconds.items()},
            "changes": [
                {
                    "time_s": self.seconds(change.time_ps),
                    "from": change.before,
                    "to": change.state,
                    "reason": change.reason,
                    "step_ps": change.step_ps,
                }
                for change in report.changes
            ],
            "course": [self._reading(reading) for reading in report.course],
            "search": {
                "around_ps": self.around_ps,
                "within_ps": self.parameters.reach_ps,
                "frequency": self.parameters.most_frequency,
            },
            "warnings": self.warnings,
        }

    def exact_ps(self, offset: Estimate) -> int | None:
        """The whole offset to the picosecond, however large it is: numbers with a point cannot tell hours so finely."""
        return None if offset.value is None else self.around_ps + round(offset.value)

    def total(self, offset: Estimate) -> Estimate:
        """An estimate of the whole offset."""
        value, lower, upper = (
            None if bound is None else self.around_ps + bound for bound in (offset.value, offset.lower, offset.upper)
        )
        return msgspec.structs.replace(offset, value=value, lower=lower, upper=upper)

    def _reading(self, reading: ClockReading) -> dict[str, Any]:
        return {
            "time_s": self.seconds(reading.time_ps),
            "state": reading.state,
            "offset_exact_ps": self.exact_ps(reading.offset_ps),
            "error_ps": None if reading.offset_ps.value is None else _half(reading.offset_ps),
            "frequency": reading.frequency.value,
            "shared_hz": reading.shared_hz,
        }

    def stretches(self) -> list["Stretch"]:
        """The readings between losses and steps, each stretch against its own straight line."""
        steps = [change.time_ps for change in self.report.changes if change.step_ps is not None]
        groups = groupby(
            self.report.course,
            key=lambda reading: (reading.offset_ps.value is not None, sum(step <= reading.time_ps for step in steps)),
        )
        return [Stretch.of(self, list(readings)) for (known, _), readings in groups if known]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Readings in a row: what their offsets have beyond a straight line, with their intervals' bounds."""

    time_s: npt.NDArray[np.float64]
    beyond_ps: npt.NDArray[np.float64]
    error_ps: npt.NDArray[np.float64]
    shared_hz: npt.NDArray[np.float64]

    @classmethod
    def of(cls, answer: ClockAnswer, readings: list[ClockReading]) -> "Stretch":
        time_s = np.array([answer.seconds(reading.time_ps) for reading in readings])
        offset = np.array([reading.offset_ps.value for reading in readings], np.float64)
        lower = np.array([reading.offset_ps.lower for reading in readings], np.float64)
        beyond = offset - offset[0]
        if time_s.size > 1:
            beyond -= np.polynomial.Polynomial.fit(time_s, beyond, 1)(time_s)
        return cls(time_s, beyond, offset - lower, np.array([reading.shared_hz or 0.0 for reading in readings]))


def give(invocation: Invocation, answer: ClockAnswer, picture: Path | None, *, as_json: bool) -> None:
    """Print the answer, and draw the picture where one is wanted.

    Raises:
        Refusal: the picture cannot be drawn or written.
    """
    if picture is not None:
        plots.save(lambda: _draw(answer), answer.heading, picture)
    if as_json:
        invocation.answer(answer.document())
        return
    _show(invocation, answer)
    if picture is not None:
        invocation.terminal.print(f"[dim]picture: {picture}[/]")


def offset_text(offset_ps: int, error_ps: float) -> str:
    """``+0.012 345 678 901 s ± 3.2 ps``: seconds with all their picoseconds, in threes."""
    whole, part = divmod(abs(offset_ps), 10**12)
    digits = f"{part:012d}"
    grouped = " ".join(digits[i : i + 3] for i in range(0, 12, 3))
    return f"{'-' if offset_ps < 0 else '+'}{whole}.{grouped} s ± {error_ps:.2g} ps"


def _half(estimate: Estimate) -> float:
    return 0.0 if estimate.upper is None or estimate.value is None else estimate.upper - estimate.value


def _show(invocation: Invocation, answer: ClockAnswer) -> None:
    from rich.markup import escape

    report, last, say = answer.report, answer.report.last, invocation.terminal.print
    say(f"[bold]{escape(answer.heading)}[/]  {_MARKS[report.state]} {report.state} at the end: [dim]{escape(report.reason)}[/]")
    if last is None or (exact_ps := answer.exact_ps(last.offset_ps)) is None or last.frequency.value is None:
        span, around = seconds_text(sum(report.seconds.values())), answer.around_ps / 1e12
        say(
            f"\n  not found in {span} within {answer.parameters.reach_ps / 1e12:g} s of {around:g} s: no tags stand out as shared"
        )
    else:
        offset, gain = offset_text(exact_ps, _half(last.offset_ps)), _gain_text(last.frequency.value)
        level = f"{last.offset_ps.confidence * 100:g} %"
        say(f"\n  B's clock is ahead by  [bold]{offset}[/] ({level}) after {answer.seconds(last.time_ps):.1f} s")
        say(f"  and gains  {last.frequency.value:+.4g} ± {_half(last.frequency):.1g}, {gain}")
        shared, width = hertz_text(last.shared_hz or 0), f"{last.width_ps or 0:.3g} ps RMS"
        say(f"  {shared} shared, in a peak of {width}; found in {report.found_s:.1f} s")
    say("  " + ", ".join(f"{state} {seconds_text(seconds)}" for state, seconds in report.seconds.items() if seconds))
    for change in report.changes[:_MOST_CHANGES]:
        at, mark = f"{answer.seconds(change.time_ps):>8.1f} s", _MARKS[change.state]
        say(f"  [dim]{at}[/]  {mark} {change.state}: {escape(change.reason)}")
    if len(report.changes) > _MOST_CHANGES:
        say(f"  [dim]and {len(report.changes) - _MOST_CHANGES} more (--json has them all)[/]")
    for warning in answer.warnings:
        say(f"  [yellow]◆[/] {escape(warning)}")
    if stretches := answer.stretches():
        _sketch(invocation, stretches)


def _sketch(invocation: Invocation, stretches: list[Stretch]) -> None:
    beyond = np.concatenate([stretch.beyond_ps for stretch in stretches])
    people = invocation.terminal.is_terminal
    picture = plots.characters(
        "offset beyond a straight line, in ps",
        "s of A's clock",
        np.concatenate([stretch.time_s for stretch in stretches]),
        beyond,
        marks=(),
        size=(invocation.terminal.width if people else _PLAIN_COLUMNS, _PLOT_ROWS),
        colour=people,
        lowest=float(min(beyond.min(), 0.0)),
    )
    invocation.terminal.out("", picture, sep="\n", highlight=False)


def _gain_text(frequency: float) -> str:
    """What a frequency error makes of a second."""
    gain_ps = abs(frequency) * 1e12
    for unit, scale in (("µs", 1e6), ("ns", 1e3)):
        if gain_ps >= scale:
            return f"{gain_ps / scale:.4g} {unit} a second"
    return f"{gain_ps:.3g} ps a second"


def _draw(answer: ClockAnswer) -> "Figure":
    """Above, the offset beyond a straight line with its intervals; below, the shared tags' rate; losses in red."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    for stretch in answer.stretches():
        low, high = stretch.beyond_ps - stretch.error_ps, stretch.beyond_ps + stretch.error_ps
        above.fill_between(stretch.time_s, low, high, color=plots.TRACE, alpha=0.2, lw=0)
        above.plot(stretch.time_s, stretch.beyond_ps, color=plots.TRACE, lw=0.9)
        below.plot(stretch.time_s, stretch.shared_hz, color=plots.TRACE, lw=0.9)
    lost = [answer.seconds(reading.time_ps) for reading in answer.report.course if reading.state is ClockState.LOST]
    for ax in (above, below):
        ax.plot(lost, np.zeros(len(lost)), "|", color=plots.LOST, ms=6)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(colors=plots.SOFT)
    above.set_ylabel("offset beyond\na straight line in ps")
    below.set_ylabel("shared in Hz")
    below.set_xlabel("s of A's clock")
    last = answer.report.last
    exact_ps = None if last is None else answer.exact_ps(last.offset_ps)
    told = "not found" if last is None or exact_ps is None else offset_text(exact_ps, _half(last.offset_ps))
    above.set_title(f"{answer.heading}: {told}", loc="left", fontsize=11, color=plots.INK, pad=10)
    return figure
