"""Samples, verdicts, budgets, alerts and annotations as rows, which remember the order in which they were made."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain
from typing import NamedTuple

import msgspec
import pyarrow as pa

from schemas.exclusion import ExclusionNotice
from schemas.ids import SubjectId
from schemas.records import AlertState, Annotation, IndicatorSample, Shortfall, Verdict
from storage.tables.names import ALERTS, ANNOTATIONS, BUDGETS, EXCLUSIONS, SAMPLES, SCHEMAS, VERDICTS


@dataclass(frozen=True, slots=True)
class JudgedSample:
    """What a sample says of one objective, and what became of it; ``good``, ``bad`` and ``insufficient`` count either way.

    ``lacks``: what an insufficient one needs until this objective can be judged, where that is known.
    """

    sample: IndicatorSample
    objective: str
    verdict: Verdict
    good: int
    bad: int
    insufficient: int
    lacks: Shortfall | None = None


class BudgetWindow(NamedTuple):
    """Events by verdict in (at - window_s, at], and the burn rate that they make; None without good or bad ones."""

    window_s: int
    good: int
    bad: int
    insufficient: int
    excluded: int
    burn_rate: Fraction | None


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """The error budget of a subject under an objective as of an event time. ``remaining`` is a ratio, negative when overspent."""

    subject: SubjectId
    objective: str
    at_unix_s: int
    windows: tuple[BudgetWindow, ...]
    remaining: Fraction | None


def sample_rows(samples: Sequence[IndicatorSample]) -> pa.Table:
    """Rows of ``indicator_samples``."""
    estimates = [sample.estimate for sample in samples]
    return pa.table(
        {
            **_samples(samples),
            "value": [estimate.value for estimate in estimates],
            "lower": [estimate.lower for estimate in estimates],
            "upper": [estimate.upper for estimate in estimates],
            "confidence": [estimate.confidence for estimate in estimates],
            "counts": [list(estimate.counts.items()) for estimate in estimates],
            "unit": [estimate.unit for estimate in estimates],
            "method": [estimate.method for estimate in estimates],
            "parameters": [msgspec.json.encode(estimate.parameters).decode() for estimate in estimates],
            "warnings": [list(estimate.warnings) for estimate in estimates],
            "firmware": [sample.firmware for sample in samples],
            "lacks": [msgspec.json.encode(sample.lacks).decode() for sample in samples],
            "position": range(len(samples)),
        },
        schema=SCHEMAS[SAMPLES],
    )


def verdict_rows(judged: Sequence[JudgedSample]) -> pa.Table:
    """Rows of ``verdicts``."""
    return pa.table(
        {
            **_samples([one.sample for one in judged]),
            "firmware": [one.sample.firmware for one in judged],
            "objective": [one.objective for one in judged],
            "verdict": [one.verdict.value for one in judged],
            "good": [one.good for one in judged],
            "bad": [one.bad for one in judged],
            "insufficient": [one.insufficient for one in judged],
            "more_counts": [list(one.lacks.more.items()) if one.lacks else [] for one in judged],
            "more_s": [one.lacks.seconds if one.lacks else None for one in judged],
            "position": range(len(judged)),
        },
        schema=SCHEMAS[VERDICTS],
    )


def budget_rows(budgets: Sequence[StoredBudget]) -> pa.Table:
    """Rows of ``budgets``; ratios as exact fractions and as floats."""
    return pa.table(
        {
            "subject": [budget.subject for budget in budgets],
            "objective": [budget.objective for budget in budgets],
            "time": [budget.at_unix_s for budget in budgets],
            "windows": _windows([budget.windows for budget in budgets]),
            "remaining": [_rounded(budget.remaining) for budget in budgets],
            "remaining_exact": [_exact(budget.remaining) for budget in budgets],
            "position": range(len(budgets)),
        },
        schema=SCHEMAS[BUDGETS],
    )


def alert_rows(transitions: Sequence[AlertState]) -> pa.Table:
    """Rows of ``alert_transitions``."""
    return pa.table(
        {
            "alert": [state.alert for state in transitions],
            "objective": [state.objective for state in transitions],
            "subject": [state.subject for state in transitions],
            "severity": [state.severity for state in transitions],
            "firing": [state.firing for state in transitions],
            "time": [state.since_unix_s for state in transitions],
            "tiers": [list(state.tiers) for state in transitions],
            "text": [state.text for state in transitions],
            "burn_rate": [state.burn_rate for state in transitions],
            "budget_remaining": [state.budget_remaining for state in transitions],
            "run": [state.run for state in transitions],
            "firmware": [state.firmware for state in transitions],
            "runbook": [state.runbook for state in transitions],
            "inhibited_by": [state.inhibited_by for state in transitions],
            "indicator": [state.indicator for state in transitions],
            "device": [state.device for state in transitions],
            "bad_since": [state.bad_since_unix_s for state in transitions],
            "estimate": [msgspec.json.encode(state.estimate).decode() if state.estimate else "" for state in transitions],
            "position": range(len(transitions)),
        },
        schema=SCHEMAS[ALERTS],
    )


def exclusion_rows(notices: Sequence[ExclusionNotice]) -> pa.Table:
    """Rows of ``exclusions``."""
    return pa.table(
        {
            "subject": [notice.subject for notice in notices],
            "time": [notice.start_unix_ns for notice in notices],
            "until": [notice.end_unix_ns for notice in notices],
            "reason": [notice.reason for notice in notices],
            "who": [notice.who for notice in notices],
            "position": range(len(notices)),
        },
        schema=SCHEMAS[EXCLUSIONS],
    )


def annotation_rows(annotations: Sequence[Annotation]) -> pa.Table:
    """Rows of ``annotations``; times to the millisecond."""
    return pa.table(
        {
            "kind": [note.kind for note in annotations],
            "subject": [note.subject for note in annotations],
            "time": [round(note.start_unix_s * 1e3) for note in annotations],
            "until": [None if note.end_unix_s is None else round(note.end_unix_s * 1e3) for note in annotations],
            "text": [note.text for note in annotations],
            "author": [note.author for note in annotations],
            "attributes": [msgspec.json.encode(note.attributes).decode() for note in annotations],
        },
        schema=SCHEMAS[ANNOTATIONS],
    )


def _samples(samples: Sequence[IndicatorSample]) -> dict[str, list[object]]:
    return {
        "subject": [sample.subject for sample in samples],
        "indicator": [sample.indicator for sample in samples],
        "device": [sample.device for sample in samples],
        "run": [sample.run for sample in samples],
        "time": [sample.end_unix_s for sample in samples],
        "integration_s": [sample.integration_s for sample in samples],
    }


def _windows(each: Sequence[tuple[BudgetWindow, ...]]) -> pa.ListArray:
    """The column of all budgets' windows, made column by column: there are ten windows a budget."""
    kind = SCHEMAS[BUDGETS].field("windows").type
    flat = list(chain.from_iterable(each))
    *counted, burns = zip(*flat, strict=True) if flat else ((),) * 6
    columns = (*counted, [_rounded(burn) for burn in burns], [_exact(burn) for burn in burns])
    fields = list(kind.value_type)
    made = [pa.array(values, field.type) for values, field in zip(columns, fields, strict=True)]
    offsets = pa.array(accumulate(map(len, each), initial=0), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(made, fields=fields), type=kind)


def _rounded(ratio: Fraction | None) -> float | None:
    return None if ratio is None else float(ratio) if ratio else 0.0


def _exact(ratio: Fraction | None) -> str | None:
    return None if ratio is None else str(ratio) if ratio else "0"
