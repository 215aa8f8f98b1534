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
        if self._came_before(sample):
            return
        try:
            self._state, evaluation = self._evaluator.step(self._state, sample)
        except SampleError as error:
            raise ValueError(str(error)) from error
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
        key = (sample.subject, sample.indicator, sample.run)
        if sample.end_unix_s <= self._ends.get(key, sample.end_unix_s - 1):
            return True
        self._ends[key] = sample.end_unix_s
        self._ends.move_to_end(key)
        if len(self._ends) > _RUNS_KEPT:
            self._ends.popitem(last=False)
        return False

    def _rows(self) -> dict[str, pa.Table]:
        rows, self._collected = self._collected.tables(), SloRows()
        return rows

    def _positions(self, resume: int) -> Positions:
        return Positions(resume=resume, judged=[(*key, end) for key, end in self._ends.items()])
