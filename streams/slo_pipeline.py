"""The objectives' pipeline of one partition: indicator samples in; verdicts, budgets and alert transitions out.

The state that a restart needs is made of what was stored.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
import pyarrow as pa
import structlog

from schemas.exclusion import KIND, ExclusionNotice
from schemas.exercise import is_exercise
from schemas.ids import DeviceId, IndicatorId, RunId
from schemas.records import AlertState, IndicatorSample
from schemas.topics import ALERTS, INDICATORS
from slo.alerts import Standings, alert_id
from slo.composite_watch import is_member
from slo.errors import SampleError
from slo.evaluation import Evaluation, Evaluator, Key, Remembered
from slo.exclusions import Exclusion
from slo.objective import Objective
from slo.silence import NO_DATA, Heard, Silence, Silences
from slo.track import Disposition
from slo.wording import Occasion, heard_again, silent
from storage.past_verdicts import PastExclusion
from streams.budget_sampling import BudgetSampler
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Outgoing
from streams.positions import Positions
from streams.record_pipeline import RecordPipeline
from streams.remembering import exclusion_of
from streams.slo_rows import SloRows

NAME = "slo-2"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_PATIENCE_MS = 1_000
"""A batch spans less than this of the broker's time: samples are few, and inserts cost the same for one as for many."""
_RUNS_KEPT = 10_000
"""Runs of indicators for which it is remembered how far they came."""
_MOST_S = 1 << 31
_MOST_COUNTS = 1 << 62
FUTURE_S = 3_600
"""How far a sample may lie ahead of the broker's clock: one far ahead would slide every window past the honest ones."""
_log = structlog.get_logger(__name__)


class _Speaker(NamedTuple):
    """Whose sample was heard last."""

    device: DeviceId = DeviceId("")
    run: RunId = RunId("")
    firmware: str = ""


class _Kind(msgspec.Struct):
    """What a message is; samples do not say."""

    kind: str = ""


_kind = msgspec.json.Decoder(_Kind)
_sample = msgspec.json.Decoder(IndicatorSample)
_notice = msgspec.json.Decoder(ExclusionNotice)


