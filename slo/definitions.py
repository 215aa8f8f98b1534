"""From OpenSLO objects to objectives: references resolved, annotations read, everything that cannot hold refused.

What the standard lacks is said by annotations:

| kind | annotation | meaning |
|---|---|---|
| SLI | photonwatch.dev/indicator | id of the indicator that photonwatch measures, for example sps.M1 |
| SLI | photonwatch.dev/unit | unit of the threshold; must be the indicator's |
| SLI | photonwatch.dev/integration | how long one sample integrates, for example 10s |
| SLO | photonwatch.dev/systems | systems whose devices it is about, for example `sps, qdp`; all where absent |
| SLO | photonwatch.dev/runbook | where the runbook stands |
| SLO | photonwatch.dev/minimum-events | events asked of long windows: `6`, or by tier: `page-quick=70 page-slow=167` |
| AlertCondition | photonwatch.dev/threshold-period | the period that `threshold` is meant for; other periods rescale it |
| AlertCondition | photonwatch.dev/minimum-events | as above, a number |

A condition is one tier: `lookbackWindow` is its long window, `alertAfter` (the burn still goes on) its short one, a twelfth of
the long window where it is 0; `threshold` is its factor.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from schemas.ids import IndicatorId
from slo.catalogue import Catalogue, catalogue
from slo.errors import DefinitionError, Place
from slo.exact import number_text
from slo.located import Located
from slo.objective import Criterion, Method, Objective, Operator
from slo.openslo import (
    PREFIX,
    AlertCondition,
    AlertPolicy,
    DataSource,
    Document,
    NotificationTarget,
    Reference,
    Service,
    Sli,
    Slo,
    Target,
    read,
)
from slo.period import period_s
from slo.tiers import SEVERITIES, Tier

_ANNOTATIONS: Mapping[type, tuple[str, ...]] = {
    Sli: ("indicator", "unit", "integration"),
    Slo: ("systems", "runbook", "minimum-events"),
    AlertCondition: ("threshold-period", "minimum-events"),
}
_SHORT_SHARE = 12
"""Long window over short window where a condition names no short one; the ratio of the classic tiers."""
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Unevaluated:
    """An SLO that loads but that nothing here can judge, and why."""

    slo: str
    reason: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """All objectives in the order of their names, and the objects that stand beside them."""

    objectives: tuple[Objective, ...]
    unevaluated: tuple[Unevaluated, ...]
    services: tuple[Service, ...]
    data_sources: tuple[DataSource, ...]
    targets: tuple[NotificationTarget, ...]

    def about(self, indicator: IndicatorId, system: str) -> tuple[Objective, ...]:
        """The objectives that judge samples of ``indicator`` from devices of ``system``."""
        return tuple(
            each
            for each in self.objectives
            if each.criterion and each.criterion.indicator == indicator and each.criterion.concerns(system)
        )


def load(paths: Iterable[Path] = (), *, shipped: bool = True) -> Definitions:
    """The shipped objectives and those of ``paths`` (files, or directories of ``*.yaml``); an object of ``paths`` replaces the
    shipped one of its kind and name. Without ``shipped`` only the presets of tiers stand beside ``paths``.

    Raises:
        DefinitionError: with file, line, column and cure.
        OSError: a path cannot be read.
    """
    own = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    house = [
        document
        for folder in ("presets", "definitions")[: 1 + shipped]
        for file in sorted(files("slo").joinpath(folder).iterdir(), key=lambda file: file.name)
        for document in read(file.read_text("utf-8"), file.name)
    ]
    return bind(house, [document for file in own for document in read(_text(file), str(file))])


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(Place(str(file), 1, 1), f"not text: {error}", "save the file as UTF-8 text") from None


def bind(*layers: Sequence[Document]) -> Definitions:
    """Resolve ``layers`` of objects into objectives; an object of a later layer replaces the earlier one of its kind and name.

    Raises:
        DefinitionError: with file, line, column and cure.
    """
    named: dict[tuple[type, str], Document] = {}
    for layer in layers:
        own: dict[tuple[type, str], Document] = {}
        for document in layer:
            key = (type(document), document.metadata.name)
            if key in own:
                raise DefinitionError(
                    document.metadata.place,
                    f"{_kind(document)} `{document.metadata.name}` stands already at {own[key].metadata.place}",
                    "rename or delete one of the two",
                )
            own[key] = document
        named |= own
    return _Binder(named, catalogue()).bind()


class _Binder:
    def __init__(self, named: Mapping[tuple[type, str], Document], indicators: Catalogue) -> None:
        self._named = named
        self._indicators = indicators

    def bind(self) -> Definitions:
        objectives: dict[str, Objective] = {}
        unevaluated: list[Unevaluated] = []
        for document in self._named.values():
            _annotations(document)
        for slo in self._of(Slo):
            bound = self._slo(slo)
            if isinstance(bound, Unevaluated):
                unevaluated.append(bound)
                continue
            for objective in bound:
                if objective.name in objectives:
                    raise DefinitionError(
                        objective.place,
                        f"objective `{objective.name}` has the name of the one at {objectives[objective.name].place}",
                        "rename one of the SLOs",
                    )
                objectives[objective.name] = objective
        return Definitions(
            tuple(objectives[name] for name in sorted(objectives)),
            tuple(sorted(unevaluated, key=lambda each: each.slo)),
            self._of(Service),
            self._of(DataSource),
            self._of(NotificationTarget),
        )

    def _of(self, kind: type[D]) -> tuple[D, ...]:
        return tuple(document for document in self._named.values() if isinstance(document, kind))

    def _resolve(self, kind: type[D], given: D | Reference) -> D:
        if not isinstance(given, Reference):
            _annotations(given)
            return given
        found = self._named.get((kind, given.name))
        if not isinstance(found, kind):
            raise DefinitionError(
                given.place,
                f"there is no {_KIND_NAMES[kind]} `{given.name}`",
                f"define it, or name one of: {', '.join(sorted(each.metadata.name for each in self._of(kind))) or 'none so far'}",
            )
        return found

    def _slo(self, slo: Slo) -> tuple[Objective, ...] | Unevaluated:
        if any(target.composite for target in slo.targets):
            return Unevaluated(slo.metadata.name, "a composite: each of its objectives names its own indicator")
        if slo.indicator is None:
            raise DefinitionError(slo.metadata.place, f"SLO `{slo.metadata.name}` names no indicator", "add `indicatorRef:`")
        sli = self._resolve(Sli, slo.indicator)
        if slo.window is None:
            return Unevaluated(slo.metadata.name, "it names no timeWindow, and a budget needs one")
        annotations = _annotations(slo)
        names = (
            [slo.metadata.name]
            if len(slo.targets) == 1
            else [f"{slo.metadata.name}.{number}" for number in range(1, len(slo.targets) + 1)]
        )
        return tuple(
            Objective(
                name=name,
                slo=slo.metadata.name,
                service=slo.service,
                display_name=target.display_name or slo.metadata.display_name or name,
                description=slo.description,
                criterion=self._criterion(sli, annotations, target),
                target=target.ratio,
                window=slo.window,
                method=Method(slo.method),
                slice_ratio=target.slice_ratio,
                slice_s=target.slice_s,
                tiers=self._tiers(slo, period_s(slo.window), target, watched=PREFIX + "indicator" in sli.metadata.annotations),
                runbook=annotations["runbook"].text() if "runbook" in annotations else "",
                place=target.place,
            )
            for name, target in zip(names, slo.targets, strict=True)
        )

    def _criterion(self, sli: Sli, of_slo: Mapping[str, Located], target: Target) -> Criterion | None:
        annotations = _annotations(sli)
        if "indicator" not in annotations:
            return None
        indicator = self._indicators.get(IndicatorId(annotations["indicator"].text()))
        if indicator is None:
            raise annotations["indicator"].error(
                f"is `{annotations['indicator'].text()}`, no indicator that photonwatch knows",
                f"name one of: {', '.join(self._indicators)}",
            )
        if "unit" in annotations and annotations["unit"].text() != indicator.unit:
            raise annotations["unit"].error(
                f"is `{annotations['unit'].text()}`, but {indicator.id} ({indicator.name}) comes in `{indicator.unit}`",
                f"convert the threshold and write `{indicator.unit}`",
            )
        if target.operator is None or target.value is None:
            raise DefinitionError(
                target.place,
                f"an objective of {indicator.id} needs `op` and `value`",
                "add for example `op: lt` and `value: 0.5`",
            )
        systems = of_slo["systems"].text().replace(",", " ").split() if "systems" in of_slo else ()
        return Criterion(
            indicator.id,
            indicator.name,
            indicator.unit,
            Operator(target.operator),
            target.value,
            tuple(systems),
            annotations["integration"].duration_s() if "integration" in annotations else None,
        )

    def _tiers(self, slo: Slo, period: int, target: Target, *, watched: bool) -> tuple[Tier, ...]:
        tiers: dict[str, Tier] = {}
        conditions = [
            self._resolve(AlertCondition, condition)
            for policy in (self._resolve(AlertPolicy, policy) for policy in slo.policies)
            if policy.when_breaching
            for condition in policy.conditions
        ]
        minimum = _minimum_events(slo, [condition.metadata.name for condition in conditions])
        for condition in conditions:
            tier = _tier(condition, slo, period, target, minimum)
            if tier.name in tiers:
                raise DefinitionError(
                    slo.metadata.place, f"SLO `{slo.metadata.name}` has the tier `{tier.name}` twice", "keep one of its policies"
                )
            if watched and tier.severity not in SEVERITIES:
                raise DefinitionError(
                    condition.metadata.place,
                    f"tier `{tier.name}` has the severity `{tier.severity}`",
                    f"write one of {', '.join(SEVERITIES)}",
                )
            tiers[tier.name] = tier
        return tuple(tiers.values())


def _tier(condition: AlertCondition, slo: Slo, period: int, target: Target, minimum: Mapping[str, int]) -> Tier:
    annotations = _annotations(condition)
    name, long_s = condition.metadata.name, condition.lookback_s
    if condition.operator not in ("gt", "gte"):
        raise DefinitionError(
            condition.metadata.place,
            f"tier `{name}` alerts on a burn rate that is `{condition.operator}` its threshold",
            "write `op: gt`: an alert is about burning too fast",
        )
    short_s = condition.alert_after_s or long_s // _SHORT_SHARE
    if not 0 < short_s < long_s:
        raise DefinitionError(
            condition.metadata.place,
            f"tier `{name}` has a short window of {short_s} s and a long one of {long_s} s",
            "make alertAfter (the short window) shorter than lookbackWindow (the long one)",
        )
    if long_s > period:
        raise DefinitionError(
            slo.metadata.place,
            f"tier `{name}` looks back {long_s} s, longer than the {period} s of SLO `{slo.metadata.name}`",
            "shorten lookbackWindow, or leave this tier's policy out of the SLO",
        )
    factor = condition.threshold
    if "threshold-period" in annotations:
        factor = factor * period / annotations["threshold-period"].duration_s()
    events = int(_whole(annotations["minimum-events"])) if "minimum-events" in annotations else 0
    tier = Tier(name, condition.severity, short_s, long_s, factor, minimum.get(name, events))
    budget = 1 - target.ratio
    if not tier.can_fire(budget):
        raise DefinitionError(
            target.place,
            f"tier `{name}` can never fire for SLO `{slo.metadata.name}`: its factor is {number_text(factor)}, but at an "
            f"objective of {number_text(target.ratio)} the burn rate is at most 1/B = {number_text(1 / budget)}",
            f"with this objective a factor below {number_text(1 / budget)} works, with this factor an objective above "
            f"{number_text(1 - 1 / factor)}",
        )
    return tier


def _minimum_events(slo: Slo, tiers: Sequence[str]) -> Mapping[str, int]:
    written = _annotations(slo).get("minimum-events")
    if written is None:
        return {}
    words = written.text().replace(",", " ").split()
    if len(words) == 1 and "=" not in words[0]:
        return dict.fromkeys(tiers, _whole(written))
    found: dict[str, int] = {}
    for word in words:
        name, _, count = word.partition("=")
        if name not in tiers or not count.isdecimal():
            raise written.error(f"has `{word}`", f"write a number, or `tier=number` with tiers out of: {', '.join(tiers)}")
        found[name] = int(count)
    return found


def _whole(written: Located) -> int:
    value: Fraction = written.number()
    if value.denominator != 1 or value < 0:
        raise written.error(f"is {written.text()}", "write a whole number of events")
    return value.numerator


def _annotations(document: Document) -> Mapping[str, Located]:
    """The annotations under our prefix, without it."""
    known = _ANNOTATIONS.get(type(document), ())
    found = {}
    for key, value in document.metadata.annotations.items():
        if not key.startswith(PREFIX):
            continue
        if key.removeprefix(PREFIX) not in known:
            raise value.error(
                f"is no annotation of kind {_kind(document)}",
                f"known here: {', '.join(PREFIX + name for name in known) or 'none'}",
            )
        found[key.removeprefix(PREFIX)] = value
    return found


def _kind(document: Document) -> str:
    return _KIND_NAMES[type(document)]


_KIND_NAMES: Mapping[type, str] = {
    Service: "Service",
    DataSource: "DataSource",
    Sli: "SLI",
    Slo: "SLO",
    AlertPolicy: "AlertPolicy",
    AlertCondition: "AlertCondition",
    NotificationTarget: "AlertNotificationTarget",
}
