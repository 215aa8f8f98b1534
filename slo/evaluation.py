"""The seam between the stream and the objectives: one sample in; verdicts, budgets and alert transitions out. No I/O, no clock.

Everything is a function of the samples and exclusions in the order in which they are given: a replay gives the same state and the
same output. Figures depend on no order at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import AlertState, IndicatorSample, Verdict
from slo.alerts import Standing, Standings, alert_id, inhibitor, stand
from slo.budget import BudgetSnapshot
from slo.composite_watch import (
    CompositeSnapshot,
    CompositeWatch,
    TracksOf,
    composite_transition,
    is_member,
    member_of,
    parts_of,
    whole_of,
)
from slo.counts import Bucket, Counts
from slo.definitions import Definitions
from slo.exclusions import EVERYBODY, Exclusion, Stretch, allowed, is_inside
from slo.history import NEVER, History, RunLengthHistory
from slo.instant import NS
from slo.schedule import Schedule
from slo.topology import Topology
from slo.track import Disposition, Track
from slo.transition import snapshot, transition
from slo.watch import Watch
from slo.wording import Occasion


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample's verdict under one objective: what is stored. (objective, subject, run, end_unix_s) is its key.

    ``counts`` are what it says whether it is excluded or not; ``verdict`` says what became of it.
    """

    objective: str
    subject: SubjectId
    indicator: IndicatorId
    run: RunId
    end_unix_s: int
    verdict: Verdict
    counts: Counts


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one sample or exclusion changed. Tuples follow the order of the objectives' names."""

    disposition: Disposition
    judged: tuple[Judged, ...] = ()
    budgets: tuple[BudgetSnapshot, ...] = ()
    alerts: tuple[AlertState, ...] = ()
    """Transitions."""
    inhibited: tuple[str, ...] = ()
    """Ids of this subject's firing alerts that a more severe one of the same objective silences."""
    composites: tuple[CompositeSnapshot, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """One track as the store has it: a restart goes on from here."""

    objective: str
    subject: SubjectId
    history: History
    first_unix_s: int
    now_unix_s: int
    last_ends: Mapping[RunId, int]
    standings: Mapping[str, Standing]


_AHEAD_S = 7 * 86_400
"""How far beyond the samples planned exclusions are worked out at a time."""
_SUBJECTS_KNOWN = 1 << 16
"""Indicators of subjects of which it is remembered who judges them."""
Key = tuple[SubjectId, str]
"""A subject and the name of an objective."""


@dataclass(slots=True)
class EvaluatorState:
    """All that the past left: one track a subject and objective, and what was excluded of whom. Made and changed by the
    ``Evaluator`` only.
    """

    tracks: dict[Key, Track] = field(default_factory=dict)
    raised: dict[SubjectId, dict[object, Exclusion]] = field(default_factory=dict)
    """Exclusions that devices and people raised."""
    excluded: dict[Key, tuple[Stretch, ...]] = field(default_factory=dict)
    """In seconds; by track, where there are any."""
    members: dict[SubjectId, set[SubjectId]] = field(default_factory=dict)
    """Of wholes, by the names that members have as their parts."""
    composites: dict[Key, Standings] = field(default_factory=dict)
    """Alerts on composites."""
    planned: tuple[Exclusion, ...] = ()
    planned_until_unix_s: int = NEVER


def system_by_prefix(device: DeviceId) -> str:
    """The system that a device's id names before its first dash: ``sps`` of ``sps-helios-01``."""
    return device.partition("-")[0]


class Evaluator:
    """Judges samples under ``definitions``. Immutable: all that changes is in the state."""

    def __init__(
        self,
        definitions: Definitions,
        *,
        system_of: Callable[[DeviceId], str] = system_by_prefix,
        schedule: Schedule | None = None,
        topology: Topology | None = None,
    ) -> None:
        """``system_of`` tells a device's system, ``schedule`` what is planned to be out, ``topology`` what is part of what."""
        self._watches = {each.name: Watch.of(each, each.criterion) for each in definitions.objectives if each.criterion}
        self._by_indicator: dict[IndicatorId, list[Watch]] = {}
        for watch in self._watches.values():
            self._by_indicator.setdefault(watch.criterion.indicator, []).append(watch)
        self._judging = lru_cache(maxsize=_SUBJECTS_KNOWN)(self._find_judging)
        self._system_of = system_of
        self._schedule = schedule or Schedule(())
        self._topology = topology or Topology()
        composites = {each.name: each.composite for each in definitions.objectives if each.composite}
        self._composites = [
            CompositeWatch(each, each.composite, composites) for each in definitions.objectives if each.composite is not None
        ]

    def initial(self) -> EvaluatorState:
        return EvaluatorState()

    def step(self, state: EvaluatorState, sample: IndicatorSample) -> tuple[EvaluatorState, Evaluation]:
        """Judge a sample. The state handed in is spent; go on with the one returned.

        A sample older than the newest restates the windows that it still lies in; budgets and alerts are as of the newest.

        Raises:
            SampleError: the sample contradicts itself or comes in another unit than its indicator; the state is unchanged.
        """
        watches = self._about(sample)
        if not watches:
            return state, Evaluation(Disposition.UNWATCHED)
        judgements = [watch.judge(sample) for watch in watches]
        self._plan(state, sample.end_unix_s)
        member = is_member(sample.subject)
        dispositions = set()
        judged: list[Judged] = []
        budgets: list[BudgetSnapshot] = []
        alerts: list[AlertState] = []
        inhibited: list[str] = []
        reached = self._reached(state, sample.subject)
        for watch, (verdict, counts) in zip(watches, judgements, strict=True):
            name = watch.objective.name
            key = (sample.subject, name)
            track = state.tracks.get(key) or self._new_track(state, key, watch)
            disposition = track.admit(sample.run, sample.end_unix_s)
            dispositions.add(disposition)
            if disposition is not Disposition.COUNTED:
                continue
            out = is_inside(state.excluded.get(key, ()), sample.end_unix_s)
            said = Verdict.EXCLUDED if out else verdict
            judged.append(Judged(name, sample.subject, sample.indicator, sample.run, sample.end_unix_s, said, counts))
            turns = track.count(sample.run, Bucket(sample.end_unix_s, counts), () if member else watch.ready)
            if not member:
                budgets.append(snapshot(watch, sample.subject, track.now_unix_s, track.sums))
            alerts += [transition(watch, Occasion.of(sample), track, turn) for turn in turns]
            inhibited += [
                alert_id(name, sample.subject, severity)
                for severity, standing in track.standings.items()
                if standing.firing and inhibitor(track.standings, severity)
            ]
        disposition = next(
            each for each in (Disposition.COUNTED, Disposition.TOO_LATE, Disposition.DUPLICATE) if each in dispositions
        )
        composites = self._compose(state, {row.objective for row in judged}, Occasion.of(sample), alerts, reached)
        for row in judged:
            state.tracks[sample.subject, row.objective].forget()
        return state, Evaluation(disposition, tuple(judged), tuple(budgets), tuple(alerts), tuple(inhibited), composites)

    def as_member(self, sample: IndicatorSample) -> list[tuple[SubjectId, IndicatorSample]]:
        """The sample as a part of each whole that composites judge: whom to tell it, and what."""
        wholes = () if is_member(sample.subject) else self._topology.wholes(sample.subject)
        if not wholes:
            return []
        judging = {watch.objective.name for watch in self._about(sample)}
        return [
            (whole, msgspec.structs.replace(sample, subject=member_of(whole, sample.subject)))
            for whole in wholes
            if any(each.measured & judging and each.objective.is_about(whole) for each in self._composites)
        ]

    def exclude(self, state: EvaluatorState, exclusion: Exclusion) -> tuple[EvaluatorState, Evaluation]:
        """Take out a stretch of time, past or future. One with the subject, reason and start of an earlier one replaces it: an
        exclusion whose end was not known gets one.
        """
        known = state.raised.setdefault(exclusion.subject, {})
        if known.get((exclusion.reason, exclusion.start_ns)) == exclusion:
            return state, Evaluation(Disposition.DUPLICATE)
        known[exclusion.reason, exclusion.start_ns] = exclusion
        concerned = [key for key in sorted(state.tracks) if exclusion.concerns(key[0]) or exclusion.concerns(whole_of(key[0]))]
        return state, self._mask(state, concerned, Occasion(exclusion=exclusion.reason))

    def restore(
        self,
        state: EvaluatorState,
        tracks: Iterable[Remembered],
        exclusions: Iterable[Exclusion] = (),
        composites: Mapping[Key, Standings] | None = None,
    ) -> EvaluatorState:
        """Take up what the store remembers, exclusions in the order in which they came. The result is the state that judging
        left; nothing is emitted. What is remembered of objectives that no longer exist is passed over.
        """
        for exclusion in exclusions:
            state.raised.setdefault(exclusion.subject, {})[exclusion.reason, exclusion.start_ns] = exclusion
        newest = NEVER
        for one in tracks:
            watch = self._watches.get(one.objective)
            if watch is None:
                continue
            key = (one.subject, one.objective)
            track = self._new_track(state, key, watch, one.history)
            track.resume(one.first_unix_s, one.now_unix_s, one.last_ends.items(), one.standings)
            newest = max(newest, one.now_unix_s)
        self._plan(state, newest)
        for key, track in state.tracks.items():
            self._hide(state, key)
            track.check(() if is_member(key[0]) else self._watches[key[1]].ready)
        known = {each.objective.name for each in self._composites}
        state.composites = {key: standings for key, standings in (composites or {}).items() if key[1] in known}
        return state

    def budgets(self, state: EvaluatorState) -> Iterable[BudgetSnapshot]:
        """Every budget as it stands."""
        return (
            snapshot(self._watches[name], subject, track.now_unix_s, track.sums)
            for (subject, name), track in state.tracks.items()
            if not is_member(subject)
        )

    def _about(self, sample: IndicatorSample) -> list[Watch]:
        watches = self._by_indicator.get(sample.indicator, ())
        if not watches:
            return []
        return self._judging(sample.indicator, self._system_of(sample.device), sample.subject)

    def _find_judging(self, indicator: IndicatorId, system: str, subject: SubjectId) -> list[Watch]:
        whole, member = parts_of(subject)
        watches = self._by_indicator[indicator]
        about = [each for each in watches if each.criterion.concerns(system) and each.objective.is_about(member or whole)]
        if not member:
            return about
        measured = {name for each in self._composites if each.objective.is_about(whole) for name in each.measured}
        return [each for each in about if each.objective.name in measured]

    def _new_track(self, state: EvaluatorState, key: Key, watch: Watch, history: History | None = None) -> Track:
        subject = key[0]
        if is_member(subject):
            state.members.setdefault(whole_of(subject), set()).add(subject)
            watch = watch.silent
        track = state.tracks[key] = watch.track(history or RunLengthHistory())
        self._hide(state, key)
        return track

    def _reached(self, state: EvaluatorState, subject: SubjectId) -> dict[str, int]:
        """How far each composite about a subject has been looked at."""
        whole = whole_of(subject)
        about = [watch for watch in self._composites if watch.objective.is_about(whole)]
        return {watch.objective.name: watch.reached(_tracks(state, whole)) for watch in about}

    def _compose(
        self,
        state: EvaluatorState,
        judged: AbstractSet[str],
        occasion: Occasion,
        alerts: list[AlertState],
        reached: Mapping[str, int],
    ) -> tuple[CompositeSnapshot, ...]:
        """Look at the composites that objectives are part of, from where each was ``reached``; what their alerts did goes to the
        others.
        """
        if not self._composites:
            return ()
        whole = whole_of(occasion.subject)
        tracks_of = _tracks(state, whole)
        found = []
        for watch in self._composites:
            if not watch.measured & judged or not watch.objective.is_about(whole):
                continue
            name, newest = watch.objective.name, None
            for newest in watch.snapshots(whole, tracks_of, reached.get(name, NEVER)):
                before = state.composites.get((whole, name), {})
                after, turned = stand(newest.above, before, newest.at_unix_s)
                state.composites[whole, name] = after
                alerts += [
                    composite_transition(newest, occasion.about(whole), after, before.get(severity), severity)
                    for severity in turned
                ]
            found += [newest] if newest else []
        return tuple(found)

    def _plan(self, state: EvaluatorState, until_unix_s: int) -> None:
        """Work out what is planned, well beyond the samples."""
        if self._schedule.planned and until_unix_s > state.planned_until_unix_s:
            state.planned_until_unix_s = until_unix_s + _AHEAD_S
            state.planned = self._schedule.until(state.planned_until_unix_s * NS)
            self._mask(state, list(state.tracks), Occasion())

    def _mask(self, state: EvaluatorState, keys: Sequence[Key], occasion: Occasion) -> Evaluation:
        """Look again at what is excluded of these tracks."""
        budgets: list[BudgetSnapshot] = []
        alerts: list[AlertState] = []
        for key in keys:
            if not self._hide(state, key):
                continue
            (subject, name), track = key, state.tracks[key]
            watch = self._watches[name]
            turns = track.check(() if is_member(subject) else watch.ready)
            if not is_member(subject):
                budgets.append(snapshot(watch, subject, track.now_unix_s, track.sums))
            alerts += [transition(watch, occasion.about(subject), track, turn) for turn in turns]
        names = frozenset(name for _, name in keys)
        wholes = sorted({whole_of(subject) for subject, _ in keys})
        composites = [each for whole in wholes for each in self._compose(state, names, occasion.about(whole), alerts, {})]
        return Evaluation(Disposition.COUNTED, (), tuple(budgets), tuple(alerts), (), tuple(composites))

    def _hide(self, state: EvaluatorState, key: Key) -> bool:
        """Mask a track as its exclusions are now; whether anything changed."""
        subject, name = key
        whole = whole_of(subject)
        raised = (each for about in {EVERYBODY, subject, whole} for each in state.raised.get(about, {}).values())
        # What people and devices raise comes once for each that depends on it; what is planned does not.
        concerned = {subject, whole, *(self._topology.upstream(whole) if state.planned else ())}
        declared = [each for each in (*state.planned, *raised) if any(each.concerns(one) for one in concerned)]
        stretches = tuple((start // NS, end // NS) for start, end in allowed(self._watches[name].objective, declared))
        if stretches == state.excluded.get(key, ()):
            return False
        state.excluded[key] = stretches
        state.tracks[key].mask(stretches)
        return True


def _tracks(state: EvaluatorState, whole: SubjectId) -> TracksOf:
    """How to find the tracks that a composite about ``whole`` is made of."""
    subjects = (whole, *sorted(state.members.get(whole, ())))
    return lambda name: [track for subject in subjects if (track := state.tracks.get((subject, name))) is not None]
