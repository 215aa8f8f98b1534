"""Mean time to recover: from the first alarm, or a device's going down, until all is over; and mean time to detect.

Alarms of one subject that overlap are one incident: it is over when none of them fires. How long it took to detect is told beside
the estimate: from the first bad sample among those that made the first alarm fire.

Times that are over by the end of the data are taken to be exponential; one that still lasts counts with the time so far and no
end (Epstein and Sobel 1953): mean = time in all over recoveries, bounds by chi² with twice the recoveries as degrees of
freedom.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from schemas.events import Event, Heartbeat, State
from schemas.records import AlertState, Estimate, Parameter
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Bounds, Outcome

METHOD = "time spent recovering over recoveries, exponential with open ends; interval by chi square, v2"
_NS = 1e9
_PAGE = "page"


class RecoveryParameters(EstimatorParameters, frozen=True, kw_only=True):
    """``severity``: of the alerts that are alarms. ``until_unix_s``: when the data end, where not with their last transition."""

    severity: str = _PAGE
    until_unix_s: int | None = None


@dataclass(frozen=True, slots=True)
class _Incident:
    """``length_s`` so far; ``detected_s`` from the first sign to the alarm, None where that is not known."""

    length_s: float
    over: bool
    detected_s: float | None = None


def recovery(data: Sequence[AlertState | Event], parameters: RecoveryParameters) -> Outcome:
    """In s.

    Raises:
        EstimatorError: events without a heartbeat.
    """
    incidents = (
        _of_alerts([one for one in data if isinstance(one, AlertState)], parameters)
        if isinstance(data[0], AlertState)
        else _of_beats([one for one in data if isinstance(one, Event)])
    )
    closed, total_s = sum(one.over for one in incidents), sum(one.length_s for one in incidents)
    counts = {"recoveries": closed, "still_open": len(incidents) - closed}
    if not incidents:
        return not_estimated(
            parameters, "nothing failed: there is nothing to recover from", unit="s", method=METHOD, counts=counts
        )
    lower, upper = _bounds(closed, total_s, parameters.confidence)
    value = total_s / closed if closed else None
    stated: dict[str, Parameter] = {"longest_s": max(one.length_s for one in incidents), "total_s": total_s, "interval": "fixed"}
    if detected := [one.detected_s for one in incidents if one.detected_s is not None]:
        stated |= {"time_to_detect_s": sum(detected) / len(detected), "detections": len(detected)}
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="s",
        method=METHOD,
        parameters=stated,
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


def _of_alerts(states: Sequence[AlertState], parameters: RecoveryParameters) -> list[_Incident]:
    """Of every subject; transitions of one time are taken in the order in which they are given."""
    by_subject: dict[str, list[AlertState]] = defaultdict(list)
    for state in states:
        if state.severity == parameters.severity:
            by_subject[state.subject].append(state)
    last_s = max((state.since_unix_s for state in states), default=0)
    end_s = last_s if parameters.until_unix_s is None else max(last_s, parameters.until_unix_s)
    incidents = []
    for transitions in by_subject.values():
        firing: set[str] = set()
        first: AlertState | None = None
        for state in sorted(transitions, key=lambda each: each.since_unix_s):
            if state.firing:
                firing.add(state.alert)
                first = first or state
            else:
                firing.discard(state.alert)
            if first is not None and not firing:
                incidents.append(_incident(first, state.since_unix_s, over=True))
                first = None
        if first is not None:
            incidents.append(_incident(first, end_s, over=False))
    return incidents


def _incident(alarm: AlertState, until_unix_s: int, *, over: bool) -> _Incident:
    bad_since_s = alarm.bad_since_unix_s
    detected_s = None if bad_since_s is None else float(alarm.since_unix_s - bad_since_s)
    return _Incident(float(until_unix_s - alarm.since_unix_s), over, detected_s)


def _of_beats(events: Sequence[Event]) -> list[_Incident]:
    """From the first heartbeat that says down to the first that is operational again, of every subject."""
    beats: dict[str, list[tuple[int, int, Heartbeat]]] = defaultdict(list)
    for event in events:
        if isinstance(event.what, Heartbeat):
            beats[event.subject].append((event.start_unix_ns, event.end_unix_ns, event.what))
    if not beats:
        raise EstimatorError(f"no heartbeat among {len(events)} events; recovery is told by heartbeats or alerts")
    incidents = []
    for each in beats.values():
        began: int | None = None
        last_ns = 0
        for start, end, what in sorted(each, key=lambda beat: beat[:2]):
            last_ns = max(last_ns, end)
            down = what.state is State.DOWN or (what.state is State.OPERATIONAL and what.emitting is False)
            if down and began is None:
                began = start
            elif what.state is State.OPERATIONAL and not down and began is not None:
                incidents.append(_Incident((start - began) / _NS, over=True))
                began = None
        if began is not None:
            incidents.append(_Incident((last_ns - began) / _NS, over=False))
    return incidents


ESTIMATOR = Estimator(
    "mean-time-to-recover",
    "from alarm, or down, to operational; time to detect beside it",
    (AlertState, Event),
    RecoveryParameters,
    recovery,
    of_events=(Heartbeat,),
)
