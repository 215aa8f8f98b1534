"""An Alertmanager configuration from the same definitions: routes by severity and service, grouping, inhibition, the dead man.

The alerts that it routes are those of the generated Prometheus rules and those that ``photonwatch notify`` posts: both carry the
labels of slo.metrics.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import yaml

from slo import metrics
from slo.alerts import rank
from slo.objective import Objective
from slo.tiers import SEVERITIES
from slo.topology import Topology

_GROUP_WAIT = {"page": "10s"}
_REPEAT = {"page": "4h"}
_NOT_CRITICAL = f'{metrics.CRITICAL}!="true"'
_DEFAULT_WAIT, _DEFAULT_REPEAT = "2m", "1d"


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where each severity goes: address by severity; ``dead_man`` hears every minute that somebody watches."""

    by_severity: Mapping[str, str]
    dead_man: str = ""


def configuration(objectives: Iterable[Objective], webhooks: Webhooks, topology: Topology) -> str:
    """The text of ``alertmanager.yml``.

    Alerts of one subject come as one message, whatever indicators they are of: what breaks them is usually one thing; so do those
    of subjects that depend on one thing. A ticket is silent while a page of the same objective and subject fires, and all that
    depends on a subject while that one pages; what is critical is never silent. Each service has a route that a site may bend.
    """
    known = list(objectives)
    severities = sorted({tier.severity for each in known for tier in each.tiers} | set(webhooks.by_severity), key=rank)
    missing = [severity for severity in severities if severity not in webhooks.by_severity]
    if missing:
        raise ValueError(f"no receiver for severity {', '.join(missing)}: name one for each of {', '.join(severities)}")
    services = sorted({each.service for each in known if each.service})
    document = {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": severities[-1],
            "group_by": [metrics.SUBJECT],
            "group_wait": _DEFAULT_WAIT,
            "group_interval": "1m",
            "repeat_interval": _DEFAULT_REPEAT,
            "routes": [
                {
                    "matchers": [f'alertname="{metrics.DEAD_MAN}"'],
                    "receiver": "dead-man" if webhooks.dead_man else "nobody",
                    "group_by": ["alertname"],
                    "group_wait": "0s",
                    "group_interval": "1m",
                    "repeat_interval": "1m",
                },
                *(_severity_route(severity, services, topology) for severity in severities),
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": [f'{metrics.SEVERITY}="{above}"'],
                "target_matchers": [f'{metrics.SEVERITY}="{below}"', _NOT_CRITICAL],
                "equal": [metrics.OBJECTIVE, metrics.SUBJECT],
            }
            for above, below in _pairs(severities)
        ]
        + [
            {
                "source_matchers": [f'{metrics.SEVERITY}="{SEVERITIES[0]}"', f"{metrics.SUBJECT}={json.dumps(subject)}"],
                "target_matchers": [_NOT_CRITICAL, _one_of(topology.downstream(subject))],
            }
            for subject in topology.needed
        ],
        "receivers": [
            {"name": "nobody"},
            *({"name": "dead-man", "webhook_configs": [_webhook(webhooks.dead_man)]} for _ in range(bool(webhooks.dead_man))),
            *({"name": severity, "webhook_configs": [_webhook(webhooks.by_severity[severity])]} for severity in severities),
        ],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)


def _severity_route(severity: str, services: Sequence[str], topology: Topology) -> Mapping[str, object]:
    together = [
        {"matchers": [_one_of((subject, *topology.downstream(subject)))], "receiver": severity, "group_by": [metrics.SEVERITY]}
        for subject in topology.needed
        if not topology.upstream(subject)
    ]
    return {
        "matchers": [f'{metrics.SEVERITY}="{severity}"'],
        "receiver": severity,
        "group_wait": _GROUP_WAIT.get(severity, _DEFAULT_WAIT),
        "repeat_interval": _REPEAT.get(severity, _DEFAULT_REPEAT),
        "routes": [*together, *({"matchers": [f'service="{service}"'], "receiver": severity} for service in services)],
    }


def _one_of(subjects: Sequence[str]) -> str:
    return f"{metrics.SUBJECT}=~{json.dumps('|'.join(re.escape(each) for each in sorted(subjects)), ensure_ascii=False)}"


def _pairs(severities: Sequence[str]) -> list[tuple[str, str]]:
    ranked = [severity for severity in SEVERITIES if severity in severities]
    return [(above, below) for place, above in enumerate(ranked) for below in ranked[place + 1 :]]


def _webhook(url: str) -> Mapping[str, object]:
    return {"url": url, "send_resolved": True}
