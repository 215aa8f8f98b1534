"""A report for people: Markdown, and one HTML page that needs nothing else and prints well."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from console.assessment_answer import percent
from console.fleet_report.document import Spent, interval, time
from console.quantities import seconds_text
from slo.fleet_report import FleetReport, Incident, Promise

_WORST = 10
"""Incidents that people are shown."""
_NEAR = 0.01
_SHARES = 5
"""Of each objective the largest shares that people are shown."""


def page(report: FleetReport, spent: Spent) -> str:
    """The HTML page."""
    return _environment(escape=True).get_template("report.html").render(**_values(report, spent))


def markdown(report: FleetReport, spent: Spent) -> str:
    """The same in Markdown."""
    return _environment(escape=False).get_template("report.md").render(**_values(report, spent))


def _environment(*, escape: bool) -> Environment:
    loader = PackageLoader("console.fleet_report")
    made = Environment(loader=loader, autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - Markdown is text
    filters: Mapping[str, Callable[..., str]] = {
        "percent": _percent,
        "between": _between,
        "trend": _trend,
        "time": time,
        "seconds": lambda value: "–" if value is None else seconds_text(value),
        "state": lambda kept: {True: "● kept", False: "▲ broken", None: "○ no data"}[kept],
        "cell": lambda text: str(text).replace("|", "\\|").replace("\n", " "),
    }
    made.filters.update(filters)
    return made


def _values(report: FleetReport, spent: Spent) -> dict[str, Any]:
    services = [(name, list(each)) for name, each in groupby(report.promises, key=lambda promise: promise.objective.service)]
    return {
        "report": report,
        "services": services,
        "headline": _headline(report),
        "worst": report.incidents[:_WORST],
        "more": max(0, len(report.incidents) - _WORST),
        "spent": [(by.value, [(name, shares[:_SHARES]) for name, shares in of.items()]) for by, of in spent.items() if of],
        "mean_detect": _mean([each.detect_s for each in report.incidents]),
        "mean_recover": _mean([each.recover_s for each in report.incidents]),
        "width": _width,
        "told": _told,
    }


def _headline(report: FleetReport) -> str:
    judged = report.kept + report.broken
    if not judged:
        return "Nothing was judged in this time."
    if not report.broken:
        return f"All {judged} promises were kept."
    return f"{report.kept} of {judged} promises were kept; {report.broken} {'was' if report.broken == 1 else 'were'} broken."


def _percent(ratio: Fraction | float | None) -> str:
    if ratio is None:
        return "–"
    # Near 1 what is missing counts: 99.9961 % is not 100 %.
    return f"{float(ratio) * 100:.6g} %" if abs(1 - ratio) < _NEAR else percent(Fraction(ratio))


def _between(promise: Promise) -> str:
    found = interval(promise)
    if found is None or found[0] == found[1]:
        return ""
    return f"{found[0] * 100:.6g}–{found[1] * 100:.6g} %"


def _trend(promise: Promise) -> str:
    """Against the stretch before."""
    if promise.attained is None or promise.before is None:
        return "–"
    change = promise.attained - promise.before
    if not change:
        return "as before"
    return f"{'↑ better' if change > 0 else '↓ worse'}, was {_percent(promise.before)}"


def _width(promise: Promise) -> float:
    """Of the bar that shows how much of the budget went, in percent."""
    return 0.0 if promise.used is None else 100.0 * min(1.0, float(promise.used))


def _told(incident: Incident) -> str:
    return f"silent: {incident.inhibited_by}" if incident.inhibited_by else incident.severity


def _mean(values: Sequence[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
