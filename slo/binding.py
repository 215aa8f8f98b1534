"""From OpenSLO objects to objectives: references resolved, annotations read, everything that cannot hold refused."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import TypeVar

from schemas.ids import IndicatorId
from slo.annotations import annotations, event_counts, kind_name, limits_by_severity, whole_number
from slo.catalogue import Catalogue
from slo.composite import cycle, leaves, nominal_budget
from slo.errors import DefinitionError, Place
from slo.findings import Findings
from slo.located import Located
from slo.objective import Composite, Criterion, EmptySlices, Method, Mode, Objective, Operator, Part
from slo.openslo import (
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
)
from slo.period import CalendarWindow, period_s
from slo.tier_binding import TierGround, chosen_tiers, default_tiers, short_window_s
from slo.tiers import SEVERITIES, Tier

Named = Mapping[tuple[type, str], Document]
"""Documents by kind and name."""
D = TypeVar("D", bound=Document)
_Choice = TypeVar("_Choice", EmptySlices, Mode)


@dataclass(frozen=True, slots=True)
class Unevaluated:
    """An SLO that loads but that nothing here can judge, and why."""

    slo: str
    reason: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """Objectives by name, and SLOs that are none."""

    objectives: Mapping[str, Objective]
    unevaluated: tuple[Unevaluated, ...]


class Binder:
    """Binds ``named`` documents, of which ``indicators`` says what is measured. What is wrong goes into ``findings``."""

    def __init__(self, named: Named, indicators: Catalogue, findings: Findings) -> None:
        self._named = named
        self._indicators = indicators
        self._findings = findings
        self._objectives: dict[str, Objective] = {}
        self._unevaluated: list[Unevaluated] = []

    def bind(self) -> Bound:
        """Every objective that can be made."""
        for document in self._named.values():
            self._try(partial(annotations, document))
            self._remark_dangling(document)
        for slo in self.of(Slo):
            self._try(partial(self._slo, slo))
        self._check_composites()
        return Bound(
            {name: self._objectives[name] for name in sorted(self._objectives)},
            tuple(sorted(self._unevaluated, key=lambda each: each.slo)),
        )

    def of(self, kind: type[D]) -> tuple[D, ...]:
        """All documents of a kind."""
        return tuple(document for document in self._named.values() if isinstance(document, kind))

    def _slo(self, slo: Slo) -> None:
        if slo.window is None:
            reason = "it names no timeWindow, and a budget needs one"
            self._unevaluated.append(Unevaluated(slo.metadata.name, reason, slo.metadata.place))
            cure = "add for example `timeWindow: [{duration: 30d, isRolling: true}]`"
            what = f"SLO `{slo.metadata.name}` is not judged: {reason}"
            self._findings.remarks.append(DefinitionError(slo.metadata.place, what, cure))
            return
        made = self._composite(slo) if any(target.indicator for target in slo.targets) else self._measured(slo)
        for objective in made:
            if objective.name in self._objectives:
                raise DefinitionError(
                    objective.place,
                    f"objective `{objective.name}` has the name of the one at {self._objectives[objective.name].place}",
                    "rename one of the SLOs",
                )
            self._objectives[objective.name] = objective

    def _measured(self, slo: Slo) -> list[Objective]:
        if slo.indicator is None:
            raise DefinitionError(slo.metadata.place, f"SLO `{slo.metadata.name}` names no indicator", "add `indicatorRef:`")
        sli = self._resolve(Sli, slo.indicator)
        made = []
        for name, target in zip(_names(slo), slo.targets, strict=True):
            objective = self._objective(slo, name, target, self._criterion(sli, slo, target))
            tiers, unreachable = self._tiers(slo, target.ratio, target, watched=objective.criterion is not None)
            silent = objective.no_data_alerts or (self._no_data(slo) if objective.criterion else ())
            made.append(replace(objective, tiers=tiers, unreachable=unreachable, no_data_alerts=silent))
        return made

    def _composite(self, slo: Slo) -> list[Objective]:
        """The parts that measure something, and the whole."""
        written = annotations(slo)
        for counted in ("exhaustion-alert", "event-window"):
            if counted in written:
                raise written[counted].error("stands at a composite, whose budget is not counted in events", "delete it")
        mode = _choice(written.get("composite"), Mode, Mode.WEIGHTED)
        parts: list[Part] = []
        made: list[Objective] = []
        for number, target in enumerate(slo.targets, 1):
            indicator = target.indicator or slo.indicator
            if indicator is None:
                raise DefinitionError(
                    target.place, f"a part of the composite `{slo.metadata.name}` names no indicator", "add `indicatorRef:`"
                )
            sli = self._resolve(Sli, indicator)
            other = annotations(sli).get("objective")
            name = other.text() if other else f"{slo.metadata.name}.{number}"
            if other is None:
                part = self._objective(slo, name, target, self._criterion(sli, slo, target))
                made.append(replace(part, subjects=(), no_data_alerts=()))  # those are the whole's
            parts.append(Part(name, target.weight, target.ratio))
        composite = Composite(mode, tuple(parts))
        target_ratio = 1 - nominal_budget(composite)
        whole = replace(
            self._objective(slo, slo.metadata.name, slo.targets[0], None),
            display_name=slo.metadata.display_name or slo.metadata.name,
            target=target_ratio,
            composite=composite,
        )
        tiers, unreachable = self._tiers(slo, target_ratio, slo.targets[0], watched=True)
        silent = whole.no_data_alerts or self._no_data(slo)
        return [*made, replace(whole, tiers=tiers, unreachable=unreachable, no_data_alerts=silent)]

    def _objective(self, slo: Slo, name: str, target: Target, criterion: Criterion | None) -> Objective:
        """An objective without tiers."""
        written = annotations(slo)
        assert slo.window is not None  # noqa: S101 - _slo looked
        return Objective(
            name=name,
            slo=slo.metadata.name,
            service=slo.service.name,
            display_name=target.display_name or slo.metadata.display_name or name,
            description=slo.description,
            criterion=criterion,
            target=target.ratio,
            window=slo.window,
            method=Method(slo.method),
            slice_ratio=target.slice_ratio,
            slice_s=target.slice_s,
            tiers=(),
            runbook=written["runbook"].text() if "runbook" in written else "",
            place=target.place,
            subjects=tuple(written["subjects"].text().replace(",", " ").split()) if "subjects" in written else (),
            empty_slices=_choice(written.get("empty-slices"), EmptySlices, EmptySlices.EXCLUDED),
            event_window=_event_window(written),
            exclusion_cap=_cap(written),
            critical="critical" in written and written["critical"].flag(),
            exhaustion_alerts=limits_by_severity(written["exhaustion-alert"], "<") if "exhaustion-alert" in written else (),
            no_data_alerts=limits_by_severity(written["no-data-alert"], ">") if "no-data-alert" in written else (),
        )

    def _criterion(self, sli: Sli, slo: Slo, target: Target) -> Criterion | None:
        written = annotations(sli)
        if "indicator" not in written:
            return None
        indicator = self._indicators.get(IndicatorId(written["indicator"].text()))
        if indicator is None:
            raise written["indicator"].error(
                f"is `{written['indicator'].text()}`, no indicator that photonwatch knows",
                f"name one of: {', '.join(self._indicators)}",
            )
        if "unit" in written and written["unit"].text() != indicator.unit:
            raise written["unit"].error(
                f"is `{written['unit'].text()}`, but {indicator.id} ({indicator.name}) comes in `{indicator.unit}`",
                f"convert the threshold and write `{indicator.unit}`",
            )
        events = event_counts(sli)
        operator, value = target.operator, target.value
        if events:
            operator, value = ("gte", target.ratio) if events.good else ("lte", 1 - target.ratio)
        if operator is None or value is None:
            raise DefinitionError(
                target.place,
                f"an objective of {indicator.id} needs `op` and `value`",
                "add for example `op: lt` and `value: 0.5`",
            )
        of_slo = annotations(slo)
        return Criterion(
            indicator.id,
            indicator.name,
            indicator.unit,
            Operator(operator),
            value,
            tuple(of_slo["systems"].text().replace(",", " ").split()) if "systems" in of_slo else (),
            written["integration"].duration_s() if "integration" in written else None,
            events,
        )

    def _tiers(
        self, slo: Slo, target_ratio: Fraction, target: Target, *, watched: bool
    ) -> tuple[tuple[Tier, ...], tuple[Tier, ...]]:
        assert slo.window is not None  # noqa: S101 - _slo looked
        moving = isinstance(slo.window, CalendarWindow) or "event-window" in annotations(slo)
        ground = TierGround(slo, period_s(slo.window), target_ratio, target.place, watched, moving)
        breaching = self._conditions(policy for policy in self._policies(slo) if policy.when_breaching)
        if slo.policies is None:
            return default_tiers(ground, breaching)
        return chosen_tiers(ground, breaching, self._findings.errors)

    def _no_data(self, slo: Slo) -> tuple[tuple[str, int], ...]:
        """Of policies that alert where there is no data: each severity, after the shortest short window of its conditions."""
        limits: dict[str, int] = {}
        for condition in self._conditions(policy for policy in self._policies(slo) if policy.when_no_data):
            if condition.severity not in SEVERITIES:
                raise DefinitionError(
                    condition.metadata.place,
                    f"condition `{condition.metadata.name}` has the severity `{condition.severity}`",
                    f"write one of {', '.join(SEVERITIES)}",
                )
            limits[condition.severity] = min(short_window_s(condition), limits.get(condition.severity, condition.lookback_s))
        return tuple(sorted(limits.items()))

    def _policies(self, slo: Slo) -> list[AlertPolicy]:
        """Those that an SLO names; where it does not speak of alerting, the default ones."""
        if slo.policies is None:
            return [policy for policy in self.of(AlertPolicy) if (mark := annotations(policy).get("default")) and mark.flag()]
        return [self._resolve(AlertPolicy, policy) for policy in slo.policies]

    def _conditions(self, policies: Iterable[AlertPolicy]) -> list[AlertCondition]:
        return [self._resolve(AlertCondition, condition) for policy in policies for condition in policy.conditions]

    def _resolve(self, kind: type[D], given: D | Reference) -> D:
        if not isinstance(given, Reference):
            return given
        found = self._named.get((kind, given.name))
        if not isinstance(found, kind):
            raise self._missing(kind, given)
        return found

    def _missing(self, kind: type, given: Reference) -> DefinitionError:
        known = ", ".join(sorted(each.metadata.name for each in self._named.values() if isinstance(each, kind)))
        return DefinitionError(
            given.place, f"there is no {kind_name(kind)} `{given.name}`", f"define it, or name one of: {known or 'none so far'}"
        )

    def _remark_dangling(self, document: Document) -> None:
        """Remark references that evaluation does not need, but somebody else may."""
        references: list[tuple[type, Reference]] = []
        match document:
            case Sli():
                references = [(DataSource, each) for each in document.data_sources]
            case Slo():
                references = [(Service, document.service)]
            case AlertPolicy():
                references = [(NotificationTarget, each) for each in document.targets if isinstance(each, Reference)]
            case _:
                pass
        self._findings.remarks.extend(
            self._missing(kind, each) for kind, each in references if (kind, each.name) not in self._named
        )

    def _check_composites(self) -> None:
        wholes = {name: each.composite for name, each in self._objectives.items() if each.composite}
        for name, composite in wholes.items():
            place = self._objectives[name].place
            for part in composite.parts:
                if part.objective not in self._objectives:
                    known = ", ".join(sorted(self._objectives))
                    error = DefinitionError(place, f"there is no objective `{part.objective}`", f"name one of: {known}")
                    self._findings.errors.append(error)
            loop = cycle(name, wholes)
            if loop and min(loop) == name:
                way = " → ".join(f"`{each}`" for each in loop)
                self._findings.errors.append(
                    DefinitionError(place, f"composite {way} contains itself", "take one of these out of the one before it")
                )
            if not loop:
                self._findings.errors.extend(self._shorter(self._objectives[name], leaves(composite, wholes)))

    def _shorter(self, whole: Objective, parts: Iterable[str]) -> Iterable[DefinitionError]:
        """What a part has forgotten no composite of it can count."""
        for name in parts:
            part = self._objectives.get(name)
            if part is not None and part.period_s < whole.period_s:
                what = f"`{whole.name}` counts {whole.period_s} s, its part `{name}` only {part.period_s} s"
                yield DefinitionError(whole.place, what, "give the part a timeWindow as long as the composite's")

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except DefinitionError as error:
            if str(error) not in {str(known) for known in self._findings.errors}:
                self._findings.errors.append(error)


def _names(slo: Slo) -> list[str]:
    """What an SLO's objectives are called: as itself where it has one."""
    if len(slo.targets) == 1:
        return [slo.metadata.name]
    return [f"{slo.metadata.name}.{number}" for number in range(1, len(slo.targets) + 1)]


def _choice(written: Located | None, choices: type[_Choice], default: _Choice) -> _Choice:
    if written is None:
        return default
    try:
        return choices(written.text())
    except ValueError:
        raise written.error(f"is `{written.text()}`", f"write one of {', '.join(choices)}") from None


def _event_window(written: Mapping[str, Located]) -> int | None:
    if "event-window" not in written:
        return None
    events = whole_number(written["event-window"])
    if not events:
        raise written["event-window"].error("is 0", "write how many of the last events the budget is about")
    return events


def _cap(written: Mapping[str, Located]) -> Fraction:
    if "exclusion-cap" not in written:
        return Fraction(1)
    cap = written["exclusion-cap"].number()
    if not 0 <= cap <= 1:
        raise written["exclusion-cap"].error(f"is {written['exclusion-cap'].text()}", "write a ratio from 0 to 1")
    return cap
