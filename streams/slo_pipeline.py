"""The objectives' pipeline of one partition: indicator samples in; verdicts, budgets and alert transitions out.

The state that a restart needs is made of the verdicts that were stored.
"""

from collections import OrderedDict
from collections.abc import Iterable

import msgspec
import pyarrow as pa
import structlog

from schemas.records import IndicatorSample
from schemas.topics import ALERTS
from slo.errors import SampleError
from slo.evaluation import Evaluator, Judged
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.pipeline import Outgoing
from streams.positions import Positions
from streams.record_pipeline import RecordPipeline
from streams.slo_rows import SloRows

NAME = "slo-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
_RUNS_KEPT = 10_000
"""Runs of indicators for which it is remembered how far they came."""
_MOST_S = 1 << 31
_MOST_COUNTS = 1 << 62
FUTURE_S = 3_600
"""How far a sample may lie ahead of the broker's clock: one far ahead would slide every window past the honest ones."""
_log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(IndicatorSample)


class SloPipeline(RecordPipeline):
    """One partition of the indicators topic.

    Args:
        topic, partition: whose log this is.
        evaluator: judges under the definitions in force.
        metrics: where verdicts, budgets and alerts are shown.
        positions: of the last stored batch; everything before ``positions.resume`` was judged and stored.
        judged: the verdicts of it, in the order in which they were made, of at least the longest window.
    """

    def __init__(
        self,
        topic: str,
        partition: int,
        *,
        evaluator: Evaluator,
        metrics: WorkerMetrics,
        positions: Positions,
        judged: Iterable[Judged],
    ) -> None:
        super().__init__(NAME, topic, partition, metrics=metrics, resume=positions.resume)
        self._evaluator = evaluator
        self._state = evaluator.restore(evaluator.initial(), judged)
        self._collected = SloRows()
        self._ends = OrderedDict(((subject, indicator, run), end) for subject, indicator, run, end in positions.judged)
        for snapshot in evaluator.budgets(self._state):
            metrics.budget(snapshot)
        for (subject, objective), track in self._state.tracks.items():
            for severity, standing in track.standings.items():
                metrics.alert(objective, subject, severity, firing=standing.firing)

    def _take(self, message: Message) -> None:
        sample = _decoder.decode(message.value)
        _check(sample, message)
        if self._came_before(sample):
            return
        try:
            self._state, evaluation = self._evaluator.step(self._state, sample)
        except SampleError as error:
            raise ValueError(str(error)) from error
        self._remember(sample)
        self._collected.add(sample, evaluation)
        for judged in evaluation.judged:
            self._metrics.judged(judged)
        for snapshot in evaluation.budgets:
            self._metrics.budget(snapshot)
        for alert in evaluation.alerts:
            self._metrics.alert(alert.objective, alert.subject, alert.severity, firing=alert.firing)
            self._outgoing.append(Outgoing(ALERTS, alert.alert, alert))
            (_log.warning if alert.firing else _log.info)(
                "alert-fires" if alert.firing else "alert-clears", alert=alert.alert, tiers=alert.tiers, text=alert.text
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
        rows, self._collected = self._collected.tables(), SloRows()
        return rows

    def _positions(self, resume: int) -> Positions:
        return Positions(resume=resume, judged=[(*key, end) for key, end in self._ends.items()])


def _check(sample: IndicatorSample, message: Message) -> None:
    """Refuse numbers that no honest sample holds. Raises ValueError."""
    numbers = sample.estimate.counts.values()
    if not 0 < sample.integration_s < _MOST_S or not all(0 <= number < _MOST_COUNTS for number in numbers):
        raise ValueError(f"sample of {sample.indicator} of {sample.subject[:64]}: integration time or counts out of range")
    ahead_s = sample.end_unix_s - message.timestamp_ms // 1000
    if sample.end_unix_s < 0 or ahead_s > FUTURE_S + sample.integration_s:
        raise ValueError(f"sample of {sample.indicator} of {sample.subject[:64]} ends before 1970, or more than an hour ahead")
