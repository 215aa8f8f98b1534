"""The kinds of OpenSLO v1, read from YAML as they stand: nothing is resolved or judged here. Source: its specification.

Files of the standard load unchanged. Objects may be YAML documents or entries of a list; SLIs, conditions, policies and targets
may be written inline. Annotations under ``PREFIX`` say what the standard lacks; annotations.py names them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from slo.errors import DefinitionError, Place
from slo.findings import Findings
from slo.located import Located, parse
from slo.period import Window, compliance_window

API_VERSION = "openslo/v1"
PREFIX = "photonwatch.dev/"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Name, display name and annotations of an object, and where it stands."""

    name: str
    display_name: str
    place: Place
    annotations: Mapping[str, Located] = field(hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Service:
    metadata: Metadata
    description: str


@dataclass(frozen=True, slots=True)
class DataSource:
    """``connection`` stays as it is written: each type has its own."""

    metadata: Metadata
    type: str
    connection: Located | None = field(hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Sli:
    """An indicator: ``metric`` is ``thresholdMetric`` or ``ratioMetric``; queries stay as they are written.

    ``data_sources`` are those that it names.
    """

    metadata: Metadata
    metric: str
    source: Located = field(hash=False, compare=False)
    data_sources: tuple["Reference", ...] = ()


@dataclass(frozen=True, slots=True)
class AlertCondition:
    """A burn-rate condition; ``alert_after_s`` is 0 where the file says nothing."""

    metadata: Metadata
    severity: str
    operator: str
    threshold: Fraction
    lookback_s: int
    alert_after_s: int


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    metadata: Metadata
    target: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of an object that stands elsewhere."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Which conditions alert whom; a policy that does not say so alerts when its conditions breach."""

    metadata: Metadata
    conditions: tuple[AlertCondition | Reference, ...]
    targets: tuple[NotificationTarget | Reference, ...]
    when_breaching: bool
    when_resolved: bool
    when_no_data: bool


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of ``spec.objectives``. ``ratio`` is the target, 0-1; ``value`` what a threshold metric is compared with."""

    place: Place
    display_name: str
    ratio: Fraction
    operator: str | None
    value: Fraction | None
    slice_ratio: Fraction | None
    slice_s: int | None
    indicator: "Sli | Reference | None" = None
    """Its own, in a composite."""
    weight: Fraction = Fraction(1)
    """Of this part of a composite."""


@dataclass(frozen=True, slots=True)
class Slo:
    """``indicator`` is None where each target names its own (a composite), ``window`` where the file says nothing, ``policies``
    where it does not speak of alerting.
    """

    metadata: Metadata
    service: "Reference"
    description: str
    indicator: Sli | Reference | None
    window: Window | None
    method: str
    targets: tuple[Target, ...]
    policies: tuple[AlertPolicy | Reference, ...] | None


Document = Service | DataSource | Sli | AlertCondition | NotificationTarget | AlertPolicy | Slo


def read(text: str, file: str, findings: Findings) -> tuple[Document, ...]:
    """The objects in a file's ``text`` that can be read; ``file`` is the name that errors give.

    Into ``findings`` goes what is not YAML, not OpenSLO v1, or a value that its field cannot hold; unknown fields are remarks.
    """
    found = []
    try:
        documents = parse(text, file, findings.remarks)
        entries = [entry for document in documents for entry in (document.items() if document.is_list else [document])]
    except DefinitionError as error:
        findings.errors.append(error)
        return ()
    for entry in entries:
        try:
            found.append(_document(entry))
        except DefinitionError as error:
            findings.errors.append(error)
        except RecursionError:
            findings.errors.append(entry.error("contains itself", "write out what its alias stands for"))
    return tuple(found)


def _document(entry: Located) -> Document:
    version = entry.required("apiVersion")
    if version.text() != API_VERSION:
        raise version.error(f"is `{version.text()}`", f"write `{API_VERSION}`; other versions of the standard are not read")
    kind = entry.required("kind")
    if kind.text() not in _KINDS:
        raise kind.error(f"is `{kind.text()}`", f"write one of {', '.join(_KINDS)}")
    return _KINDS[kind.text()](entry)


def _metadata(entry: Located) -> tuple[Metadata, Located, dict[str, Located]]:
    """The metadata of an object, its spec, and the spec's fields."""
    entry.fields(("apiVersion", "kind", "metadata", "spec"))
    metadata = entry.required("metadata")
    known = metadata.fields(("name", "displayName", "labels", "annotations"))
    name = metadata.required("name")
    if not name.text() or any(letter.isspace() for letter in name.text()):
        raise name.error(f"is `{name.text()}`", "write a name without blanks")
    annotations = known["annotations"].fields() if "annotations" in known else {}
    spec = entry.required("spec")
    return Metadata(name.text(), _text(known, "displayName"), name.place, annotations), spec, spec.fields()


def _service(entry: Located) -> Service:
    metadata, spec, fields = _metadata(entry)
    spec.fields(("description",))
    return Service(metadata, _text(fields, "description"))


def _data_source(entry: Located) -> DataSource:
    metadata, spec, fields = _metadata(entry)
    spec.fields(("description", "type", "connectionDetails"))
    return DataSource(metadata, spec.required("type").text(), fields.get("connectionDetails"))


def _sli(entry: Located) -> Sli:
    metadata, spec, fields = _metadata(entry)
    spec.fields(("description", "thresholdMetric", "ratioMetric"))
    metrics = [name for name in ("thresholdMetric", "ratioMetric") if name in fields]
    if len(metrics) != 1:
        raise spec.error("must have one of thresholdMetric and ratioMetric", "keep or add exactly one")
    source = fields[metrics[0]]
    queries = _ratio(source) if metrics[0] == "ratioMetric" else [source]
    return Sli(metadata, metrics[0], source, tuple(each for query in queries for each in _data_sources(query)))


def _ratio(metric: Located) -> list[Located]:
    """The queries of a ratio: two of good, bad and total, or one that is a ratio already."""
    fields = metric.fields(("counter", "good", "bad", "total", "rawType", "raw"))
    counted = [fields[name] for name in ("good", "bad", "total") if name in fields]
    if "raw" in fields:
        if counted:
            raise fields["raw"].error("stands beside good, bad or total", "keep either the ratio or what it is made of")
        if "rawType" not in fields or fields["rawType"].text() not in ("success", "failure"):
            raise fields["raw"].error("needs rawType", "add `rawType: success` (good/total) or `rawType: failure` (bad/total)")
        return [fields["raw"]]
    if len(counted) != 2:
        raise metric.error("needs two of good, bad and total", "a ratio has a numerator and a denominator: add or delete one")
    return counted


def _data_sources(query: Located) -> list[Reference]:
    """The data source that a query names, if it names one."""
    source = query.required("metricSource").fields(("metricSourceRef", "type", "spec"))
    named = source.get("metricSourceRef")
    return [] if named is None else [Reference(named.text(), named.place)]


def _condition(entry: Located) -> AlertCondition:
    metadata, spec, _fields = _metadata(entry)
    spec.fields(("description", "severity", "condition"))
    condition = spec.required("condition")
    known = condition.fields(("kind", "op", "threshold", "lookbackWindow", "alertAfter"))
    if "kind" in known and known["kind"].text() != "burnrate":
        raise known["kind"].error(f"is `{known['kind'].text()}`", "write `burnrate`, the only kind of the standard")
    threshold = condition.required("threshold")
    if threshold.number() <= 0:
        raise threshold.error(f"is {threshold.text()}", "write a burn rate above 0, for example 14.4")
    return AlertCondition(
        metadata,
        spec.required("severity").text(),
        _operator(known["op"]) if "op" in known else "gt",
        threshold.number(),
        condition.required("lookbackWindow").duration_s(),
        0 if _zero(known.get("alertAfter")) else known["alertAfter"].duration_s(),
    )


def _target(entry: Located) -> NotificationTarget:
    metadata, spec, _fields = _metadata(entry)
    spec.fields(("description", "target"))
    return NotificationTarget(metadata, spec.required("target").text())


def _policy(entry: Located) -> AlertPolicy:
    metadata, spec, fields = _metadata(entry)
    flags = {"alertWhenBreaching": True, "alertWhenResolved": False, "alertWhenNoData": False}
    spec.fields(("description", "conditions", "notificationTargets", *flags))
    return AlertPolicy(
        metadata,
        _inline(spec.required("conditions").items(), "conditionRef", _condition),
        _inline(fields["notificationTargets"].items() if "notificationTargets" in fields else (), "targetRef", _target),
        *(fields[name].flag() if name in fields else default for name, default in flags.items()),
    )


def _slo(entry: Located) -> Slo:
    metadata, spec, fields = _metadata(entry)
    spec.fields(
        (
            *("description", "service", "indicator", "indicatorRef", "timeWindow"),
            *("budgetingMethod", "objectives", "alertPolicies"),
        )
    )
    method = _text(fields, "budgetingMethod") or "Occurrences"
    if method not in ("Occurrences", "Timeslices", "RatioTimeslices"):
        raise fields["budgetingMethod"].error(f"is `{method}`", "write Occurrences, Timeslices or RatioTimeslices")
    objectives = spec.required("objectives")
    targets = tuple(_objective(each) for each in objectives.items())
    if not targets:
        raise objectives.error("is empty", "add an entry with a target")
    for target, each in zip(targets, objectives.items(), strict=True):
        if method != "Occurrences" and target.slice_s is None:
            raise each.error(f"lacks timeSliceWindow, which {method} needs", "add for example `timeSliceWindow: 1m`")
        if method == "Timeslices" and target.slice_ratio is None:
            raise each.error("lacks timeSliceTarget, which Timeslices needs", "add for example `timeSliceTarget: 0.95`")
    service = spec.required("service")
    return Slo(
        metadata,
        Reference(service.text(), service.place),
        _text(fields, "description"),
        _indicator(fields),
        compliance_window(fields["timeWindow"]) if "timeWindow" in fields else None,
        method,
        targets,
        _inline(fields["alertPolicies"].items(), "alertPolicyRef", _policy) if "alertPolicies" in fields else None,
    )


def _objective(entry: Located) -> Target:
    fields = entry.fields(
        (
            *("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow"),
            *("indicator", "indicatorRef", "compositeWeight"),
        )
    )
    if ("target" in fields) == ("targetPercent" in fields):
        raise entry.error("must have one of target and targetPercent", "keep or add exactly one, for example `target: 0.999`")
    written = fields.get("target") or fields["targetPercent"]
    ratio = written.number() / (1 if "target" in fields else 100)
    if not 0 < ratio < 1:
        raise written.error(
            f"is {written.text()}: an objective of {'nothing' if ratio <= 0 else 'everything'} leaves no budget to judge by",
            "write a target above 0 and below 1 (`targetPercent`: below 100)",
        )
    slice_ratio = fields.get("timeSliceTarget")
    if slice_ratio and not 0 <= slice_ratio.number() <= 1:
        raise slice_ratio.error(f"is {slice_ratio.text()}", "write a ratio from 0 to 1")
    return Target(
        entry.place,
        _text(fields, "displayName"),
        ratio,
        _operator(fields["op"]) if "op" in fields else None,
        fields["value"].number() if "value" in fields else None,
        slice_ratio.number() if slice_ratio else None,
        _slice_s(fields["timeSliceWindow"]) if "timeSliceWindow" in fields else None,
        _indicator(fields),
        _weight(fields["compositeWeight"]) if "compositeWeight" in fields else Fraction(1),
    )


def _indicator(fields: Mapping[str, Located]) -> Sli | Reference | None:
    """What an SLO, or an entry of a composite, measures."""
    if "indicator" in fields and "indicatorRef" in fields:
        raise fields["indicatorRef"].error("stands beside `indicator`", "keep one of the two")
    if "indicator" in fields:
        return _sli(fields["indicator"])
    if "indicatorRef" in fields:
        return Reference(fields["indicatorRef"].text(), fields["indicatorRef"].place)
    return None


def _weight(written: Located) -> Fraction:
    if written.number() <= 0:
        raise written.error(f"is {written.text()}", "write a weight above 0; a part that does not count is left out")
    return written.number()


def _operator(written: Located) -> str:
    if written.text() not in ("lt", "lte", "gt", "gte"):
        raise written.error(f"is `{written.text()}`", "write lt, lte, gt or gte")
    return written.text()


def _slice_s(written: Located) -> int:
    """A slice's length; a bare number counts minutes."""
    if not written.text().isdecimal():
        return written.duration_s()
    if int(written.number()) < 1:
        raise written.error("is 0", "write a duration such as 1m")
    return int(written.number()) * 60


def _inline(entries: Iterable[Located], reference: str, read_one: Callable[[Located], T]) -> tuple[T | Reference, ...]:
    """Entries that are written in place, refer by name under ``reference``, or are just a name."""
    found: list[T | Reference] = []
    for entry in entries:
        if entry.is_text:
            found.append(Reference(entry.text(), entry.place))
        elif reference in (fields := entry.fields()):
            entry.fields((reference, "operator"))
            found.append(Reference(fields[reference].text(), fields[reference].place))
        else:
            found.append(read_one(entry))
    return tuple(found)


def _text(fields: Mapping[str, Located], name: str) -> str:
    return fields[name].text() if name in fields else ""


def _zero(written: Located | None) -> bool:
    return written is None or written.text().rstrip("smhdw") in ("", "0")


_KINDS: Mapping[str, Callable[[Located], Document]] = {
    "Service": _service,
    "DataSource": _data_source,
    "SLI": _sli,
    "SLO": _slo,
    "AlertPolicy": _policy,
    "AlertCondition": _condition,
    "AlertNotificationTarget": _target,
}
