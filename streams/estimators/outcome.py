"""What an estimator answers: the estimate, the raw value beside the corrected one, and the fit where there is one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from schemas.records import Estimate

Floats = npt.NDArray[np.float64]
Bounds = tuple[float | None, float | None]
"""Lower and upper; None where there is no such bound."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A parameter of a fit; ``error`` is one standard error, None where the parameter was held."""

    value: float
    error: float | None
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Curve:
    """Something that can be looked at: ``data`` and ``model`` over ``x``, equally long; ``error`` is one standard error of data.

    ``residuals`` are (data - model) / error, as the fit weighed them.
    """

    title: str
    x_label: str
    y_label: str
    x: Floats
    data: Floats
    model: Floats
    residuals: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """A model and how well it holds. ``goodness`` has at least ``p_value``: how likely residuals as large are by chance."""

    model: str
    parameters: Mapping[str, Fitted]
    goodness: Mapping[str, float]
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """An estimate and what stands behind it.

    ``raw`` is the value without corrections, ``corrected`` the one with them; where nothing is corrected both are the value.
    ``refused`` says why data contradict the method, so that no number may be given: the estimate then has none.
    ``interval_of`` is the interval that ``factor`` times as many counts of the same proportions would give; it tells how many
    more are needed. Without it intervals are taken to shrink with the root of the counts. ``integration_s``: how long these took.
    """

    estimate: Estimate
    raw: float | None = None
    corrected: float | None = None
    model: Fit | None = None
    refused: str = ""
    interval_of: Callable[[float], Bounds] | None = field(default=None, compare=False)
    integration_s: float | None = None
