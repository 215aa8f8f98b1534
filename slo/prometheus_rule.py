"""The same Prometheus rules as resources of Kubernetes, for the Prometheus operator: one for each service, one of the platform.

Source: the operator's custom resource definition, monitoring.coreos.com/v1.
"""

import re
from collections.abc import Iterable, Mapping

from slo.objective import Objective
from slo.rules import groups, platform_group, yaml_text

_NAME = "photonwatch"
_LONGEST_NAME = 253


def rule_resources(objectives: Iterable[Objective], namespace: str = "", labels: Mapping[str, str] | None = None) -> str:
    """YAML documents. ``labels`` are those by which a Prometheus selects its rules; without a ``namespace`` the caller's holds.

    Services whose names Kubernetes writes alike share a resource.
    """
    of_service: dict[str, list[Mapping[str, object]]] = {"platform": [platform_group()]}
    for objective in objectives:
        of_service.setdefault(_resource_name(objective.service), []).extend(groups([objective]))
    marked = {"app.kubernetes.io/name": _NAME, "app.kubernetes.io/part-of": _NAME, **(labels or {})}
    return yaml_text(
        *(
            {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "PrometheusRule",
                "metadata": {
                    "name": f"{_NAME}-{service}"[:_LONGEST_NAME].rstrip("-"),
                    **({"namespace": namespace} if namespace else {}),
                    "labels": marked,
                },
                "spec": {"groups": found},
            }
            for service, found in of_service.items()
            if found
        )
    )


def _resource_name(service: str) -> str:
    """Lower case, digits and dashes, as Kubernetes wants names."""
    return re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-") or "unnamed"
