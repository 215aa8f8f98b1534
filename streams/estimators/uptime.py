"""Uptime from heartbeats: time in which a device was usable, over the time in which it should have been.

Operational time counts as up, unless the device says that it emits nothing usable; down and silent time counts as down.
Warm-up, calibration and maintenance are neither. Time is counted, not sampled: a heartbeat speaks for all of its interval. Not
known are only the short gaps between an up and a down one, and the bounds are by these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.events import Event, Heartbeat, State
from schemas.records import Estimate
from streams.estimators.estimator import Estimator, EstimatorError, EstimatorParameters, not_estimated
from streams.estimators.outcome import Outcome

METHOD = "time up over time up and down; bounds by the gaps between heartbeats where the state changed, v1"
_NS = 1_000_000_000
_BEATS_MISSED = 2
"""Silence from one heartbeat's end to the next one's start counts as down from so many lengths of the longest heartbeat on."""


@dataclass(slots=True)
class _Account:
    """Nanoseconds by what they count as; ``unsure`` those of gaps in which up became down or down up."""

    up: int = 0
    down: int = 0
    excluded: int = 0
    silent: int = 0
    unsure: int = 0


def uptime(data: Sequence[Event], parameters: EstimatorParameters) -> Outcome:
    """
    Raises:
        EstimatorError: no heartbeat among the events, or those of several subjects.
    """
    beats = _sorted(data)
    if not beats:
        raise EstimatorError(f"no heartbeat among {len(data)} events; uptime is told by heartbeats")
    if len({event.subject for event in data}) > 1:
        raise EstimatorError("heartbeats of several subjects; give those of one")
    account = _account(beats)
    counted = account.up + account.down
    counts = {"heartbeats": len(beats), "up_s": account.up // _NS, "down_s": account.down // _NS}
    stated = {"excluded_s": account.excluded / _NS, "silent_s": account.silent / _NS, "up_s": account.up / _NS}
    if counted == 0:
        why = (
            "no time counts: all of it was warm-up, calibration or maintenance" if account.excluded else "heartbeats of no length"
        )
        return not_estimated(parameters, why, unit="1", method=METHOD, counts=counts)
    value = account.up / counted
    unsure = min(account.unsure, counted) / counted
    lower, upper = max(value - unsure, 0.0), min(value + unsure, 1.0)
    estimate = Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=parameters.confidence,
        counts=counts,
        unit="1",
        method=METHOD,
        parameters={**stated, "interval": "fixed"},
    )
    raw = account.up / (counted + account.excluded)
    return Outcome(estimate, raw, value, interval_of=lambda _: (lower, upper), integration_s=counted / _NS)


def _sorted(data: Sequence[Event]) -> list[tuple[int, int, Heartbeat]]:
    beats = [(event.start_unix_ns, event.end_unix_ns, event.what) for event in data if isinstance(event.what, Heartbeat)]
    return sorted(beats, key=lambda beat: beat[:2])


def _account(beats: Sequence[tuple[int, int, Heartbeat]]) -> _Account:
    """Each moment once: where heartbeats overlap, the earlier has it; a short gap belongs to the heartbeat before it."""
    found = _Account()
    longest = max(end - start for start, end, what in beats)
    reached, before = beats[0][0], beats[0][2]
    for start, end, what in beats:
        gap = start - reached
        if gap > (_BEATS_MISSED - 1) * longest:
            found.down += gap
            found.silent += gap
        elif gap > 0:
            _add(found, before, gap)
            if {_counts_as(before), _counts_as(what)} == {"up", "down"}:
                found.unsure += gap
        _add(found, what, max(end - max(start, reached), 0))
        reached, before = max(reached, end), what
    return found


def _add(account: _Account, what: Heartbeat, length: int) -> None:
    kind = _counts_as(what)
    setattr(account, kind, getattr(account, kind) + length)


def _counts_as(what: Heartbeat) -> str:
    if what.state is State.OPERATIONAL:
        return "down" if what.emitting is False else "up"
    return "down" if what.state is State.DOWN else "excluded"


ESTIMATOR = Estimator(
    "uptime",
    "time up, of the time that is no warm-up, calibration or maintenance; silence is down",
    (Event,),
    EstimatorParameters,
    uptime,
    of_events=(Heartbeat,),
)
