"""Pictures of g²: a PNG or SVG for the paper and the postmortem, and one made of characters for the terminal."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from console.histogram import Histogram, Windows
from console.quantities import picoseconds_text
from console.refusal import ExitCode, Refusal
from schemas.records import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, TRACE, LOST = "#1b1f24", "#565e68", "#3157b7", "#b3261e"
_CENTRAL, _SIDE = "#b3261e", "#3157b7"
_FORMATS: Mapping[str, Mapping[str, str | None]] = {"png": {}, "svg": {"Date": None}}
"""What each carries beside its title; a date would make the same picture differ."""

_STYLE: Mapping[Any, Any] = {
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "photonwatch",
}


def value_text(estimate: Estimate) -> str:
    """``g²(0) = 0.0040, 95 % interval 0.0005 … 0.0143``; a limit says that it is one."""
    level = f"{estimate.confidence * 100:g} %"
    if estimate.value is None and estimate.upper is None:
        return "g²(0): too few counts for a value"
    if estimate.lower is None or (estimate.lower == 0 and not estimate.value):
        return f"g²(0) < {estimate.upper:.4f} ({level} upper limit)"
    if estimate.value is None or estimate.upper is None:
        return f"g²(0) > {estimate.lower:.4f} ({level} lower limit)"
    return f"g²(0) = {estimate.value:.4f}, {level} interval {estimate.lower:.4f} … {estimate.upper:.4f}"


def caption_text(histogram: Histogram) -> str:
    """What the picture rests on: channels, bin, time, and the estimate's own parameters."""
    parts = [
        f"channels {histogram.start_channel} → {histogram.stop_channel}",
        f"bin {picoseconds_text(histogram.bin_width_ps)}",
        f"{sum(histogram.counts):,} pairs",
    ]
    if (windows := histogram.windows()) is not None:
        parts += [f"period {windows.period:.4f} ns", f"zero delay {windows.zero:+.2f} ns"]
    if histogram.estimate is not None:
        parts += [f"{name.replace('_', ' ')} {count:,}" for name, count in histogram.estimate.counts.items()]
        parts.append(histogram.estimate.method)
        normalisation = histogram.estimate.parameters.get("normalisation")
        if normalisation:
            parts.append(f"normalised by {str(normalisation).replace('_', ' ')}")
    return " · ".join(parts)


def write(histogram: Histogram, heading: str, file: Path) -> None:
    """Draw the histogram into ``file``; its suffix (.png or .svg) says how.

    Raises:
        Refusal: another suffix, or the file cannot be written.
    """
    save(lambda: draw(histogram, heading), heading, file)


def save(figure: Callable[[], "Figure"], heading: str, file: Path) -> None:
    """Draw a figure, in the house's style, into ``file``; its suffix (.png or .svg) says how.

    Raises:
        Refusal: another suffix, or the file cannot be written.
    """
    kind = file.suffix.removeprefix(".").lower()
    if kind not in _FORMATS:
        raise Refusal(
            ExitCode.USAGE, f"no picture of kind “{file.suffix}” can be drawn", where=str(file), do="end its name in .png or .svg"
        )
    from matplotlib import rc_context

    try:
        with rc_context(dict(_STYLE)):
            figure().savefig(file, format=kind, dpi=160, metadata={"Title": heading, **_FORMATS[kind]})
    except OSError as error:
        raise Refusal(
            ExitCode.BAD_INPUT, f"the picture cannot be written: {error.strerror}", where=str(file), do="choose another place"
        ) from None


def draw(histogram: Histogram, heading: str) -> "Figure":
    """The whole histogram above, its centre below; the counted windows shaded in both."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    windows = histogram.windows()
    figure = Figure(figsize=(9, 5.4 if windows else 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 if windows else 1, 1, squeeze=False)[:, 0]
    for ax in axes:
        _trace(ax, histogram, windows)
    if windows is not None:
        axes[1].set_xlim(windows.zero - 3.5 * windows.period, windows.zero + 3.5 * windows.period)
        axes[1].set_title("around zero delay", loc="left", fontsize=9, color=SOFT)
    axes[-1].set_xlabel("delay in ns")
    title = heading if histogram.estimate is None else f"{heading}: {value_text(histogram.estimate)}"
    axes[0].set_title(title, loc="left", fontsize=11, color=INK, pad=10)
    figure.supxlabel(wrapped(caption_text(histogram)), fontsize=7.5, color=SOFT, x=0.01, ha="left")
    return figure


def _trace(ax: "Axes", histogram: Histogram, windows: Windows | None) -> None:
    edges_ns = (histogram.first_edge_ps + np.arange(len(histogram.counts) + 1) * histogram.bin_width_ps) / 1000
    if windows is not None:
        for number in windows.sides:
            middle = windows.zero + number * windows.period
            ax.axvspan(
                middle - windows.period / 2, middle + windows.period / 2, color=_SIDE, alpha=0.05 if number % 2 else 0.11, lw=0
            )
        ax.axvspan(windows.zero - windows.period / 2, windows.zero + windows.period / 2, color=_CENTRAL, alpha=0.16, lw=0)
    ax.stairs(histogram.counts, edges_ns, color=TRACE, lw=0.8, fill=False)
    ax.set_xlim(edges_ns[0], edges_ns[-1])
    ax.set_ylim(bottom=0)
    ax.set_ylabel(f"pairs per {picoseconds_text(histogram.bin_width_ps)}")
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=SOFT)


def wrapped(text: str, width: int = 150) -> str:
    lines = [""]
    for part in text.split(" · "):
        if len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += f"{' · ' if lines[-1] else ''}{part}"
    return "\n".join(lines)


def terminal(histogram: Histogram, heading: str, size: tuple[int, int], *, colour: bool) -> str:
    """The histogram in characters, ``size`` columns by rows. Bins are joined until each has a column; the centre is marked."""
    joined = max(1, -(-len(histogram.counts) // max(20, size[0] - 12)))
    counts = np.asarray(histogram.counts, np.int64)
    starts = np.arange(0, counts.size, joined)
    sums = np.add.reduceat(counts, starts)
    delays_ns = (histogram.first_edge_ps + (starts + joined / 2) * histogram.bin_width_ps) / 1000
    windows = histogram.windows()
    marks = () if windows is None else (windows.zero - windows.period / 2, windows.zero + windows.period / 2)
    return characters(heading, "delay in ns", delays_ns, sums, marks=marks, size=size, colour=colour)


def characters(
    heading: str,
    label: str,
    places: npt.NDArray[np.float64],
    heights: npt.NDArray[Any],
    *,
    marks: Sequence[float],
    size: tuple[int, int],
    colour: bool,
    lowest: float = 0.0,
) -> str:
    """``heights`` over ``places`` in characters, ``size`` columns by rows, from ``lowest`` up, dotted lines at ``marks``."""
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.theme("default" if colour else "colorless")
    figure.canvas("default")
    figure.plot_size(*size)
    figure.title(heading)
    figure.label(label)
    figure.ruler("y").lim(lowest, max(1, float(heights.max(initial=0))))
    figure.draw(figure.signal(places.tolist(), heights.tolist(), marker="braille").fillx())
    for mark in marks:
        figure.line(mark, "vertical", style="dotted")
    matrix = figure.build()
    return str(matrix.string(colorless=not colour))
