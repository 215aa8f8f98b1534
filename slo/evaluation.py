"""The seam between the stream and the objectives: one sample in; verdicts, budgets and alert transitions out. No I/O, no clock.

Everything is a function of the samples in the order in which they are given: a replay gives the same state and the same output.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import AlertState, IndicatorSample, Verdict
from slo.alerts import Standing, Trigger, alert_id, inhibitor, triggers
from slo.budget import BudgetSnapshot
from slo.counts import ONE_OF, Bucket, Counts
from slo.definitions import Definitions
from slo.errors import DefinitionError, SampleError
from slo.history import History, RunLengthHistory
from slo.judge import judge
from slo.objective import Criterion, Method, Objective
from slo.period import RollingWindow
from slo.track import Disposition, Track
from slo.windows import SlidingWindows
from slo.wording import cleared, firing


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample's verdict under one objective: what is stored, and all that a restart needs.

    (objective, subject, run, end_unix_s) is its key.
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
    """What one sample changed. Tuples follow the order of the objectives' names; only counted samples fill them."""

    disposition: Disposition
    judged: tuple[Judged, ...] = ()
    budgets: tuple[BudgetSnapshot, ...] = ()
    alerts: tuple[AlertState, ...] = ()
    """Transitions."""
    inhibited: tuple[str, ...] = ()
    """Ids of this subject's firing alerts that a more severe one of the same objective silences."""


@dataclass(slots=True)
class EvaluatorState:
    """All that the past left: one track a subject and objective. Made and changed by the ``Evaluator`` only."""

    tracks: dict[tuple[SubjectId, str], Track] = field(default_factory=dict)


def system_by_prefix(device: DeviceId) -> str:
    """The system that a device's id names before its first dash: ``sps`` of ``sps-helios-01``."""
    return device.partition("-")[0]


@dataclass(frozen=True, slots=True)
class _Watch:
    objective: Objective
    criterion: Criterion
    ready: tuple[Trigger, ...]
    windows_s: tuple[int, ...]


class Evaluator:
    """Judges samples under ``definitions``. Immutable: all that changes is in the state."""

    def __init__(
        self,
        definitions: Definitions,
        *,
        system_of: Callable[[DeviceId], str] = system_by_prefix,
        history: Callable[[SubjectId, str], History] = lambda _subject, _objective: RunLengthHistory(),
    ) -> None:
        """``system_of`` tells a device's system, ``history`` makes the past of a subject under an objective.

        Raises:
            DefinitionError: an objective is counted in a way, or over a window, that the stream cannot evaluate.
        """
        self._watches = {each.name: _watch(each, each.criterion) for each in definitions.objectives if each.criterion}
        self._by_indicator: dict[IndicatorId, list[_Watch]] = {}
        for watch in self._watches.values():
            self._by_indicator.setdefault(watch.criterion.indicator, []).append(watch)
        self._system_of = system_of
        self._history = history

    def initial(self) -> EvaluatorState:
        return EvaluatorState()

    def step(
        self, state: EvaluatorState, sample: IndicatorSample, *, excluded: bool = False
    ) -> tuple[EvaluatorState, Evaluation]:
        """Judge a sample. The state handed in is spent; go on with the one returned.

        A sample older than the newest restates the windows that it still lies in; budgets and alerts are as of the newest.
        ``excluded``: the sample falls into maintenance, calibration or warm-up.

        Raises:
            SampleError: the sample contradicts itself or comes in another unit than its indicator; the state is unchanged.
        """
        watches = self._about(sample)
        if not watches:
            return state, Evaluation(Disposition.UNWATCHED)
        verdicts = [_verdict(watch, sample, excluded=excluded) for watch in watches]
        dispositions = set()
        judged: list[Judged] = []
        budgets: list[BudgetSnapshot] = []
        alerts: list[AlertState] = []
        inhibited: list[str] = []
        for watch, verdict in zip(watches, verdicts, strict=True):
            name = watch.objective.name
            track = self._track(state, sample.subject, watch)
            disposition = track.admit(sample.run, sample.end_unix_s)
            dispositions.add(disposition)
            if disposition is not Disposition.COUNTED:
                continue
            row = Judged(name, sample.subject, sample.indicator, sample.run, sample.end_unix_s, verdict, ONE_OF[verdict])
            before = track.standings
            turned = track.count(sample.run, Bucket(sample.end_unix_s, row.counts), watch.ready)
            snapshot = self._snapshot(watch, sample.subject, track)
            judged.append(row)
            budgets.append(snapshot)
            alerts += [
                _transition(watch.objective, sample, snapshot, before.get(each), track.standings[each], severity=each)
                for each in turned
            ]
            inhibited += [
                alert_id(name, sample.subject, severity)
                for severity, standing in track.standings.items()
                if standing.firing and inhibitor(track.standings, severity)
            ]
        disposition = next(
            each for each in (Disposition.COUNTED, Disposition.TOO_LATE, Disposition.DUPLICATE) if each in dispositions
        )
        return state, Evaluation(disposition, tuple(judged), tuple(budgets), tuple(alerts), tuple(inhibited))

    def restore(self, state: EvaluatorState, rows: Iterable[Judged]) -> EvaluatorState:
        """Take up what was judged before, in the order in which it was judged (of each subject and objective at least the last
        period). The result is the state that judging left; nothing is emitted. Rows of objectives that no longer exist, and rows
        that come again, are passed over.
        """
        for row in rows:
            watch = self._watches.get(row.objective)
            if watch is None:
                continue
            track = self._track(state, row.subject, watch)
            if track.admit(row.run, row.end_unix_s) is Disposition.COUNTED:
                track.count(row.run, Bucket(row.end_unix_s, row.counts), watch.ready)
        return state

    def budgets(self, state: EvaluatorState) -> Iterable[BudgetSnapshot]:
        """Every budget as it stands."""
        return (self._snapshot(self._watches[name], subject, track) for (subject, name), track in state.tracks.items())

    def _about(self, sample: IndicatorSample) -> list[_Watch]:
        system = self._system_of(sample.device)
        return [watch for watch in self._by_indicator.get(sample.indicator, ()) if watch.criterion.concerns(system)]

    def _track(self, state: EvaluatorState, subject: SubjectId, watch: _Watch) -> Track:
        key = (subject, watch.objective.name)
        track = state.tracks.get(key)
        if track is None:
            track = state.tracks[key] = Track(SlidingWindows(watch.windows_s, self._history(*key)))
        return track

    @staticmethod
    def _snapshot(watch: _Watch, subject: SubjectId, track: Track) -> BudgetSnapshot:
        return BudgetSnapshot(
            watch.objective.name,
            subject,
            track.windows.now_unix_s,
            watch.objective.budget,
            tuple(zip(watch.windows_s, track.windows.sums, strict=True)),
        )


