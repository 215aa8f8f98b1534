"""PrometheusRule resources against what the operator's custom resource definition allows, written down here from its schema."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from slo.definitions import load
from slo.prometheus_rule import rule_resources
from slo.rules import rule_file
from tests.slo.samples import objective

GOLDEN = Path(__file__).parent / "golden" / "prometheus-rules.yaml"
DURATION = re.compile(r"(0|(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?)")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
OF_GROUP = {"name", "interval", "rules"}
OF_RULE = {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}


def complaints(resource: dict) -> Iterator[str]:
    """What an API server with that definition, and the operator's admission webhook, would refuse."""
    if (resource["apiVersion"], resource["kind"]) != ("monitoring.coreos.com/v1", "PrometheusRule"):
        yield "kind"
    name = resource["metadata"]["name"]
    if not NAME.fullmatch(name) or len(name) > 253:
        yield f"name {name}"
    yield from (f"label {key}" for key, value in resource["metadata"]["labels"].items() if not isinstance(value, str))
    groups = resource["spec"]["groups"]
    if len({group["name"] for group in groups}) < len(groups):
        yield "groups are a map by name"
    for group in groups:
        yield from (f"field {key}" for key in group.keys() - OF_GROUP)
        if not group["name"] or not DURATION.fullmatch(group.get("interval", "0")):
            yield f"group {group['name']}"
        for rule in group["rules"]:
            yield from (f"field {key}" for key in rule.keys() - OF_RULE)
            if ("record" in rule) == ("alert" in rule) or not isinstance(rule["expr"], str | int):
                yield f"rule {rule}"
            if not DURATION.fullmatch(rule.get("for", "0")):
                yield f"for {rule['for']}"
            texts = {**rule.get("labels", {}), **rule.get("annotations", {})}
            yield from (
                f"{key} of {rule}" for key, value in texts.items() if not isinstance(value, str) or not LABEL.fullmatch(key)
            )


def test_golden() -> None:
    """To accept a change: write the resources to the golden file and read the difference."""
    assert rule_resources([objective()], "monitoring", {"release": "prometheus"}) == GOLDEN.read_text("utf-8")


def test_the_shipped_ones_hold_every_rule_and_nothing_that_is_refused() -> None:
    objectives = load().objectives
    resources = list(yaml.safe_load_all(rule_resources(objectives)))
    assert [complaint for resource in resources for complaint in complaints(resource)] == []
    assert len(resources) == 1 + len({each.service for each in objectives if each.criterion})
    groups = [group for resource in resources for group in resource["spec"]["groups"]]
    assert sorted(groups, key=str) == sorted(yaml.safe_load(rule_file(objectives))["groups"], key=str)
    assert max(len(yaml.safe_dump(resource)) for resource in resources) < 1 << 20  # what Kubernetes stores of one object


def test_names_that_kubernetes_would_not_take() -> None:
    odd = replace(objective(), service="Quelle Nr. 7/ü")
    platform, resource = yaml.safe_load_all(rule_resources([odd]))
    assert (platform["metadata"]["name"], resource["metadata"]["name"]) == ("photonwatch-platform", "photonwatch-quelle-nr-7")
    assert "namespace" not in resource["metadata"]
    assert [*complaints(resource)] == []
