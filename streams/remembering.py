"""From what the store has of a partition's verdicts to the tracks that an evaluator goes on from."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.alerts import Standing, alert_id
from slo.evaluation import Remembered
from slo.exclusions import Exclusion
from slo.history import RunLengthHistory
from slo.instant import NS
from slo.layered_history import LayeredHistory
from slo.objective import Objective
from slo.period import longest_s
from storage.errors import Unavailable
from storage.past_verdicts import PastExclusion, PastVerdicts, Sums
from streams.stored_past import HOUR_S, StoredHours, StoredPast

FOREVER_NS = (1 << 62) // NS * NS
"""The end of an exclusion whose end is not known yet."""


def remembered(past: PastVerdicts, objectives: Iterable[Objective], wait: Callable[[Unavailable], None]) -> list[Remembered]:
    """The tracks of the objectives. Asks the store for sums and edges at once, and for single samples as windows come to them.

    Raises:
        StoreError: the store is away, or refuses.
    """
    known = {each.name: each for each in objectives}
    tracks = [track for track in past.tracks() if track.objective in known]
    span_s = max((longest_s(each.window) for each in known.values()), default=0)
    ends: dict[tuple[str, SubjectId], dict[RunId, int]] = defaultdict(dict)
    for run in past.runs(span_s):
        ends[run.objective, run.subject][run.run] = run.end_unix_s
    standings: dict[tuple[str, SubjectId], dict[str, Standing]] = defaultdict(dict)
    for alert in past.alerts():
        if alert.alert == alert_id(alert.objective, alert.subject, alert.severity):
            standings[alert.objective, alert.subject][alert.severity] = Standing(alert.firing, alert.since_unix_s, alert.tiers)
    hours = StoredHours(past, wait)
    sums = {
        name: past.sums(name, _grain_s(known[name]), longest_s(known[name].window))
        for name in sorted({track.objective for track in tracks})
    }
    return [
        Remembered(
            track.objective,
            track.subject,
            LayeredHistory(
                StoredPast(
                    (track.objective, track.subject),
                    sums[track.objective].get(track.subject, Sums([], [], [], [])),
                    hours,
                    _grain_s(known[track.objective]),
                ),
                RunLengthHistory(),
            ),
            track.first_unix_s,
            track.newest_unix_s,
            ends[track.objective, track.subject],
            standings[track.objective, track.subject],
        )
        for track in tracks
    ]


def composite_standings(past: PastVerdicts, objectives: Iterable[Objective]) -> dict[tuple[SubjectId, str], dict[str, Standing]]:
    """How the alerts of composites stood, by subject and objective.

    Raises:
        StoreError: the store is away, or refuses.
    """
    composites = {each.name for each in objectives if each.composite}
    found: dict[tuple[SubjectId, str], dict[str, Standing]] = defaultdict(dict)
    for alert in past.alerts() if composites else ():
        if alert.objective in composites:
            found[alert.subject, alert.objective][alert.severity] = Standing(alert.firing, alert.since_unix_s, alert.tiers)
    return found


def recent_alarms(past: PastVerdicts, severity: str, span_s: int) -> list[AlertState]:
    """Transitions of alerts of that severity, as far as they count for recovery, in the order in which they were made.

    Raises:
        StoreError: the store is away, or refuses.
    """
    return [
        AlertState(
            alert=one.alert,
            objective=one.objective,
            subject=one.subject,
            severity=severity,
            firing=one.firing,
            since_unix_s=one.since_unix_s,
            tiers=(),
            text="",
            burn_rate=None,
            budget_remaining=None,
            run=RunId(""),
            bad_since_unix_s=one.bad_since_unix_s,
        )
        for one in past.alarms(severity, span_s)
    ]


def exclusion_of(told: PastExclusion) -> Exclusion:
    """An exclusion as evaluators have it."""
    end_ns = FOREVER_NS if told.end_unix_ns is None else told.end_unix_ns
    return Exclusion(told.start_unix_ns, end_ns, told.reason, told.who, told.subject)


def _grain_s(objective: Objective) -> int:
    """Sums by the slice where there are slices: their borders then need no single samples."""
    return objective.slice_s or HOUR_S
