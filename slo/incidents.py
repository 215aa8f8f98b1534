"""Which alerts speak of one thing: silenced by what they depend on, grouped by where and when, with a hint at the root cause."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.alerts import rank
from slo.tiers import SEVERITIES
from slo.topology import Topology


class Group(NamedTuple):
    """Alerts of one group are one message: one device or link, in one run, with one symptom, of one cause."""

    cause: SubjectId
    """The subject that is the likely cause: the furthest upstream that has an alert itself, else the alert's own."""
    subject: SubjectId
    run: RunId
    symptom: str
    """The indicator, else the objective."""


def inhibited_by(
    alert: AlertState, firing: Iterable[AlertState], topology: Topology, critical: frozenset[str] = frozenset()
) -> str | None:
    """The id of the firing alert that makes this one no news, or None.

    A more severe alert of the same objective and subject goes first; then one that pages about something that the subject depends
    on. Nothing silences an alert of a ``critical`` objective (their names).
    """
    if alert.objective in critical:
        return None
    others = [each for each in firing if each.firing and each.alert != alert.alert]
    same = [
        each
        for each in others
        if (each.objective, each.subject) == (alert.objective, alert.subject) and rank(each.severity) < rank(alert.severity)
    ]
    if same:
        return min(same, key=lambda each: (rank(each.severity), each.alert)).alert
    upstream = {subject: distance for distance, subject in enumerate(topology.upstream(alert.subject))}
    above = [each for each in others if each.subject in upstream and each.severity == SEVERITIES[0]]
    return min(above, key=lambda each: (-upstream[each.subject], each.alert)).alert if above else None


def group_of(alert: AlertState, firing: Iterable[AlertState], topology: Topology) -> Group:
    """The group of an alert among those that fire: all sensors of one cryostat are one incident."""
    alerting = {each.subject for each in firing if each.firing}
    causes = [subject for subject in topology.upstream(alert.subject) if subject in alerting]
    cause = causes[-1] if causes else alert.subject
    return Group(cause, alert.subject, alert.run, alert.indicator or alert.objective)


def grouped(alerts: Iterable[AlertState], topology: Topology) -> Mapping[SubjectId, list[AlertState]]:
    """Firing alerts by their likely cause, the most severe first; an alert that comes twice is one."""
    known = {each.alert: each for each in alerts if each.firing}
    found: dict[SubjectId, list[AlertState]] = {}
    for each in sorted(known.values(), key=lambda one: (rank(one.severity), one.since_unix_s, one.alert)):
        found.setdefault(group_of(each, known.values(), topology).cause, []).append(each)
    return found
