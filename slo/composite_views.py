"""Views of composites for ClickHouse: the tables that the SQL in slo/views needs, and that SQL for as deep as composites go."""

import re
from collections.abc import Iterable, Mapping, Sequence

from slo.exact import number_text
from slo.objective import Composite, Objective
from slo.view_text import constants, numbers, quoted, shipped

_BITS = 200
"""Numbers may become so large on the way: products with what thresholds add must fit into 256 bits."""
_DEFINITION: Mapping[str, str] = {
    "objective": "String",
    "service": "String",
    "target": "String",
    "mode": "String",
    "lengths": "Array(UInt32)",
    "period_s": "UInt32",
    "changes": "Array(Int64)",
    "even_start": "Nullable(Int64)",
    "about": "String",
    "not_about": "String",
}
_PART: Mapping[str, str] = {
    "root": "String",
    "node": "String",
    "depth": "UInt8",
    "mode": "String",
    "leaf": "String",
    "child": "String",
    "weight_numerator": "Int256",
    "weight_denominator": "Int256",
    "budget_numerator": "Int256",
    "budget_denominator": "Int256",
}
_NOBODY = "^$"


class CompositeTables:
    """The composites among objectives, as tables. ``node`` names a composite inside ``root``: numbers of parts on the way."""

    def __init__(self, objectives: Iterable[Objective]) -> None:
        self._wholes = {each.name: each for each in objectives if each.composite}
        self._composites = {name: each.composite for name, each in self._wholes.items() if each.composite}
        self._parts = [row for name, composite in self._composites.items() for row in self._rows(name, "", 0, composite)]

    @property
    def wholes(self) -> Sequence[Objective]:
        return tuple(self._wholes.values())

    @property
    def leaves(self) -> Sequence[str]:
        """The objectives that measure something for a composite."""
        return sorted({leaf for *_, leaf, _, _, _, _, _ in self._parts if leaf})

    def definitions(self, calendars: Mapping[str, Sequence[str]]) -> str:
        """``calendars``: what is known of each one's periods, by name."""
        return constants(_DEFINITION, [self._definition(each, calendars[each.name]) for each in self.wholes])

    def parts(self) -> str:
        rows = [
            [quoted(root), quoted(node), str(depth), quoted(mode), quoted(leaf), quoted(child), *map(quoted, map(str, ratios))]
            for root, node, depth, mode, leaf, child, *ratios in self._parts
        ]
        return constants(_PART, rows)

    def windows(self) -> str:
        """The statement of ``slo_composite_windows``."""
        deepest = max((depth for _, _, depth, *_ in self._parts), default=0)
        level = ""
        for depth in range(deepest, -1, -1):
            inner = shipped("composite_inner").replace("<LEVEL>", level) if level else ""
            level = shipped("composite_level").replace("<INNER>", inner).replace("<DEPTH>", str(depth))
        return shipped("slo_composite_windows").replace("<LEVEL>", level).replace("<BITS>", str(_BITS))

    @staticmethod
    def summed() -> str:
        """The statement of ``slo_composite_summed``."""
        return shipped("averaged_windows").replace("<PLACED>", shipped("composite_placed"))

    def _rows(
        self, root: str, node: str, depth: int, composite: Composite
    ) -> Iterable[tuple[str, str, int, str, str, str, int, int, int, int]]:
        for place, part in enumerate(composite.parts):
            inner = self._composites.get(part.objective)
            child = f"{node}/{place}" if inner else ""
            leaf = "" if inner else part.objective
            ratios = (*part.weight.as_integer_ratio(), *part.budget.as_integer_ratio())
            yield root, node, depth, composite.mode.value, leaf, child, *ratios
            if inner:
                yield from self._rows(root, child, depth + 1, inner)

    @staticmethod
    def _definition(whole: Objective, calendar: Sequence[str]) -> list[str]:
        mode = whole.composite.mode.value if whole.composite else ""
        named = [each for each in whole.subjects if not each.startswith("!")]
        taken_out = [each[1:] for each in whole.subjects if each.startswith("!")]
        return [
            quoted(whole.name),
            quoted(whole.service),
            quoted(number_text(whole.target)),
            quoted(mode),
            numbers(whole.windows_s),
            str(whole.period_s),
            *calendar,
            quoted(_matching(named) if named else ""),
            quoted(_matching(taken_out) if taken_out else _NOBODY),
        ]


def _matching(patterns: Iterable[str]) -> str:
    """What any of these shell patterns matches, as ClickHouse's regular expressions have it."""
    return "^(?s:" + "|".join(map(_expression, patterns)) + ")$"


def _expression(pattern: str) -> str:
    tokens = re.findall(r"\[!?\]?[^\]]*\]|.", pattern, re.DOTALL)
    return "".join(_SIGNS.get(each) or (_set(each) if len(each) > 1 else re.escape(each)) for each in tokens)


def _set(written: str) -> str:
    """``[!a-c]`` as ``[^a-c]``."""
    inside = written[1:-1].replace("\\", "\\\\")
    return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"


_SIGNS: Mapping[str, str] = {"*": ".*", "?": "."}
