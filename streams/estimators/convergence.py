"""How long calibrations take to converge: from their start to tuned.

A routine that ended without passing had not converged by then: it counts as longer than it ran. ``longest`` is the worst of the
data, known exactly; ``median`` is that of all calibrations like these, with bounds by order statistics (Conover 1999, 3.2).
"""

from collections.abc import Sequence
from math import inf, isfinite
from typing import Literal

from scipy import stats

from schemas.events import Calibration, Event
from schemas.records import Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Bounds, Outcome

METHOD = "durations of calibrations, those that failed as longer than they ran, v1"
_NS = 1e9


class ConvergenceParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``routine``: that one alone; all of them otherwise."""

    statistic: Literal["longest", "median"] = "longest"
    routine: str | None = None


def convergence(data: Sequence[Event], parameters: ConvergenceParameters) -> Outcome:
    """In s.

    Raises:
        EstimatorError: no calibration among the events, or none of the routine.
    """
    found = [
        ((event.end_unix_ns - event.start_unix_ns) / _NS, event.what.passed)
        for event in data
        if isinstance(event.what, Calibration) and parameters.routine in {None, event.what.routine}
    ]
    if not found:
        of = f" of routine {parameters.routine}" if parameters.routine else ""
        raise EstimatorError(f"no calibration{of} among {len(data)} events; convergence is told by calibrations")
    counts = {"calibrations": len(found), "passed": sum(passed for _, passed in found)}
    if parameters.statistic == "median":
        times = sorted(time if passed else inf for time, passed in found)
        value, (lower, upper) = _median(times, parameters.confidence)
        if value is None and lower is None:
            why = f"{len(found)} calibrations, {counts['passed']} passed: their median is not bounded"
            return not_estimated(parameters, why, unit="s", method=METHOD, counts=counts)
    else:
        longest = max(time for time, _ in found)
        failed = counts["passed"] < len(found)
        value, lower, upper = (None if failed else longest), longest, (None if failed else longest)
    failures = len(found) - counts["passed"]
    warnings = (f"{failures} of {len(found)} did not converge: longer than they ran",) if failures else ()
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="s",
        method=METHOD,
        parameters={"statistic": parameters.statistic, "routine": parameters.routine},
        warnings=warnings,
    )
    return Outcome(estimate, value, value, interval_of=None if parameters.statistic == "median" else lambda _: (lower, upper))


def _median(times: Sequence[float], confidence: float) -> tuple[float | None, Bounds]:
    """Of ascending times; a bound is None where the sample is too small for one."""
    number = len(times)
    middle = (times[(number - 1) // 2] + times[number // 2]) / 2
    below = int(stats.binom.ppf((1 - confidence) / 2, number, 0.5)) - 1
    lower = times[below] if below >= 0 else None
    upper = times[number - 1 - below] if below >= 0 else None
    return (
        middle if isfinite(middle) else None,
        (lower if lower is not None and isfinite(lower) else None, upper if upper is not None and isfinite(upper) else None),
    )


ESTIMATOR = Estimator(
    "calibration-convergence",
    "time from a calibration's start to tuned; the longest, or the median",
    (Event,),
    ConvergenceParameters,
    convergence,
    of_events=(Calibration,),
)
