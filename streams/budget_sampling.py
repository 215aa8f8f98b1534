"""What judging came to, as indicators of its own: how fast a subject's budgets burn, and how long its alarms last.

A subject is sampled once in ``EVERY_S`` of its event time, as of its newest sample. What a sample says is a function of what was
judged until then, so it is the same after a restart.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from schemas.budgets import BudgetCounts
from schemas.ids import DeviceId, IndicatorId, SubjectId
from schemas.records import AlertState, IndicatorSample, Parameter
from schemas.topics import ALERTS, INDICATORS
from slo.budget import BudgetSnapshot
from slo.catalogue import Catalogue, Indicator
from slo.composite_watch import is_member
from slo.counts import Counts
from slo.evaluation import Evaluation, system_by_prefix
from slo.exact import number_text
from slo.objective import Objective
from slo.tiers import PAGE
from streams.estimators.estimator import Estimator, not_estimated
from streams.estimators.outcome import Outcome
from streams.sampling import estimated
from streams.thresholds import Thresholds

EVERY_S = 60
BURN_S = 86_400
"""Budgets are looked at in their longest window up to this one."""
ALARMS_S = 30 * 86_400
"""How far alarms are looked back to."""
ALARM = PAGE
"""The severity of the alerts that are alarms."""
_NO_ALARM = "no alarm in 30 days: there was nothing to recover from"
_NO_BUDGET = "no budget was judged in a day"


class BudgetSampler:
    """Told everything that one partition's objectives judge. ``objectives`` by name; ``thresholds``: what samples may lack."""

    def __init__(
        self,
        catalogue: Catalogue,
        estimators: Mapping[str, Estimator],
        objectives: Mapping[str, Objective],
        thresholds: Thresholds | None = None,
    ) -> None:
        self._thresholds = thresholds or Thresholds()
        rows = [row for row in catalogue.values() if row.topic in {INDICATORS.name, ALERTS.name}]
        self._rows: dict[str, list[tuple[Indicator, Estimator]]] = {}
        for row in rows:
            for system in row.systems:
                self._rows.setdefault(system, []).append((row, estimators[row.estimators[0]]))
        own = {row.id for row in rows}
        self._judging = {
            name: each for name, each in objectives.items() if each.criterion and each.criterion.indicator not in own
        }
        """Objectives of other indicators: what is said here must not feed on itself."""
        self._budgets: dict[SubjectId, dict[str, BudgetSnapshot]] = {}
        self._first: dict[tuple[SubjectId, str], int] = {}
        self._newest: dict[SubjectId, int] = {}
        self._alarms: dict[SubjectId, list[AlertState]] = {}

    def restore(
        self,
        budgets: Iterable[BudgetSnapshot],
        first_ends: Mapping[tuple[SubjectId, str], int],
        alarms: Iterable[AlertState],
    ) -> None:
        """Take up budgets as they stand, the ends of their first samples, and alarms in the order in which they turned."""
        self._first.update(first_ends)
        for snapshot in budgets:
            self._hold(snapshot)
        for alarm in alarms:
            self.tell(alarm)

    def tell(self, alert: AlertState) -> None:
        """An alert turned."""
        if alert.severity == ALARM and alert.objective in self._judging:
            self._alarms.setdefault(alert.subject, []).append(alert)

    def note(self, evaluation: Evaluation) -> None:
        """Budgets and alerts changed."""
        for snapshot in evaluation.budgets:
            self._hold(snapshot)
        for alert in evaluation.alerts:
            self.tell(alert)

    def see(self, sample: IndicatorSample, evaluation: Evaluation) -> tuple[IndicatorSample, ...]:
        """A sample was judged; what there is to say of its subject now, if it is time."""
        before = self._newest.get(sample.subject)
        self.note(evaluation)
        for snapshot in evaluation.budgets:
            key = (snapshot.subject, snapshot.objective)
            self._first[key] = min(sample.end_unix_s, self._first.get(key, sample.end_unix_s))
        rows = () if is_member(sample.subject) else self._rows.get(system_by_prefix(DeviceId(sample.subject)), ())
        now = self._newest.get(sample.subject)
        if not rows or now is None or (before is not None and now // EVERY_S == before // EVERY_S):
            return ()
        return tuple(self._sample(row, estimator, sample, now) for row, estimator in rows)

    def _hold(self, snapshot: BudgetSnapshot) -> None:
        subject = snapshot.subject
        if snapshot.objective in self._judging:
            self._budgets.setdefault(subject, {})[snapshot.objective] = snapshot
            self._newest[subject] = max(snapshot.at_unix_s, self._newest.get(subject, snapshot.at_unix_s))

    def _sample(self, row: Indicator, estimator: Estimator, seen: IndicatorSample, now_unix_s: int) -> IndicatorSample:
        subject = seen.subject
        if row.topic == ALERTS.name:
            told: dict[str, Parameter] = {"severity": ALARM, "until_unix_s": now_unix_s}
            integration_s, outcome = ALARMS_S, _outcome(row, estimator, self._recent_alarms(subject, now_unix_s), told, _NO_ALARM)
        else:
            integration_s, outcome = BURN_S, _outcome(row, estimator, self._counts(subject, now_unix_s), {}, _NO_BUDGET)
        return IndicatorSample(
            subject=subject,
            indicator=IndicatorId(row.id),
            device=seen.device,
            run=seen.run,
            end_unix_s=now_unix_s,
            integration_s=integration_s,
            estimate=outcome.estimate,
            firmware=seen.firmware,
            lacks=self._thresholds.shortfalls(row.id, system_by_prefix(seen.device), outcome),
        )

    def _recent_alarms(self, subject: SubjectId, now_unix_s: int) -> list[AlertState]:
        alarms = [each for each in self._alarms.get(subject, ()) if each.since_unix_s > now_unix_s - ALARMS_S]
        if alarms:
            self._alarms[subject] = alarms
        return alarms

    def _counts(self, subject: SubjectId, now_unix_s: int) -> list[BudgetCounts]:
        """Of the budgets that were judged within their windows."""
        found = []
        for name, snapshot in sorted(self._budgets.get(subject, {}).items()):
            window_s, counts = _window(snapshot)
            if snapshot.at_unix_s > now_unix_s - window_s:
                since = self._first.get((subject, name), snapshot.at_unix_s)
                found.append(
                    BudgetCounts(
                        objective=name,
                        target=number_text(1 - snapshot.budget),
                        good=int(counts.events) - ceil(counts.bad),
                        bad=ceil(counts.bad),
                        span_s=float(min(window_s, snapshot.at_unix_s - since)) or None,
                    )
                )
        return found


def _outcome(
    row: Indicator, estimator: Estimator, data: Sequence[object], told: Mapping[str, Parameter], nothing: str
) -> Outcome:
    if data:
        return estimated(row, estimator, data, told)
    return not_estimated(estimator.parameters_of(told), nothing, unit=row.unit, method=estimator.name)


def _window(snapshot: BudgetSnapshot) -> tuple[int, Counts]:
    fitting = [each for each in snapshot.windows if each[0] <= BURN_S]
    return fitting[-1] if fitting else snapshot.windows[0]
