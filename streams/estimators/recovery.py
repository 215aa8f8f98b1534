"""Mean time to recover: from an alert's beginning, or a device's going down, until it is over.

Times that are over by the end of the data are taken to be exponential; one that still lasts counts with the time so far and no
end (Epstein and Sobel 1953): mean = time in all over recoveries, bounds by chi² with twice the recoveries as degrees of
freedom.
"""

from collections import defaultdict
from collections.abc import Sequence

from scipy import special

from schemas.events import Event, Heartbeat, State
from schemas.records import AlertState, Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Bounds, Outcome

METHOD = "time spent recovering over recoveries, exponential with open ends; interval by chi square, v1"
_NS = 1e9


def recovery(data: Sequence[AlertState | Event], parameters: EstimatorParameters) -> Outcome:
    """In s.

    Raises:
        EstimatorError: events without a heartbeat.
    """
    spans = (
        _of_alerts([one for one in data if isinstance(one, AlertState)])
        if isinstance(data[0], AlertState)
        else _of_beats([one for one in data if isinstance(one, Event)])
    )
    closed, total_s = sum(over for _, over in spans), sum(length for length, _ in spans)
    counts = {"recoveries": closed, "still_open": len(spans) - closed}
    if not spans:
        return not_estimated(
            parameters, "nothing failed: there is nothing to recover from", unit="s", method=METHOD, counts=counts
        )
    lower, upper = _bounds(closed, total_s, parameters.confidence)
    value = total_s / closed if closed else None
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="s",
        method=METHOD,
        parameters={"longest_s": max(length for length, _ in spans), "total_s": total_s},
        warnings=() if closed else ("nothing has recovered yet: a lower limit only",),
    )
    return Outcome(
        estimate,
        value,
        value,
        interval_of=lambda factor: _bounds(round(closed * factor), total_s * factor, parameters.confidence),
    )


def _bounds(recoveries: int, total_s: float, confidence: float) -> Bounds:
    """Without a recovery the whole error probability goes below; an end by time adds one to the lower bound's recoveries."""
    tail = (1 - confidence) / (2 if recoveries else 1)
    lower = 2 * total_s / float(special.chdtri(2 * recoveries + 2, tail))
    upper = 2 * total_s / float(special.chdtri(2 * recoveries, 1 - tail)) if recoveries else None
    return lower, upper


def _of_alerts(states: Sequence[AlertState]) -> list[tuple[float, bool]]:
    """Length and whether over, of every firing of every alert."""
    by_alert: dict[str, list[AlertState]] = defaultdict(list)
    for state in states:
        by_alert[state.alert].append(state)
    last_s = max((state.since_unix_s for state in states), default=0)
    spans = []
    for transitions in by_alert.values():
        began: int | None = None
        for state in sorted(transitions, key=lambda each: each.since_unix_s):
            if state.firing and began is None:
                began = state.since_unix_s
            elif not state.firing and began is not None:
                spans.append((float(state.since_unix_s - began), True))
                began = None
        if began is not None:
            spans.append((float(last_s - began), False))
    return spans


def _of_beats(events: Sequence[Event]) -> list[tuple[float, bool]]:
    """From the first heartbeat that says down to the first that is operational again, of every subject."""
    beats: dict[str, list[tuple[int, int, Heartbeat]]] = defaultdict(list)
    for event in events:
        if isinstance(event.what, Heartbeat):
            beats[event.subject].append((event.start_unix_ns, event.end_unix_ns, event.what))
    if not beats:
        raise EstimatorError(f"no heartbeat among {len(events)} events; recovery is told by heartbeats or alerts")
    spans = []
    for each in beats.values():
        began: int | None = None
        last_ns = 0
        for start, end, what in sorted(each, key=lambda beat: beat[:2]):
            last_ns = max(last_ns, end)
            down = what.state is State.DOWN or (what.state is State.OPERATIONAL and what.emitting is False)
            if down and began is None:
                began = start
            elif what.state is State.OPERATIONAL and not down and began is not None:
                spans.append(((start - began) / _NS, True))
                began = None
        if began is not None:
            spans.append(((last_ns - began) / _NS, False))
    return spans


ESTIMATOR = Estimator(
    "mean-time-to-recover",
    "from alarm, or down, to operational",
    (AlertState, Event),
    EstimatorParameters,
    recovery,
    of_events=(Heartbeat,),
)
