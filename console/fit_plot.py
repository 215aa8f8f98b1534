"""A picture of an estimate: data, model and residuals of every curve of its fit, and the value with its interval."""

from typing import TYPE_CHECKING

from console.estimate_text import estimate_text
from console.estimating import Estimation
from streams.estimators.outcome import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _SOFT, _DATA, _MODEL = "#1b1f24", "#565e68", "#3157b7", "#b3261e"
_WIDE = 400
"""Points above which data are drawn as a line: single marks would run into each other."""


def draw(found: Estimation) -> "Figure":
    """One column a curve, model over data above and residuals below; the interval as a bar at the foot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    curves = () if found.outcome.model is None else found.outcome.model.curves
    figure = Figure(figsize=(max(7.0, 5.5 * len(curves)), 6.4 if curves else 2.2), layout="constrained")
    FigureCanvasAgg(figure)
    heights = [3.0, 1.2, 0.35] if curves else [1.0]
    grid = figure.add_gridspec(len(heights), max(1, len(curves)), height_ratios=heights)
    for column, curve in enumerate(curves):
        above = figure.add_subplot(grid[0, column])
        _overlay(above, curve)
        _residuals(figure.add_subplot(grid[1, column], sharex=above), curve)
    _interval(figure.add_subplot(grid[-1, :]), found)
    figure.suptitle(estimate_text(found.indicator.name, found.outcome.estimate), x=0.01, ha="left", fontsize=11, color=_INK)
    figure.supxlabel(
        f"{', '.join(found.files)} · {found.outcome.estimate.method}", fontsize=7, color=_SOFT, x=0.01, ha="left", wrap=True
    )
    return figure


def _overlay(ax: "Axes", curve: Curve) -> None:
    if curve.x.size > _WIDE:
        ax.plot(curve.x, curve.data, color=_DATA, lw=0.6, label="data")
    else:
        ax.plot(curve.x, curve.data, ".", color=_DATA, ms=4, label="data")
    ax.plot(curve.x, curve.model, color=_MODEL, lw=1.1, label="model")
    ax.set_title(curve.title, loc="left", fontsize=9, color=_SOFT)
    ax.set_ylabel(curve.y_label)
    ax.legend(frameon=False, fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)


def _residuals(ax: "Axes", curve: Curve) -> None:
    ax.axhline(0, color=_SOFT, lw=0.8)
    ax.plot(curve.x, curve.residuals, ".", color=_DATA, ms=2)
    ax.set_xlabel(curve.x_label)
    ax.set_ylabel("residual / error")
    ax.spines[["top", "right"]].set_visible(False)


def _interval(ax: "Axes", found: Estimation) -> None:
    """The interval and value, and the threshold that they are held against."""
    estimate = found.outcome.estimate
    known = [each for each in (estimate.value, estimate.lower, estimate.upper) if each is not None]
    threshold = None if found.criterion is None else float(found.criterion.threshold)
    ax.set_yticks([])
    ax.spines[["top", "right", "left"]].set_visible(False)
    unit = "" if estimate.unit == "1" else f" in {estimate.unit}"
    ax.set_xlabel(f"{found.indicator.name}{unit}, interval at {estimate.confidence:.0%}")
    if not known:
        ax.text(0.0, 0.3, "no value: " + "; ".join(estimate.warnings), fontsize=8, color=_MODEL, wrap=True)
        ax.set_xticks([])
        return
    low, high = (known[0] if bound is None else bound for bound in (estimate.lower, estimate.upper))
    ax.plot([low, high], [0, 0], color=_DATA, lw=3, solid_capstyle="butt")
    if estimate.value is not None:
        ax.plot([estimate.value], [0], "o", color=_INK, ms=5)
    if threshold is not None:
        ax.axvline(threshold, color=_MODEL, lw=1, ls="--")