class SloPipeline(RecordPipeline):
    """One partition of the indicators topic.

    Args:
        topic, partition: whose log this is.
        evaluator: judges under the definitions in force.
        objectives: these definitions, by name.
        metrics: where verdicts, budgets and alerts are shown.
        positions: of the last stored batch; everything before ``positions.resume`` was judged and stored.
        tracks: what was judged and stored.
        exclusions: what was told of exclusions, in the order in which it came.
        composites: how the alerts of composites stood.
        sampler: says what follows from judging for indicators of its own.
        alarms: the alarms that turned lately, in the order in which they did.
    """

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        evaluator: Evaluator,
        objectives: Mapping[str, Objective],
        metrics: WorkerMetrics,
        positions: Positions,
        tracks: Iterable[Remembered],
        exclusions: Iterable[Exclusion],
        composites: Mapping[Key, Standings],
        sampler: BudgetSampler,
        alarms: Iterable[AlertState] = (),
    ) -> None:
        super().__init__(NAME, topic, partition, metrics=metrics, resume=positions.resume, patience_ms=_PATIENCE_MS)
        self._evaluator = evaluator
        self._objectives = objectives
        known = list(tracks)
        self._state = evaluator.restore(evaluator.initial(), known, exclusions, composites)
        self._sampler = sampler
        firsts = {(each.subject, each.objective): each.first_unix_s for each in known}
        sampler.restore(evaluator.budgets(self._state), firsts, alarms)
        self._collected = SloRows(objectives)
        self._ends = OrderedDict(((subject, indicator, run), end) for subject, indicator, run, end in positions.judged)
        self._now_ms = positions.timestamp_ms or 0
        self._silences = Silences({name: each.no_data_alerts for name, each in objectives.items()})
        self._silences.restore(positions.heard, self._now_ms)
        self._speakers = {
            Heard(objective, subject): _Speaker(device, run, firmware)
            for subject, objective, device, run, firmware in positions.speakers
        }
        for snapshot in evaluator.budgets(self._state):
            metrics.budget(snapshot)
        for (subject, objective), track in self._state.tracks.items():
            for severity, standing in track.standings.items():
                metrics.alert(objective, subject, severity, firing=standing.firing)

    @property
    def pending(self) -> bool:
        return super().pending or self._silences.waiting

    def _pass_time(self, message: Message) -> None:
        self._now_ms = max(self._now_ms, message.timestamp_ms)
        for silence in self._silences.pass_to(self._now_ms):
            self._tell(self._alert_on(silence))

    def _take(self, message: Message) -> None:
        if _kind.decode(message.value).kind == KIND:
            self._exclude(_notice.decode(message.value))
        else:
            self._judge(_sample.decode(message.value), message)

    def _judge(self, sample: IndicatorSample, message: Message) -> None:
        _check(sample, message)
        if self._came_before(sample):
            return
        try:
            self._state, evaluation = self._evaluator.step(self._state, sample)
        except SampleError as error:
            raise ValueError(str(error)) from error
        self._remember(sample)
        self._collected.add(sample, evaluation)
        heard = [Heard(composite.objective.name, composite.subject) for composite in evaluation.composites]
        for judged in () if is_member(sample.subject) else evaluation.judged:
            self._metrics.judged(judged)
            heard.append(Heard(judged.objective, judged.subject))
        for each in () if is_exercise(sample.subject) else heard:  # an exercise ends without a word
            if self._objectives[each.objective].no_data_alerts:
                self._speakers[each] = _Speaker(sample.device, sample.run, sample.firmware)
            for silence in self._silences.hear(each, self._now_ms):
                self._tell(self._alert_on(silence))
        self._show(evaluation)
        if evaluation.disposition is Disposition.COUNTED:
            self._outgoing += [Outgoing(INDICATORS, whole, part) for whole, part in self._evaluator.as_member(sample)]
        self._outgoing += [Outgoing(INDICATORS, one.subject, one) for one in self._sampler.see(sample, evaluation)]

    def _exclude(self, notice: ExclusionNotice) -> None:
        end_ns = notice.end_unix_ns
        if not notice.reason or (end_ns is not None and end_ns <= notice.start_unix_ns):
            raise ValueError(f"exclusion of {notice.subject[:64]}: without a reason, or it ends before it begins")
        told = PastExclusion(notice.subject, notice.start_unix_ns, end_ns, notice.reason, notice.who)
        self._state, evaluation = self._evaluator.exclude(self._state, exclusion_of(told))
        if evaluation.disposition is Disposition.COUNTED:
            self._collected.exclude(notice, evaluation)
            self._sampler.note(evaluation)
            self._show(evaluation)

    def _show(self, evaluation: Evaluation) -> None:
        for snapshot in evaluation.budgets:
            self._metrics.budget(snapshot)
        for composite in evaluation.composites:
            self._metrics.remaining(composite.objective.name, composite.subject, composite.remaining_ratio)
        for alert in evaluation.alerts:
            self._metrics.alert(alert.objective, alert.subject, alert.severity, firing=alert.firing)
            self._publish(alert)

    def _tell(self, alert: AlertState) -> None:
        """Of an alert that no sample made turn."""
        self._metrics.alert(alert.objective, alert.subject, f"{alert.severity}-{NO_DATA}", firing=alert.firing)
        self._collected.tell(alert)
        self._sampler.tell(alert)
        self._publish(alert)

    def _publish(self, alert: AlertState) -> None:
        self._outgoing.append(Outgoing(ALERTS, alert.alert, alert))
        (_log.warning if alert.firing else _log.info)(
            "alert-fires" if alert.firing else "alert-clears", alert=alert.alert, tiers=alert.tiers, text=alert.text
        )

    def _alert_on(self, silence: Silence) -> AlertState:
        objective, (name, subject) = self._objectives[silence.heard.objective], silence.heard
        heard_s = silence.since_ms // 1000
        indicator = objective.criterion.indicator if objective.criterion else IndicatorId("")
        speaker = self._speakers.get(silence.heard, _Speaker())
        return AlertState(
            alert=f"{alert_id(name, subject, silence.severity)}/{NO_DATA}",
            objective=name,
            subject=subject,
            severity=silence.severity,
            firing=silence.silent,
            since_unix_s=heard_s + silence.after_s if silence.silent else heard_s,
            tiers=(NO_DATA,) if silence.silent else (),
            text=silent(objective, Occasion(subject, *speaker), silence.after_s, heard_s)
            if silence.silent
            else heard_again(objective, subject, heard_s),
            burn_rate=None,
            budget_remaining=None,
            run=speaker.run,
            firmware=speaker.firmware,
            runbook=objective.runbook,
            indicator=indicator,
            device=speaker.device,
            bad_since_unix_s=heard_s if silence.silent else None,
        )

    def _came_before(self, sample: IndicatorSample) -> bool:
        """Whether this very sample was taken already: workers publish again what they cannot know to have been published."""
        return sample.end_unix_s <= self._ends.get((sample.subject, sample.indicator, sample.run), sample.end_unix_s - 1)

    def _remember(self, sample: IndicatorSample) -> None:
        key = (sample.subject, sample.indicator, sample.run)
        self._ends[key] = sample.end_unix_s
        self._ends.move_to_end(key)
        if len(self._ends) > _RUNS_KEPT:
            self._ends.popitem(last=False)

    def retire(self) -> None:
        super().retire()
        for subject, objective in self._state.tracks:
            self._metrics.forget(objective, subject)

    def _rows(self) -> dict[str, pa.Table]:
        rows, self._collected = self._collected.tables(), SloRows(self._objectives)
        return rows

    def _positions(self, resume: int) -> Positions:
        return Positions(
            resume=resume,
            timestamp_ms=self._now_ms,
            judged=[(*key, end) for key, end in self._ends.items()],
            heard=self._silences.heard,
            speakers=[(heard.subject, heard.objective, *spoke) for heard, spoke in sorted(self._speakers.items())],
        )


def _check(sample: IndicatorSample, message: Message) -> None:
    """Refuse numbers that no honest sample holds. Raises ValueError."""
    numbers = sample.estimate.counts.values()
    if not 0 < sample.integration_s < _MOST_S or not all(0 <= number < _MOST_COUNTS for number in numbers):
        raise ValueError(f"sample of {sample.indicator} of {sample.subject[:64]}: integration time or counts out of range")
    ahead_s = sample.end_unix_s - message.timestamp_ms // 1000
    if sample.end_unix_s < 0 or ahead_s > FUTURE_S + sample.integration_s:
        raise ValueError(f"sample of {sample.indicator} of {sample.subject[:64]} ends before 1970, or more than an hour ahead")
