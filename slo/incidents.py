"""Which alerts speak of one thing: silenced by what they depend on, grouped by where and when, with a hint at the root cause."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.ids import RunId, SubjectId
from schemas.records import AlertState
from slo.alerts import rank
from slo.tiers import SEVERITIES
from slo.topology import Topology


class Group(NamedTuple):
    """Alerts of one group are one message: one device or link, in one run, with one symptom, of one cause."""

    cause: SubjectId
    """The subject that is the likely cause, or the alert's own."""
    subject: SubjectId
    run: RunId
    symptom: str
    """The indicator, else the objective."""


class Cause(NamedTuple):
    """What probably is behind an alert: a subject that its own depends on.

    ``alert`` is that subject's own alert; empty where it has none, but so many of the ``dependents`` alert.
    """

    subject: SubjectId
    alert: str
    alerting: int
    dependents: int

    def __str__(self) -> str:
        if self.alert:
            return f"{self.subject}, on which it depends, alerts itself ({self.alert})"
        return f"{self.subject}: {self.alerting} of the {self.dependents} that depend on it alert"


class Firing:
    """The alerts that fire, one of each id, by subject."""

    def __init__(self, alerts: Iterable[AlertState], topology: Topology) -> None:
        self._topology = topology
        self.alerts = tuple({each.alert: each for each in alerts if each.firing}.values())
        self._of: dict[SubjectId, list[AlertState]] = {}
        for each in self.alerts:
            self._of.setdefault(each.subject, []).append(each)

    def inhibitor(self, alert: AlertState, critical: frozenset[str] = frozenset()) -> AlertState | None:
        """The alert that makes this one no news: a more severe one of the same objective and subject, else one that pages about
        something that the subject depends on, the furthest first. Nothing silences an alert of a ``critical`` objective.
        """
        if alert.objective in critical:
            return None
        own = [each for each in self._of.get(alert.subject, ()) if is_above(each, alert)]
        if own:
            return min(own, key=lambda each: (rank(each.severity), each.alert))
        for subject in reversed(self._topology.upstream(alert.subject)):
            pages = [each for each in self._of.get(subject, ()) if each.severity == SEVERITIES[0]]
            if pages:
                return min(pages, key=lambda each: each.alert)
        return None

    def cause(self, alert: AlertState) -> Cause | None:
        """The furthest that an alert's subject depends on and that alerts itself; else the nearest on which several subjects
        depend, more than half of which alert.
        """
        upstream = self._topology.upstream(alert.subject)
        for subject in reversed(upstream):
            if subject in self._of:
                known = min(self._of[subject], key=lambda each: (rank(each.severity), each.alert))
                return Cause(subject, known.alert, *self._alerting(subject))
        for subject in upstream:
            alerting, dependents = self._alerting(subject)
            if alerting > 1 and 2 * alerting > dependents:
                return Cause(subject, "", alerting, dependents)
        return None

    def group(self, alert: AlertState) -> Group:
        """The group of an alert among these: all sensors of one cryostat are one incident."""
        cause = self.cause(alert)
        return Group(cause.subject if cause else alert.subject, alert.subject, alert.run, alert.indicator or alert.objective)

    def by_cause(self) -> Mapping[SubjectId, Sequence[AlertState]]:
        """All of them by their likely cause, the most severe first."""
        found: dict[SubjectId, list[AlertState]] = {}
        for each in sorted(self.alerts, key=lambda one: (rank(one.severity), one.since_unix_s, one.alert)):
            found.setdefault(self.group(each).cause, []).append(each)
        return found

    def _alerting(self, subject: SubjectId) -> tuple[int, int]:
        """How many of those that depend on a subject alert, and how many there are."""
        dependents = self._topology.downstream(subject)
        return sum(each in self._of for each in dependents), len(dependents)


def is_above(other: AlertState, alert: AlertState) -> bool:
    """Whether another alert is the more severe one of the same objective and subject."""
    same = (other.objective, other.subject) == (alert.objective, alert.subject)
    return same and other.alert != alert.alert and rank(other.severity) < rank(alert.severity)


def possible_inhibitors(alert: AlertState, others: Iterable[AlertState], topology: Topology) -> Iterable[AlertState]:
    """Of other alerts, firing or not, those that silence this one while they fire."""
    upstream = frozenset(topology.upstream(alert.subject))
    return (each for each in others if is_above(each, alert) or (each.subject in upstream and each.severity == SEVERITIES[0]))
