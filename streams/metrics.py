"""Every metric a worker exposes, its labels bounded: topics and partitions, objectives and subjects, never runs.

Of exercises nothing is exposed: rules over these metrics call people.
"""

from fractions import Fraction

from prometheus_client import CollectorRegistry, Counter, Gauge

from schemas.clocks import ClockReading, ClockState
from schemas.exercise import is_exercise
from schemas.ids import DomainId
from schemas.records import Verdict
from slo.budget import BudgetSnapshot
from slo.evaluation import Judged
from slo.metrics import (
    BAD_TOTAL,
    EXCLUDED_TOTAL,
    GOOD_TOTAL,
    INSUFFICIENT_TOTAL,
    MESSAGES_TOTAL,
    OBJECTIVE,
    SEVERITY,
    STORED_OFFSET,
    SUBJECT,
)
from storage.writer import Batch, Outcome

_PS = 1e-12
_COUNTER_OF = {
    Verdict.GOOD: GOOD_TOTAL,
    Verdict.BAD: BAD_TOTAL,
    Verdict.INSUFFICIENT: INSUFFICIENT_TOTAL,
    Verdict.EXCLUDED: EXCLUDED_TOTAL,
}


class WorkerMetrics:
    """One worker's metrics in a registry of their own."""

    def __init__(self, registry: CollectorRegistry, most_subjects: int = 50_000) -> None:
        """``most_subjects``: of so many the objectives are shown, since whoever sends may name a subject; figures of others are
        counted, no more.
        """
        self.registry = registry
        self._most_subjects = most_subjects
        self._subjects: set[str] = set()
        self._hidden = Counter("photonwatch_not_shown", "Figures of subjects beyond those that are shown", registry=registry)
        partition = ("topic", "partition")
        self._batches = Counter("photonwatch_batches", "Batches stored", (*partition, "outcome"), registry=registry)
        self._messages = Counter(
            MESSAGES_TOTAL.removesuffix("_total"), "Messages in stored batches", partition, registry=registry
        )
        self._rows = Counter("photonwatch_rows", "Rows stored", ("table",), registry=registry)
        self._offset = Gauge(STORED_OFFSET, "Offset up to which everything is stored", partition, registry=registry)
        self._unavailable = Counter("photonwatch_store_unavailable", "Failed attempts to reach the store", registry=registry)
        self._dead = Counter(
            "photonwatch_dead_letters", "Messages that could not be used", ("topic", "reason"), registry=registry
        )
        self._late = Counter("photonwatch_late_records", "Records stored whose window was closed", ("topic",), registry=registry)
        self._fates = Counter("photonwatch_blocks", "Tag blocks by what became of them", ("fate",), registry=registry)
        self._fate: dict[str, Counter] = {}
        self._tags = Counter("photonwatch_tags", "Photon time-tags processed", registry=registry)
        self._lag = Gauge("photonwatch_consumer_lag", "Messages not yet read", partition, registry=registry)
        self._clock_offset = Gauge(
            "photonwatch_clock_offset_seconds", "What the other clock of a domain is ahead", (SUBJECT,), registry=registry
        )
        self._clock_error = Gauge(
            "photonwatch_clock_offset_uncertainty_seconds",
            "Half width of the offset's interval",
            (SUBJECT,),
            registry=registry,
        )
        self._clock_state = Gauge(
            "photonwatch_clock_state", "1 for the state of a domain's two clocks", (SUBJECT, "state"), registry=registry
        )
        objective = (OBJECTIVE, SUBJECT)
        self._firing = Gauge("photonwatch_alert_firing", "1 while the alert fires", (*objective, SEVERITY), registry=registry)
        self._remaining = Gauge(
            "photonwatch_error_budget_remaining_ratio", "Part of the error budget that is left", objective, registry=registry
        )
        self._verdicts = {
            verdict: Counter(name.removesuffix("_total"), f"Samples judged {verdict}", objective, registry=registry)
            for verdict, name in _COUNTER_OF.items()
        }
        self._counted: set[tuple[str, str]] = set()
        """Objectives and subjects whose counters exist."""

    def stored(self, batch: Batch, outcome: Outcome) -> None:
        labels = (batch.topic, str(batch.partition))
        self._batches.labels(*labels, outcome.value).inc()
        self._messages.labels(*labels).inc(batch.messages)
        self._offset.labels(*labels).set(batch.hi)
        for table, rows in batch.tables.items():
            self._rows.labels(table).inc(rows.num_rows)

    def store_unavailable(self) -> None:
        self._unavailable.inc()

    def dead_letter(self, topic: str, reason: str) -> None:
        self._dead.labels(topic, reason).inc()

    def late_record(self, topic: str) -> None:
        self._late.labels(topic).inc()

    def block(self, fate: str, tags: int) -> None:
        if fate not in self._fate:
            self._fate[fate] = self._fates.labels(fate)
        self._fate[fate].inc()
        self._tags.inc(tags)

    def lag(self, topic: str, partition: int, messages: int) -> None:
        self._lag.labels(topic, str(partition)).set(messages)

    def released(self, topic: str, partition: int) -> None:
        """Another worker has the partition: say nothing of where it stands."""
        for gauge in (self._offset, self._lag):
            gauge.remove_by_labels({"topic": topic, "partition": str(partition)})

    def _hides(self, subject: str) -> bool:
        if is_exercise(subject):
            return True
        if subject not in self._subjects:
            if len(self._subjects) >= self._most_subjects:
                self._hidden.inc()
                return True
            self._subjects.add(subject)
        return False

    def forget(self, objective: str, subject: str) -> None:
        """Another worker judges this subject: its alerts and budgets are shown there."""
        self._subjects.discard(subject)
        self._counted.discard((objective, subject))
        for metric in (self._firing, self._remaining, *self._verdicts.values()):
            metric.remove_by_labels({OBJECTIVE: objective, SUBJECT: subject})

    def clock(self, domain: DomainId, reading: ClockReading) -> None:
        """Show how a domain's two clocks stand; numbers are NaN while they are lost."""
        offset = reading.offset_ps
        known = offset.value is not None and offset.upper is not None
        self._clock_offset.labels(domain).set((offset.value or 0.0) * _PS if known else float("nan"))
        self._clock_error.labels(domain).set(((offset.upper or 0.0) - (offset.value or 0.0)) * _PS if known else float("nan"))
        for state in ClockState:
            self._clock_state.labels(domain, state.value).set(int(state is reading.state))

    def forget_clock(self, domain: DomainId) -> None:
        """Another worker has the domain: its clocks are shown there."""
        for gauge in (self._clock_offset, self._clock_error, self._clock_state):
            gauge.remove_by_labels({SUBJECT: domain})

    def alert(self, objective: str, subject: str, severity: str, *, firing: bool) -> None:
        if self._hides(subject):
            return
        self._firing.labels(objective, subject, severity).set(int(firing))

    def remaining(self, objective: str, subject: str, ratio: Fraction | None) -> None:
        """Show how much of a budget is left; nothing without events."""
        if self._hides(subject):
            return
        self._remaining.labels(objective, subject).set(float("nan") if ratio is None else float(ratio))

    def budget(self, snapshot: BudgetSnapshot) -> None:
        """Show a budget; from its first sample on, each of its counters exists."""
        self.remaining(snapshot.objective, snapshot.subject, snapshot.remaining_ratio)
        if self._hides(snapshot.subject):
            return
        shown = (snapshot.objective, snapshot.subject)
        if shown not in self._counted:
            self._counted.add(shown)
            for counter in self._verdicts.values():
                counter.labels(*shown)

    def judged(self, judged: Judged) -> None:
        if self._hides(judged.subject):
            return
        self._verdicts[judged.verdict].labels(judged.objective, judged.subject).inc()
