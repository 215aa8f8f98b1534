"""Why nobody is told of an alert that fires: its time is excluded, or another alert says it already. Nothing critical is ever
suppressed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from schemas.ids import SubjectId
from schemas.records import AlertState
from slo.diagnosis import Hint
from slo.exclusions import EVERYBODY, Exclusion, Stretch, allowed, is_inside
from slo.incidents import Cause, Firing, Group
from slo.objective import Objective
from slo.tiers import SEVERITIES
from slo.topology import Topology

INHIBITED, EXCLUDED = "inhibited", "excluded"
Hints = Mapping[tuple[str, int], Sequence[Hint]]
"""What alerts that fire look like, the likeliest first: by the alert's id and since when it fires."""


class Suppression(NamedTuple):
    """``by``: the alert that inhibits, or why and by whom time is excluded."""

    kind: str
    by: str

    def __str__(self) -> str:
        return f"{self.kind} by {self.by}" if self.kind == INHIBITED else f"{self.kind}: {self.by}"


@dataclass(frozen=True)
class Surroundings:
    """What an alert stands in: what depends on what, the objectives by name, and what is excluded."""

    topology: Topology = field(default_factory=Topology)
    objectives: Mapping[str, Objective] = field(default_factory=dict)
    exclusions: Sequence[Exclusion] = ()

    @cached_property
    def critical(self) -> frozenset[str]:
        """Names of the objectives whose alerts nothing suppresses."""
        return frozenset(name for name, objective in self.objectives.items() if objective.critical)

    def about(self, subject: SubjectId) -> tuple[Exclusion, ...]:
        """The exclusions of a subject, or of something that it depends on."""
        concerned = dict.fromkeys((EVERYBODY, subject, *self.topology.upstream(subject)))
        return tuple(sorted(each for one in concerned for each in self._of.get(one, ())))

    @cached_property
    def _of(self) -> Mapping[SubjectId, Sequence[Exclusion]]:
        """There may be thousands of exclusions: every calibration of every device is one."""
        found: dict[SubjectId, list[Exclusion]] = {}
        for each in self.exclusions:
            found.setdefault(each.subject, []).append(each)
        return found

    def stretches(self, name: str, subject: SubjectId) -> tuple[Stretch, ...]:
        """When an objective is excluded for a subject, in nanoseconds: up to the objective's cap."""
        objective, about = self.objectives.get(name), self.about(subject)
        return allowed(objective, about) if objective and about else ()

    def exclusion(self, name: str, subject: SubjectId, at_ns: int) -> Exclusion | None:
        """What takes a subject out under an objective at a time."""
        said = next((each for each in self.about(subject) if each.start_ns < at_ns <= each.end_ns), None)
        return said if said and is_inside(self.stretches(name, subject), at_ns) else None


class Suppressions:
    """The alerts that fire, held against their surroundings at one time."""

    def __init__(self, firing: Iterable[AlertState], surroundings: Surroundings, at_ns: int, hints: Hints | None = None) -> None:
        self._surroundings = surroundings
        self._hints = hints or {}
        self._critical = surroundings.critical
        self._at_ns = at_ns
        self._all = Firing(firing, surroundings.topology)
        # One that nobody is told of because its time is excluded says nothing to anybody in place of another.
        said = (each for each in self._all.alerts if surroundings.exclusion(each.objective, each.subject, at_ns) is None)
        self._said = Firing(said, surroundings.topology)

    def of(self, alert: AlertState) -> Suppression | None:
        """Why this alert is not told now; None: it is."""
        out = self._surroundings.exclusion(alert.objective, alert.subject, self._at_ns)
        if out is not None:
            return Suppression(EXCLUDED, f"{out.reason} ({out.who})" if out.who else out.reason)
        above = self._said.inhibitor(alert, self._critical)
        return Suppression(INHIBITED, above.alert) if above else None

    def is_critical(self, alert: AlertState) -> bool:
        """Whether nothing may suppress it."""
        return alert.objective in self._critical

    @property
    def surroundings(self) -> Surroundings:
        """What they are held against."""
        return self._surroundings

    @property
    def firing(self) -> tuple[AlertState, ...]:
        """All that fire, suppressed or not."""
        return self._all.alerts

    def cause(self, alert: AlertState) -> Cause | None:
        """What probably is behind it."""
        return self._all.cause(alert)

    def looks_like(self, alert: AlertState) -> Sequence[Hint]:
        """The failures that it looked like when it began to fire, the likeliest first; none where nothing is likely."""
        return self._hints.get((alert.alert, alert.since_unix_s), ()) if alert.firing else ()

    def runbook(self, alert: AlertState) -> str:
        """The runbook to begin with: of what it looks like, else its objective's own."""
        return next((hint.mode.runbook for hint in self.looks_like(alert)), alert.runbook)

    def group(self, alert: AlertState) -> Group:
        """Who is told of it in one message with what else."""
        return self._all.group(alert)

    def together(self, alerts: Iterable[AlertState]) -> list[tuple[AlertState, ...]]:
        """Alerts by incident, in the order in which they are given: those of one likely cause, and those of one device and its
        links that look like one failure.
        """
        incidents: list[list[AlertState]] = []
        places: dict[tuple[str, ...], int] = {}
        for alert in alerts:
            marks: list[tuple[str, ...]] = [(self.group(alert).cause,)]
            marks += [(alert.device or alert.subject, hint.mode.id) for hint in self.looks_like(alert)[:1]]
            place = next((places[mark] for mark in marks if mark in places), len(incidents))
            if place == len(incidents):
                incidents.append([])
            incidents[place].append(alert)
            for mark in marks:
                places.setdefault(mark, place)
        return [tuple(states) for states in incidents]

    def dependents(self, alert: AlertState) -> tuple[SubjectId, ...]:
        """Whose alerts are silent while this one is told."""
        return self._surroundings.topology.downstream(alert.subject) if alert.severity == SEVERITIES[0] else ()
