"""Prometheus rules from the same definitions: recorded windows, metadata, and one alert rule a tier. Numbers are exact decimals.

Windows come from ``increase`` of the counters in metrics.py. Where scrapes fall on both ends of a window, its sums are those of
the stream; otherwise Prometheus extrapolates numerator and denominator alike. Long windows are never means of short ones.
"""

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction

import yaml

from slo import metrics
from slo.exact import decimal_text, number_text
from slo.objective import Criterion, Objective
from slo.silence import NO_DATA
from slo.tiers import SEVERITIES, Tier

_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_BLIND_AFTER = "5m"
Rule = Mapping[str, object]


class _Plain(yaml.SafeDumper):
    """Writes a value that stands twice twice, without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def rule_file(objectives: Iterable[Objective]) -> str:
    """The text of a Prometheus rule file: the platform's own group, and one for each objective that photonwatch measures, in the
    order given.
    """
    return yaml_text({"groups": [platform_group(), *groups(objectives)]})


def groups(objectives: Iterable[Objective]) -> list[Rule]:
    """The rule groups of objectives."""
    return [_group(objective, objective.criterion) for objective in objectives if objective.criterion]


def platform_group() -> Rule:
    """Who watches the watcher: an alert that always fires, for a receiver that minds its absence; and one that photonwatch judges
    nothing.
    """
    blind = f"absent({metrics.STORED_OFFSET}) or (sum(increase({metrics.MESSAGES_TOTAL}[{_BLIND_AFTER}])) == 0)"
    return {
        "name": "photonwatch-platform",
        "rules": [
            {
                "alert": metrics.DEAD_MAN,
                "expr": "vector(1)",
                "labels": {metrics.SEVERITY: "none"},
                "annotations": {"summary": "Prometheus evaluates photonwatch's rules. If this alert is missing, nobody watches."},
            },
            {
                "alert": metrics.BLIND,
                "expr": blind,
                "for": _BLIND_AFTER,
                "labels": {metrics.SEVERITY: SEVERITIES[0], metrics.CRITICAL: "true"},
                "annotations": {
                    "summary": "photonwatch judges nothing",
                    "description": f"No worker is seen, or none has stored anything for {_BLIND_AFTER}: nothing pages. "
                    "Look at `photonwatch status` and at the worker's log.",
                },
            },
        ],
    }


def yaml_text(*documents: object) -> str:
    """YAML documents, without anchors, keys in their order."""
    return yaml.dump_all(
        documents, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000, explicit_start=len(documents) > 1
    )


def duration_text(seconds: int) -> str:
    """A duration as Prometheus writes it: ``5m``."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _group(objective: Objective, criterion: Criterion) -> Mapping[str, object]:
    windows = [duration_text(length) for length in objective.windows_s]
    interval = {"interval": duration_text(criterion.integration_s)} if criterion.integration_s else {}
    return {
        "name": f"photonwatch-slo-{objective.name}",
        **interval,
        "rules": [
            *(rule for window in windows for rule in _window(objective, window)),
            *_metadata(objective, windows[-1]),
            *(_alert(objective, criterion, tier) for tier in objective.tiers),
            *(_no_data(objective, criterion, *rule) for rule in objective.no_data_alerts),
        ],
    }


def _window(objective: Objective, window: str) -> tuple[Rule, Rule]:
    good, bad = (_increase(name, objective, window) for name in (metrics.GOOD_TOTAL, metrics.BAD_TOTAL))
    events = metrics.EVENTS.format(window=window)
    return (
        _record(events, f"{good} + {bad}", objective),
        _record(
            metrics.ERROR_RATIO.format(window=window), f"{bad} / on ({metrics.SUBJECT}) ({_of(events, objective)} > 0)", objective
        ),
    )


def _metadata(objective: Objective, period: str) -> tuple[Rule, ...]:
    ratio = _of(metrics.ERROR_RATIO.format(window=period), objective)
    return (
        _record(metrics.TARGET, f"vector({_number(objective.target)})", objective),
        _record(metrics.BUDGET, f"vector({_number(objective.budget)})", objective),
        _record(metrics.PERIOD, f"vector({objective.period_s})", objective),
        _record(metrics.PERIOD_BURN, f"{ratio} / {_number(objective.budget)}", objective),
        _record(metrics.REMAINING, f"1 - {_of(metrics.PERIOD_BURN, objective)}", objective),
    )


def _alert(objective: Objective, criterion: Criterion, tier: Tier) -> Rule:
    threshold = _number(tier.threshold(objective.budget))
    short, long = (duration_text(length) for length in (tier.short_s, tier.long_s))
    above = [f"{_of(metrics.ERROR_RATIO.format(window=window), objective)} > {threshold}" for window in (long, short)]
    enough = [f"{_of(metrics.EVENTS.format(window=long), objective)} >= {tier.minimum_events}"] if tier.minimum_events else []
    share = number_text(tier.budget_share(objective.period_s) * 100)
    return {
        "alert": metrics.ALERT,
        "expr": " and ".join((*above, *enough)),
        "labels": _labels(objective, criterion, tier.severity, tier.name),
        "annotations": {
            "summary": f"{criterion.name} of {{{{ $labels.{metrics.SUBJECT} }}}} breaks its objective ({criterion})",
            "description": (
                f"{{{{ $value | humanizePercentage }}}} of the last {long} was bad. The limit, of {long} and of {short}, is "
                f"{threshold}: {number_text(tier.factor)} times what the budget allows, {share} percent of it in {long}."
            ),
            **({"runbook": objective.runbook} if objective.runbook else {}),
        },
    }


def _no_data(objective: Objective, criterion: Criterion, severity: str, after_s: int) -> Rule:
    """Nothing was counted, not even what leaves a verdict open; a worker that is gone takes its counters along, which is
    ``BLIND``'s affair.
    """
    window = duration_text(after_s)
    counted = (metrics.GOOD_TOTAL, metrics.BAD_TOTAL, metrics.INSUFFICIENT_TOTAL, metrics.EXCLUDED_TOTAL)
    return {
        "alert": metrics.ALERT,
        "expr": f"{' + '.join(_increase(name, objective, window) for name in counted)} == 0",
        "labels": {metrics.OBJECTIVE: objective.name, **_labels(objective, criterion, severity, NO_DATA)},
        "annotations": {
            "summary": f"No data: {criterion.name} of {{{{ $labels.{metrics.SUBJECT} }}}} was not heard of for {window}",
            "description": "Silence is neither good nor bad: the budget stands still.",
            **({"runbook": objective.runbook} if objective.runbook else {}),
        },
    }


def _labels(objective: Objective, criterion: Criterion, severity: str, tier: str) -> Mapping[str, str]:
    return {
        metrics.SEVERITY: severity,
        metrics.TIER: tier,
        "slo": objective.slo,
        "service": objective.service,
        "indicator": criterion.indicator,
        **({metrics.CRITICAL: "true"} if objective.critical else {}),
    }


def _record(name: str, expression: str, objective: Objective) -> Rule:
    return {"record": name, "expr": expression, "labels": {metrics.OBJECTIVE: objective.name}}


def _increase(counter: str, objective: Objective, window: str) -> str:
    return f"sum by ({metrics.SUBJECT}) (increase({_of(counter, objective)}[{window}]))"


def _of(series: str, objective: Objective) -> str:
    return f"{series}{{{metrics.OBJECTIVE}={json.dumps(objective.name, ensure_ascii=False)}}}"


def _number(value: Fraction) -> str:
    return decimal_text(value) or f"({value.numerator} / {value.denominator})"
