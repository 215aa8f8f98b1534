"""A report as an object for scripts, and as rows for spreadsheets."""

import csv
import io
from collections.abc import Mapping, Sequence
from fractions import Fraction

from slo.fleet_report import FleetReport, Incident, Promise
from slo.instant import NS, Form, instant_text
from slo.spending import By, Share
from streams.estimators.intervals import clopper_pearson

_CONFIDENCE = 0.95
Spent = Mapping[By, Mapping[str, Sequence[Share]]]


def interval(promise: Promise) -> tuple[float, float] | None:
    """Of the attained ratio: what undecided samples leave open; where events are counted, 95 % by Clopper and Pearson."""
    if promise.bounds is not None:
        return float(promise.bounds[0]), float(promise.bounds[1])
    criterion, counted = promise.objective.criterion, promise.counted
    if criterion is None or criterion.events is None or promise.objective.slice_s is not None or not counted.good + counted.bad:
        return None
    return clopper_pearson(int(counted.good), int(counted.good + counted.bad), _CONFIDENCE)


def document(report: FleetReport, spent: Spent) -> dict[str, object]:
    """Ratios as exact fractions, times in ISO 8601, what is undefined as null."""
    return {
        "from": time(report.since_unix_s),
        "to": time(report.until_unix_s),
        "kept": report.kept,
        "broken": report.broken,
        "alerts": dict(report.alerts),
        "alerts_before": dict(report.alerts_before),
        "promises": [_promise(each) for each in report.promises],
        "incidents": [_incident(each) for each in report.incidents],
        "excluded": [each._asdict() for each in report.out],
        "spent": {
            by.value: {
                name: [{"name": share.name, "bad": share.bad, "share": str(share.share)} for share in shares]
                for name, shares in of.items()
            }
            for by, of in spent.items()
        },
    }


def table(report: FleetReport) -> str:
    """The promises as CSV; ratios as decimals."""
    out = io.StringIO()
    rows = [_row(each) for each in report.promises]
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


_COLUMNS = (
    *("service", "system", "objective", "subject", "target", "kept", "attained", "attained_low", "attained_high"),
    *("attained_before", "budget_used", "budget_remaining", "good", "bad", "samples", "insufficient", "excluded"),
)


def _row(promise: Promise) -> dict[str, object]:
    low, high = interval(promise) or (None, None)
    counted = promise.counted
    return {
        "service": promise.objective.service,
        "system": system(promise),
        "objective": promise.objective.name,
        "subject": promise.subject,
        "target": float(promise.objective.target),
        "kept": "" if promise.is_kept is None else "yes" if promise.is_kept else "no",
        "attained": _float(promise.attained),
        "attained_low": low,
        "attained_high": high,
        "attained_before": _float(promise.before),
        "budget_used": _float(promise.used),
        "budget_remaining": _float(promise.remaining),
        "good": float(counted.good),
        "bad": float(counted.bad),
        "samples": counted.samples,
        "insufficient": counted.insufficient,
        "excluded": counted.excluded,
    }


def _promise(promise: Promise) -> dict[str, object]:
    counted = promise.counted
    return {
        "service": promise.objective.service,
        "system": system(promise),
        "objective": promise.objective.name,
        "subject": promise.subject,
        "target": str(promise.objective.target),
        "kept": promise.is_kept,
        "attained": _text(promise.attained),
        "attained_interval": interval(promise),
        "attained_before": _text(promise.before),
        "budget_used": _text(promise.used),
        "budget_remaining": _text(promise.remaining),
        "good": _text(counted.good),
        "bad": _text(counted.bad),
        "samples": counted.samples,
        "insufficient": counted.insufficient,
        "excluded": counted.excluded,
    }


def system(promise: Promise) -> str:
    """The kind of device, by the subject's name."""
    return promise.subject.partition("-")[0]


def _incident(incident: Incident) -> dict[str, object]:
    return {
        "objective": incident.objective,
        "subject": incident.subject,
        "severity": incident.severity,
        "fired": time(incident.fired_unix_s),
        "cleared": None if incident.cleared_unix_s is None else time(incident.cleared_unix_s),
        "detect_s": incident.detect_s,
        "recover_s": incident.recover_s,
        "inhibited_by": incident.inhibited_by or None,
        "text": incident.text,
    }


def time(unix_s: int) -> str:
    return str(instant_text(unix_s * NS, Form.ISO))


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
