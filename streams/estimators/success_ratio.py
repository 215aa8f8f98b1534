"""Success ratios: good of all, with the exact interval of Clopper and Pearson.

Commands have two ratios. The indicator's is that of first tries: retries mask failures. The one with retries stands beside it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from schemas.events import Calibration, Command, Event, Swaps
from schemas.measurements import Trials
from schemas.records import Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, IntervalKind
from streams.estimators.outcome import Bounds, Outcome
from streams.estimators.sequences import method_of, ratio_interval

METHOD = "successes over trials, interval by Clopper-Pearson, v1"


class SuccessParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``interval``: for one look at the counts, or for any number of looks."""

    interval: IntervalKind = "fixed"


class CommandParameters(SuccessParameters, frozen=True, kw_only=True):
    """``with_retries``: a command that succeeded at last is a success."""

    with_retries: bool = False


def ratio_outcome(
    successes: int,
    trials: int,
    parameters: EstimatorParameters,
    *,
    names: tuple[str, str] = ("successes", "trials"),
    kind: IntervalKind = "fixed",
    integration_s: float | None = None,
) -> Outcome:
    """The ratio of 0 of 0 is no number, and its interval is everything."""

    def interval_of(factor: float) -> Bounds:
        return ratio_interval(kind, round(successes * factor), round(trials * factor), parameters.confidence)

    lower, upper = interval_of(1.0)
    value = successes / trials if trials else None
    estimate = Estimate(
        value=value,
        lower=lower if trials else None,
        upper=upper if trials else None,
        confidence=parameters.confidence,
        counts=dict(zip(names, (successes, trials), strict=True)),
        unit="1",
        method=method_of(METHOD, kind),
        parameters={"interval": kind},
        warnings=() if trials else ("no trials",),
    )
    return Outcome(estimate, value, value, interval_of=interval_of, integration_s=integration_s)


def span_s(events: Iterable[Event]) -> float | None:
    """Time from the first event's start to the last one's end; None for an instant."""
    spans = [(each.start_unix_ns, each.end_unix_ns) for each in events]
    length = max(end for _, end in spans) - min(start for start, _ in spans)
    return length / 1e9 if length else None


def _commands(event: Event, parameters: CommandParameters) -> tuple[int, int] | None:
    if not isinstance(event.what, Command):
        return None
    return int(event.what.ok and (parameters.with_retries or event.what.tries == 1)), 1


def _swaps(event: Event, _: SuccessParameters) -> tuple[int, int] | None:
    return (event.what.acknowledged, event.what.attempts) if isinstance(event.what, Swaps) else None


def _calibrations(event: Event, _: SuccessParameters) -> tuple[int, int] | None:
    return (int(event.what.passed), 1) if isinstance(event.what, Calibration) else None


def _success(
    data: Sequence[Event | Trials],
    parameters: SuccessParameters,
    *,
    counted: Callable[[Event, SuccessParameters], tuple[int, int] | None],
    what: str,
) -> Outcome:
    pairs = [(one.successes, one.trials) if isinstance(one, Trials) else counted(one, parameters) for one in data]
    known = [pair for pair in pairs if pair is not None]
    if not known:
        raise EstimatorError(f"{what}: none of the {len(data)} events is one; give it events of that kind")
    events = [one for one, pair in zip(data, pairs, strict=True) if pair is not None and isinstance(one, Event)]
    return ratio_outcome(
        sum(good for good, _ in known),
        sum(trials for _, trials in known),
        parameters,
        kind=parameters.interval,
        integration_s=span_s(events) if events else None,
    )


def _of(
    name: str,
    summary: str,
    counted: Callable[..., tuple[int, int] | None],
    parameters: type[SuccessParameters],
    event: type,
) -> Estimator:
    return Estimator(
        name, summary, (Event, Trials), parameters, partial(_success, counted=counted, what=name), of_events=(event,)
    )


ESTIMATORS = (
    _of("command-success", "commands that succeeded at the first try, of all commands", _commands, CommandParameters, Command),
    _of("swap-success", "swaps acknowledged, of all attempts", _swaps, SuccessParameters, Swaps),
    _of("calibration-success", "calibrations passed, of all that ended", _calibrations, SuccessParameters, Calibration),
)
