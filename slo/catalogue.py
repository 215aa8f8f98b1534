"""The indicators that exist: what an id means, in which unit its estimates come, how it is computed and judged by default."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from schemas.ids import IndicatorId
from slo.located import Located, parse
from slo.objective import Criterion, Operator

_FILE = "indicators.yaml"
_FIELDS = ("name", "unit", "better", "topic", "estimators", "parameters", "target", "note", "fooled_by", "derived_from")
_UPWARD = (Operator.GREATER, Operator.AT_LEAST)

SYSTEMS: Mapping[str, str] = {
    "spi": "spin-photon interface",
    "spc": "spin-photon coupling",
    "sps": "single-photon source",
    "qic": "quantum interconnect",
    "qdp": "quantum-dot photon source",
}
"""The kinds of system, by the prefix of their indicators."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row. ``estimators`` are names, in the order in which they are tried on data at hand; ``parameters``, as written, go
    before the estimator's own defaults.

    ``target`` is None where it depends on the device; ``note`` says then on what.
    """

    id: IndicatorId
    name: str
    unit: str
    better: Literal["higher", "lower"]
    topic: str
    estimators: tuple[str, ...]
    parameters: Mapping[str, str]
    target: Criterion | None
    note: str
    fooled_by: str
    derived_from: tuple[IndicatorId, ...] = ()

    @property
    def systems(self) -> tuple[str, ...]:
        """Whose devices have it, as prefixes."""
        return (self.id.partition(".")[0],)


Catalogue = Mapping[IndicatorId, Indicator]


def catalogue() -> Catalogue:
    """The shipped table of indicators, read from its file.

    Raises:
        DefinitionError: the file is damaged.
    """
    (table,) = parse(files("slo").joinpath(_FILE).read_text("utf-8"), _FILE)
    return {IndicatorId(key): _indicator(IndicatorId(key), row) for key, row in table.fields().items()}


def _indicator(key: IndicatorId, row: Located) -> Indicator:
    fields = row.fields(_FIELDS)
    name, unit = row.required("name").text(), row.required("unit").text()
    target = _target(key, name, unit, fields["target"]) if "target" in fields else None
    better = row.required("better")
    direction: Literal["higher", "lower"] = "higher" if better.text() == "higher" else "lower"
    if better.text() not in {"higher", "lower"} or (
        target is not None and (target.operator in _UPWARD) is not (direction == "higher")
    ):
        raise better.error(f"is `{better.text()}`", "write higher or lower, as the target's operator has it")
    return Indicator(
        id=key,
        name=name,
        unit=unit,
        better=direction,
        topic=row.required("topic").text(),
        estimators=tuple(each.text() for each in row.required("estimators").items()),
        parameters={field: value.text() for field, value in fields["parameters"].fields().items()}
        if "parameters" in fields
        else {},
        target=target,
        note=fields["note"].text() if "note" in fields else "",
        fooled_by=row.required("fooled_by").text(),
        derived_from=tuple(IndicatorId(each.text()) for each in fields["derived_from"].items())
        if "derived_from" in fields
        else (),
    )


def _target(key: IndicatorId, name: str, unit: str, row: Located) -> Criterion:
    return Criterion(key, name, unit, Operator(row.required("op").text()), row.required("value").number())
