"""The indicators that exist: what an id means and in which unit its estimates come."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from schemas.ids import IndicatorId
from slo.located import parse

_FILE = "indicators.yaml"


@dataclass(frozen=True, slots=True)
class Indicator:
    id: IndicatorId
    name: str
    unit: str


Catalogue = Mapping[IndicatorId, Indicator]


def catalogue() -> Catalogue:
    """The shipped table of indicators, read from its file.

    Raises:
        DefinitionError: the file is damaged.
    """
    (table,) = parse(files("slo").joinpath(_FILE).read_text("utf-8"), _FILE)
    found = {}
    for key, row in table.fields().items():
        fields = row.fields(("name", "unit"))
        found[IndicatorId(key)] = Indicator(IndicatorId(key), fields["name"].text(), fields["unit"].text())
    return found
