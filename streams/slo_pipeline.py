"""The objectives' pipeline of one partition: indicator samples in; verdicts, budgets and alert transitions out.

A batch holds what its samples changed. The state that a restart needs is the verdicts that were stored, so nothing is replayed:
the committed offset is always the end of the last batch.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec
import structlog

from schemas.records import IndicatorSample
from schemas.topics import ALERTS, DEAD_LETTERS, TICK
from slo.errors import SampleError
from slo.evaluation import Evaluator, Judged
from streams import positions as positions_codec
from streams.burial import dead_letter
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.open_batch import OpenBatch
from streams.pipeline import Finished, Outgoing
from streams.positions import Positions
from streams.slo_rows import SloRows

NAME = "slo-1"
"""Part of every token. Raise the number when what a batch holds, or where it is cut, changes."""
GRID = 4096
_RUNS_KEPT = 10_000
"""Runs of indicators for which it is remembered how far they came."""
_log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(IndicatorSample)


class SloPipeline:
    """State of one partition of the indicators topic.

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
        self._topic, self._partition = topic, partition
        self._evaluator, self._metrics = evaluator, metrics
        self._state = evaluator.restore(evaluator.initial(), judged)
        self._batch = OpenBatch(NAME, topic, partition, grid=GRID, lo=positions.resume)
        self._rows = SloRows()
        self._outgoing: list[Outgoing] = []
        self._samples = 0
        self._ends = OrderedDict(((subject, indicator, run), end) for subject, indicator, run, end in positions.judged)
        for snapshot in evaluator.budgets(self._state):
            metrics.budget(snapshot)
        for (subject, objective), track in self._state.tracks.items():
            for severity, standing in track.standings.items():
                metrics.alert(objective, subject, severity, firing=standing.firing)

    @property
    def pending(self) -> bool:
        return self._samples > 0

    def truncated(self, offset: int) -> None:
        """Go on at ``offset``: the samples between are gone unjudged, and count as nothing."""
        self._batch.skip_to(offset)

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        """Take messages in order of their offsets, without holes."""
        finished: list[Finished] = []
        for message in messages:
            if self._batch.ends_before(message):
                finished.append(self._finish())
            self._batch.take(message)
            if message.value != TICK:
                self._samples += 1
                self._judge(message)
        return finished

    def _judge(self, message: Message) -> None:
        try:
            sample = _decoder.decode(message.value)
            if self._came_before(sample):
                return
            self._state, evaluation = self._evaluator.step(self._state, sample)
        except (msgspec.DecodeError, SampleError) as error:
            self._bury(message, "malformed" if isinstance(error, msgspec.DecodeError) else "contradiction", str(error))
            return
        self._rows.add(sample, evaluation)
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

    def _bury(self, message: Message, reason: str, detail: str) -> None:
        letter = dead_letter(self._topic, self._partition, message, reason, detail)
        self._rows.add_dead_letter(letter)
        self._outgoing.append(Outgoing(DEAD_LETTERS, letter.topic, letter))
        self._metrics.dead_letter(self._topic, reason)

    def _finish(self) -> Finished:
        positions = Positions(resume=self._batch.next, judged=[(*key, end) for key, end in self._ends.items()])
        batch = self._batch.seal(self._rows.tables(), positions_codec.encode(positions))
        finished = Finished(batch, tuple(self._outgoing), batch.hi)
        self._rows, self._outgoing, self._samples = SloRows(), [], 0
        return finished
