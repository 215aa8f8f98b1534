"""What photonwatch says beyond OpenSLO: annotations under one prefix, each known by its kind and read in one place.

| kind | annotation | meaning |
|---|---|---|
| SLI | photonwatch.dev/indicator | id of the indicator that photonwatch measures, for example sps.M1 |
| SLI | photonwatch.dev/unit | unit of the threshold; must be the indicator's |
| SLI | photonwatch.dev/integration | how long one sample integrates, for example 10s |
| SLI | photonwatch.dev/objective | in a composite: stands for what this other objective measures |
| SLO | photonwatch.dev/systems | systems whose devices it is about, for example `sps, qdp`; all where absent |
| SLO | photonwatch.dev/subjects | subjects that it is about, by patterns: `sps-helios-* !sps-helios-03`; all where absent |
| SLO | photonwatch.dev/runbook | where the runbook stands |
| SLO | photonwatch.dev/minimum-events | events asked of long windows: `6`, by tier `page-quick=70`; `auto`: one bad is too few |
| SLO | photonwatch.dev/empty-slices | what a slice without events is: good, bad or excluded (where absent) |
| SLO | photonwatch.dev/event-window | the budget is about the last so many events, at most a timeWindow old |
| SLO | photonwatch.dev/exclusion-cap | the most of the period that may be excluded, a ratio: `0.1`; all of it where absent |
| SLO | photonwatch.dev/critical | true: safety; nothing is ever excluded, nothing inhibits its alerts |
| SLO | photonwatch.dev/exhaustion-alert | severities by the hours that the budget lasts: `page<6h ticket<3d` |
| SLO | photonwatch.dev/no-data-alert | severity and silence: `ticket>10m` |
| SLO | photonwatch.dev/composite | weighted (where absent), worst or serial: how the parts of a composite make a whole |
| AlertPolicy | photonwatch.dev/default | true: an SLO that does not speak of alerting gets it |
| AlertCondition | photonwatch.dev/threshold-period | the period that `threshold` is meant for; other periods rescale it |
| AlertCondition | photonwatch.dev/minimum-events | as above, a number |
"""

from collections.abc import Mapping

from slo.located import Located
from slo.objective import EventCounts
from slo.openslo import PREFIX, AlertCondition, AlertPolicy, DataSource, Document, NotificationTarget, Service, Sli, Slo
from slo.tiers import SEVERITIES

_KNOWN: Mapping[type, tuple[str, ...]] = {
    Sli: ("indicator", "unit", "integration", "objective"),
    Slo: (
        *("systems", "subjects", "runbook", "minimum-events", "empty-slices", "event-window", "exclusion-cap", "critical"),
        *("exhaustion-alert", "no-data-alert", "composite"),
    ),
    AlertPolicy: ("default",),
    AlertCondition: ("threshold-period", "minimum-events"),
}
_KIND_NAMES: Mapping[type, str] = {
    Service: "Service",
    DataSource: "DataSource",
    Sli: "SLI",
    Slo: "SLO",
    AlertPolicy: "AlertPolicy",
    AlertCondition: "AlertCondition",
    NotificationTarget: "AlertNotificationTarget",
}


def kind_name(kind: type) -> str:
    """A kind as the standard writes it."""
    return _KIND_NAMES[kind]


def annotations(document: Document) -> Mapping[str, Located]:
    """A document's annotations under our prefix, without it; those of others are not looked at.

    Raises:
        DefinitionError: one that this kind does not have.
    """
    known = _KNOWN.get(type(document), ())
    found = {}
    for key, value in document.metadata.annotations.items():
        if not key.startswith(PREFIX):
            continue
        if key.removeprefix(PREFIX) not in known:
            raise value.error(
                f"is no annotation of kind {kind_name(type(document))}",
                f"known here: {', '.join(PREFIX + name for name in known) or 'none'}",
            )
        found[key.removeprefix(PREFIX)] = value
    return found


def whole_number(written: Located) -> int:
    """A count of events.

    Raises:
        DefinitionError: not a whole number, or below 0.
    """
    value = written.number()
    if value.denominator != 1 or value < 0:
        raise written.error(f"is {written.text()}", "write a whole number of events")
    return value.numerator


def limits_by_severity(written: Located, sign: str) -> tuple[tuple[str, int], ...]:
    """Severities with a duration each, for example ``page<6h ticket<3d``.

    Raises:
        DefinitionError: another shape, an unknown severity, or one twice.
    """
    found: dict[str, int] = {}
    for word in written.text().replace(",", " ").split():
        severity, written_sign, duration = word.partition(sign)
        if not written_sign or severity not in SEVERITIES or severity in found:
            raise written.error(f"has `{word}`", f"write for example `page{sign}6h`, each of {', '.join(SEVERITIES)} once")
        found[severity] = written.with_text(duration).duration_s()
    return tuple(found.items())


def event_counts(sli: Sli) -> EventCounts | None:
    """The counts of our indicator's estimates that a ratio metric names (``spec: {count: successes}``); None: it is a threshold.

    Raises:
        DefinitionError: a ratio whose good or bad, or total, is not named.
    """
    if sli.metric != "ratioMetric":
        return None
    named = {
        name: query.required("metricSource").required("spec").required("count").text()
        for name, query in sli.source.fields().items()
        if name in ("good", "bad", "total")
    }
    if "total" not in named:
        raise sli.source.error("needs total", "name a count of all events: `total: {metricSource: {spec: {count: trials}}}`")
    return EventCounts(named["total"], named.get("good"), named.get("bad"))