def _watch(objective: Objective, criterion: Criterion) -> _Watch:
    if objective.method is not Method.OCCURRENCES or not isinstance(objective.window, RollingWindow):
        raise DefinitionError(
            objective.place,
            f"objective `{objective.name}` is counted by {objective.method} over a {type(objective.window).__name__}",
            "write `budgetingMethod: Occurrences` and a rolling window: the stream evaluates no other so far",
        )
    return _Watch(objective, criterion, triggers(objective), objective.windows_s)


def _verdict(watch: _Watch, sample: IndicatorSample, *, excluded: bool) -> Verdict:
    if sample.estimate.unit != watch.criterion.unit:
        raise SampleError(
            f"sample of {sample.indicator} of {sample.subject} (run {sample.run}, end {sample.end_unix_s}) comes in "
            f"`{sample.estimate.unit}`, not `{watch.criterion.unit}`: whoever measures it must convert"
        )
    return judge(sample.estimate, watch.criterion.operator, watch.criterion.threshold, excluded=excluded)


def _transition(
    objective: Objective,
    sample: IndicatorSample,
    snapshot: BudgetSnapshot,
    before: Standing | None,
    now: Standing,
    *,
    severity: str,
) -> AlertState:
    concerned = [tier for tier in objective.tiers if tier.severity == severity and (not now.firing or tier.name in now.tiers)]
    fastest = max(concerned, key=lambda tier: (tier.factor, -tier.long_s))
    rate, remaining = snapshot.burn_rate(fastest.long_s), snapshot.remaining_ratio
    return AlertState(
        alert=alert_id(objective.name, sample.subject, severity),
        objective=objective.name,
        subject=sample.subject,
        severity=severity,
        firing=now.firing,
        since_unix_s=now.since_unix_s,
        tiers=now.tiers,
        text=(
            firing(objective, sample, snapshot, fastest)
            if before is None or now.firing
            else cleared(objective, sample, snapshot, before.since_unix_s)
        ),
        burn_rate=None if rate is None else str(rate),
        budget_remaining=None if remaining is None else str(remaining),
        run=sample.run,
        firmware=sample.firmware,
        runbook=objective.runbook,
    )
