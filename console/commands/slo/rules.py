"""``photonwatch slo rules``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.commands.slo.options import Files
from console.invocation import of
from console.refusal import ExitCode, Refusal
from console.wiring import definition_paths


class RuleFormat(StrEnum):
    """A rule file, or resources for the Prometheus operator."""

    PROMETHEUS = "prometheus"
    PROMETHEUSRULE = "prometheusrule"


def rules(  # noqa: PLR0917 - typer turns them into options
    context: typer.Context,
    files: Files = None,
    form: Annotated[
        RuleFormat, typer.Option("--format", help="A rule file, or PrometheusRule resources of Kubernetes.")
    ] = RuleFormat.PROMETHEUS,
    namespace: Annotated[str, typer.Option(help="Namespace of the resources.")] = "",
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="Label by which your Prometheus selects rules, release=prometheus.", metavar="KEY=VALUE"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the file here instead of to standard output.")] = None,
) -> None:
    """Print the Prometheus recording, metadata and alert rules of the definitions."""
    from slo.definitions import load
    from slo.prometheus_rule import rule_resources
    from slo.rules import rule_file

    if form is RuleFormat.PROMETHEUS and (namespace or labels):
        raise Refusal(
            ExitCode.USAGE,
            "a rule file has neither namespace nor labels of its own",
            where="--namespace, --label",
            do="add --format prometheusrule, or leave them out",
        )
    named = dict(_label(each) for each in labels or ())
    objectives = load(definition_paths(of(context).settings, files)).objectives
    text = rule_file(objectives) if form is RuleFormat.PROMETHEUS else rule_resources(objectives, namespace, named)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def _label(written: str) -> tuple[str, str]:
    key, equals, value = written.partition("=")
    if not key or not equals:
        raise Refusal(ExitCode.USAGE, f"“{written}” is no label", where="--label", do="write key=value, as release=prometheus")
    return key, value
