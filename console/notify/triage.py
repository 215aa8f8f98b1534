"""Which transitions a person is told of now, which wait, and which nobody is told of any more. Pure: time comes in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from schemas.records import AlertState
from slo.incidents import possible_inhibitors
from slo.instant import NS
from slo.suppression import EXCLUDED, INHIBITED, Suppression, Suppressions, Surroundings

Interval = tuple[float, float]
"""(from, until) in UTC seconds of event time."""


class Held(NamedTuple):
    """A transition that is not told, and why."""

    state: AlertState
    suppression: Suppression


class _Episodes(NamedTuple):
    """One state of each alert, and when it fired."""

    states: Sequence[AlertState]
    intervals: Mapping[str, Sequence[Interval]]


@dataclass(frozen=True, slots=True)
class Decision:
    """``tell``: in the order given. ``waiting``: alerts that fire, told once nothing suppresses them any more. ``silenced``:
    transitions of alerts that came and went while they were suppressed.
    """

    tell: tuple[AlertState, ...]
    waiting: tuple[Held, ...]
    silenced: tuple[Held, ...]


class Triage:
    """Remembers what it held back.

    An alert whose subject depends on something is told after it has stood for ``patience_s`` with nothing to suppress it: what it
    depends on may be noticed a little later, and recover a little earlier. What is critical or depends on nothing never waits so.
    Those of one likely cause do not wait for each other: they are told with the first of them.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._held: dict[str, Suppression] = {}
        self._free_since: dict[str, float] = {}

    def decide(
        self, pending: Sequence[AlertState], suppressions: Suppressions, surroundings: Surroundings, now_s: float
    ) -> Decision:
        """``pending``: what the receiver has not heard of, the earliest first. ``now_s``: of any clock that only goes on."""
        of_alert: dict[str, list[AlertState]] = {}
        for state in pending:
            of_alert.setdefault(state.alert, []).append(state)
        for known in (self._held, self._free_since):
            for alert in known.keys() - of_alert.keys():
                del known[alert]
        episodes = _episodes(pending, suppressions.firing)
        tell, waiting, silenced = set[str](), list[Held](), list[Held]()
        standing: list[AlertState] = []
        for alert, states in of_alert.items():
            if states[-1].firing:
                why = suppressions.of(states[-1])
                if why is not None:
                    self._held[alert] = why
                    self._free_since.pop(alert, None)
                    waiting.append(Held(states[-1], why))
                elif self._stood(states[-1], surroundings, now_s):
                    tell.add(alert)
                else:
                    standing.append(states[-1])
                continue
            why = self._shadow(states, episodes, surroundings)
            if why is None:
                tell.add(alert)
            else:
                silenced += [Held(state, why) for state in states]
        due = [states[-1] for alert, states in of_alert.items() if alert in tell and states[-1].firing]
        causes = {suppressions.group(state).cause for state in due if self._patience_of(state, surroundings)}
        tell |= {state.alert for state in standing if suppressions.group(state).cause in causes}
        for alert in tell:
            self._held.pop(alert, None)
        return Decision(tuple(state for state in pending if state.alert in tell), tuple(waiting), tuple(silenced))

    def _stood(self, state: AlertState, surroundings: Surroundings, now_s: float) -> bool:
        since_s = self._free_since.setdefault(state.alert, now_s)
        return now_s - since_s >= self._patience_of(state, surroundings)

    def _patience_of(self, state: AlertState, surroundings: Surroundings) -> float:
        depends = surroundings.topology.upstream(state.subject) and state.objective not in surroundings.critical
        return self._patience_s if depends else 0.0

    def _shadow(self, states: Sequence[AlertState], episodes: _Episodes, surroundings: Surroundings) -> Suppression | None:
        """Why nobody is told of an alert that fired and cleared: it would not have been told while it fired, either."""
        first, last = states[0], states[-1]
        if not first.firing or first.objective in surroundings.critical:
            return None
        if first.alert in self._held:
            return self._held[first.alert]
        covers = [
            (interval, Suppression(INHIBITED, other.alert))
            for other in possible_inhibitors(first, episodes.states, surroundings.topology)
            for interval in episodes.intervals[other.alert]
        ]
        out = surroundings.about(first.subject)
        covers += [
            ((start / NS, end / NS), Suppression(EXCLUDED, next(each.reason for each in out if each.start_ns < end)))
            for start, end in surroundings.stretches(first.objective, first.subject)
        ]
        episode = (first.since_unix_s, last.since_unix_s)
        touching = [(cover, why) for cover, why in covers if cover[0] <= episode[1] and cover[1] >= episode[0]]
        if not touching:
            return None
        free_s = _longest_gap(episode, [cover for cover, _ in touching])
        return None if free_s > 0 and free_s >= self._patience_of(first, surroundings) else touching[0][1]


def _episodes(pending: Iterable[AlertState], firing: Iterable[AlertState]) -> _Episodes:
    """When each alert fired, as far as it is known; one whose beginning has been told already fired before all that is known."""
    states: dict[str, AlertState] = {}
    intervals: dict[str, list[Interval]] = {}
    open_since: dict[str, float] = {}
    for state in pending:
        states[state.alert] = state
        known = intervals.setdefault(state.alert, [])
        if state.firing:
            open_since.setdefault(state.alert, state.since_unix_s)
        else:
            known.append((open_since.pop(state.alert, -inf), state.since_unix_s))
    for state in firing:
        states.setdefault(state.alert, state)
        intervals.setdefault(state.alert, []).append((open_since.pop(state.alert, state.since_unix_s), inf))
    for alert, since in open_since.items():
        intervals[alert].append((since, inf))
    return _Episodes(tuple(states.values()), intervals)


def _longest_gap(episode: Interval, covers: Iterable[Interval]) -> float:
    """The longest part of an episode that no cover reaches over."""
    at, longest = episode[0], 0.0
    for start, end in sorted(covers):
        longest = max(longest, min(start, episode[1]) - at)
        at = max(at, end)
    return max(longest, episode[1] - at)
