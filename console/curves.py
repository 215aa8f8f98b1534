"""Pictures of counts against delay over any bins, equal or not: PNG, SVG, and characters for the terminal."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from console import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Curve:
    """``heights[i]`` over [edges_ps[i], edges_ps[i+1]). ``unit`` says what a height is, ``caption`` what the picture rests on.

    ``logarithmic``: the delays are spread by their logarithm, apart from the bins next to zero.
    """

    heading: str
    edges_ps: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]
    unit: str
    caption: str
    logarithmic: bool


def write(curve: Curve, file: Path) -> None:
    """Draw the curve into ``file``; its suffix (.png or .svg) says how.

    Raises:
        Refusal: another suffix, or the file cannot be written.
    """
    plots.save(lambda: draw(curve), curve.heading, file)


def draw(curve: Curve) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    edges_ns = curve.edges_ps / 1000
    ax.stairs(curve.heights, edges_ns, color=plots.TRACE, lw=0.8, fill=False)
    if curve.logarithmic:
        ax.set_xscale("symlog", linthresh=_straight_ps(curve) / 1000)
    ax.set_xlim(edges_ns[0], edges_ns[-1])
    ax.set_ylim(bottom=0)
    ax.set_ylabel(curve.unit)
    ax.set_xlabel("delay in ns")
    ax.set_title(curve.heading, loc="left", fontsize=11, color=plots.INK, pad=10)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=plots.SOFT)
    figure.supxlabel(plots.wrapped(curve.caption), fontsize=7.5, color=plots.SOFT, x=0.01, ha="left")
    return figure


def terminal(curve: Curve, size: tuple[int, int], *, colour: bool) -> str:
    """The curve in characters, ``size`` columns by rows; neighbouring bins are averaged until each has a column."""
    places = curve.edges_ps / 1000
    label = "delay in ns"
    if curve.logarithmic:
        straight_ns = _straight_ps(curve) / 1000
        places = np.sign(places) * np.log10(1 + np.abs(places) / straight_ns)
        label = f"delay, ± lg(1 + |delay| / {straight_ns:g} ns)"
    joined = max(1, -(-curve.heights.size // max(20, size[0] - 12)))
    starts = np.arange(0, curve.heights.size, joined)
    width = np.diff(curve.edges_ps)
    means = np.add.reduceat(curve.heights * width, starts) / np.add.reduceat(width, starts)
    ends = np.append(starts[1:], curve.heights.size)
    middles = (places[starts] + places[ends]) / 2
    return plots.characters(curve.unit, label, middles, means, marks=(), size=size, colour=colour)


def _straight_ps(curve: Curve) -> float:
    """Up to here a logarithmic picture is straight: some of the narrowest bins."""
    return float(np.diff(curve.edges_ps).min()) * 16
