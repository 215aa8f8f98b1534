"""The rows of one batch of the objectives' pipeline."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

import pyarrow as pa

from schemas.exclusion import ExclusionNotice
from schemas.records import AlertState, IndicatorSample, Verdict
from slo.budget import BudgetSnapshot
from slo.burn import burn_rate
from slo.composite_watch import CompositeSnapshot, is_member
from slo.counts import Counts
from slo.evaluation import Evaluation, Judged
from slo.objective import Objective
from slo.shortfall import shortfall
from storage import tables


class SloRows:
    """Collects what a batch stores; ``objectives`` by name are those that judged it."""

    def __init__(self, objectives: Mapping[str, Objective]) -> None:
        self._objectives = objectives
        self._samples: list[IndicatorSample] = []
        self._verdicts: list[tables.JudgedSample] = []
        self._budgets: list[tables.StoredBudget] = []
        self._alerts: list[AlertState] = []
        self._notices: list[ExclusionNotice] = []

    def add(self, sample: IndicatorSample, evaluation: Evaluation) -> None:
        if not is_member(sample.subject):  # it stands under its own name already
            self._samples.append(sample)
        self._verdicts += [self._judged(sample, one) for one in evaluation.judged]
        self._changes(evaluation)

    def exclude(self, notice: ExclusionNotice, evaluation: Evaluation) -> None:
        self._notices.append(notice)
        self._changes(evaluation)

    def tell(self, alert: AlertState) -> None:
        self._alerts.append(alert)

    def _judged(self, sample: IndicatorSample, judged: Judged) -> tables.JudgedSample:
        good, bad, insufficient, _ = (int(amount) for amount in judged.counts)
        lacks = shortfall(sample, self._objectives[judged.objective]) if judged.verdict is Verdict.INSUFFICIENT else None
        return tables.JudgedSample(sample, judged.objective, judged.verdict, good, bad, insufficient, lacks)

    def _changes(self, evaluation: Evaluation) -> None:
        self._budgets += [_stored(snapshot) for snapshot in evaluation.budgets]
        self._budgets += [_whole(composite) for composite in evaluation.composites]
        self._alerts += evaluation.alerts

    def tables(self) -> dict[str, pa.Table]:
        return {
            tables.SAMPLES: tables.sample_rows(self._samples),
            tables.VERDICTS: tables.verdict_rows(self._verdicts),
            tables.BUDGETS: tables.budget_rows(self._budgets),
            tables.ALERTS: tables.alert_rows(self._alerts),
            tables.EXCLUSIONS: tables.exclusion_rows(self._notices),
        }


def _whole(composite: CompositeSnapshot) -> tables.StoredBudget:
    """Counts are those of all parts together; the burn rate is the whole's."""
    windows = tuple(_window(window_s, window.counts, composite.burn_rate(window_s)) for window_s, window in composite.windows)
    return tables.StoredBudget(
        composite.subject, composite.objective.name, composite.at_unix_s, windows, composite.remaining_ratio
    )


def _stored(snapshot: BudgetSnapshot) -> tables.StoredBudget:
    windows = tuple(_window(window_s, counts, burn_rate(counts, snapshot.budget)) for window_s, counts in snapshot.windows)
    return tables.StoredBudget(snapshot.subject, snapshot.objective, snapshot.at_unix_s, windows, snapshot.remaining_ratio)


def _window(window_s: int, counts: Counts, burn_rate: Fraction | None) -> tables.BudgetWindow:
    """Averaged slices are parts of whole ones: the columns show them rounded, the burn rate stays exact."""
    bad = ceil(counts.bad)
    return tables.BudgetWindow(
        window_s=window_s,
        good=int(counts.events) - bad,
        bad=bad,
        insufficient=int(counts.insufficient),
        excluded=int(counts.excluded),
        burn_rate=burn_rate,
    )
