"""YAML values that know where they stand, so that every refusal names file, line and column. Numbers are read exactly.

Whether an unknown key is refused or only remarked is decided where a file is parsed: strictly, or with a list for remarks.
"""

import difflib
import re
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Self

import yaml

from slo.errors import DefinitionError, Place

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
"""The standard's duration postfixes of fixed length, and seconds, which it lacks."""
_DURATION = re.compile(rf"0*[1-9][0-9]{{0,9}}[{''.join(SECONDS)}]")
_FLAGS = {"true": True, "false": False}
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml, where PyYAML was built with it: the same nodes and places in a tenth of the time."""
_DEEPEST = 100
"""Composing goes down by recursion, in libyaml's case without looking where the stack ends."""
_MAX_EXPONENT = 30
"""Decimals of more digits than this on either side of the point are a mistake, or an attempt to fill the memory."""


class Located:
    """A node of a YAML file. ``path`` is how a person would name it, for example ``spec.objectives[0].target``.

    ``remarks`` collects unknown keys; where it is None they are refused.
    """

    __slots__ = ("file", "node", "path", "remarks")

    def __init__(self, file: str, node: yaml.Node, path: str = "", remarks: list[DefinitionError] | None = None) -> None:
        self.file = file
        self.node = node
        self.path = path
        self.remarks = remarks

    @property
    def place(self) -> Place:
        mark = self.node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def error(self, what: str, cure: str) -> DefinitionError:
        """A refusal of this value, to be raised by the caller."""
        return DefinitionError(self.place, f"{self.path or 'the document'} {what}", cure)

    def fields(self, known: Collection[str] | None = None) -> dict[str, Self]:
        """A mapping's values by key; a merge key (``<<``) adds what the mapping itself does not say, a key
        without a value is absent.

        Raises:
            DefinitionError: not a mapping, a key twice, or (strictly) a key outside ``known``, where that is given.
        """
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("must be a mapping", "write `key: value` lines under it")
        found: dict[str, Self] = {}
        merged: dict[str, Self] = {}
        for key_node, value_node in self.node.value:
            if key_node.tag == _MERGE:
                for each in value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]:
                    merged = self._at(each, self.path).fields(known) | merged
                continue
            key = self._at(key_node, "").text()
            value = self._at(value_node, f"{self.path}.{key}" if self.path else key)
            if key in found:
                raise self._at(key_node, value.path).error("stands twice", "keep one of the two")
            if known is not None and key not in known:
                near = difflib.get_close_matches(key, list(known), 1)
                cure = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(sorted(known))}"
                unknown = self._at(key_node, value.path).error("is not a field of OpenSLO v1", cure)
                if self.remarks is None:
                    raise unknown
                self.remarks.append(unknown)
                continue
            found[key] = value
        return {key: value for key, value in (merged | found).items() if value.node.tag != _NULL}

    def required(self, name: str) -> Self:
        """A mapping's value of that key.

        Raises:
            DefinitionError: it has none.
        """
        fields = self.fields()
        if name not in fields:
            near = difflib.get_close_matches(name, list(fields), 1, cutoff=0.8)
            raise self.error(f"lacks `{name}`", f"rename `{near[0]}` to it" if near else f"add `{name}:` to it")
        return fields[name]

    def items(self) -> list[Self]:
        """A sequence's values."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("must be a list", "write `- ` before each entry")
        return [self._at(node, f"{self.path}[{index}]") for index, node in enumerate(self.node.value)]

    @property
    def is_text(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def text(self) -> str:
        """A scalar as it is written."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("must be a single value", "write it on one line")
        return str(self.node.value)

    def with_text(self, part: str) -> Self:
        """A part of this text, at the same place: values that hold several."""
        return self._at(yaml.ScalarNode("tag:yaml.org,2002:str", part, self.node.start_mark, self.node.end_mark), self.path)

    def flag(self) -> bool:
        written = self.text().lower()
        if written not in _FLAGS:
            raise self.error(f"is `{self.text()}`", "write true or false")
        return _FLAGS[written]

    def number(self) -> Fraction:
        """A decimal, exactly as written: 99.9 is 999/10."""
        try:
            decimal = Decimal(self.text())
        except InvalidOperation:
            raise self.error(f"is `{self.text()}`, not a number", "write a decimal such as 0.999") from None
        if not decimal.is_finite() or (decimal and abs(decimal.adjusted()) > _MAX_EXPONENT):
            raise self.error(f"is `{self.text()}`, out of range", "write a finite decimal such as 0.999")
        return Fraction(decimal)

    def duration_s(self) -> int:
        """Whole seconds of a duration such as 30d; months, quarters and years have no fixed length and are refused here."""
        written = self.text()
        if not _DURATION.fullmatch(written):
            raise self.error(
                f"is `{written}`, not a duration of fixed length", f"write a positive integer and one of {' '.join(SECONDS)}"
            )
        return int(written[:-1]) * SECONDS[written[-1]]

    def _at(self, node: yaml.Node, path: str) -> Self:
        return type(self)(self.file, node, path, self.remarks)


def parse(text: str, file: str, remarks: list[DefinitionError] | None = None) -> list[Located]:
    """The YAML documents in ``text``, empty ones left out; ``file`` is the name that errors give, ``remarks`` takes unknown keys
    where these are not to be refused.

    Raises:
        DefinitionError: not YAML.
    """
    try:
        if _depth(text) > _DEEPEST:
            raise DefinitionError(Place(file, 1, 1), "nested too deeply", "write definitions as the standard shows them")
        nodes = list(yaml.compose_all(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise DefinitionError(
            place, f"not YAML: {error.problem or error.context}", "mend the syntax here or just above"
        ) from None
    except yaml.YAMLError as error:
        raise DefinitionError(Place(file, 1, 1), f"not YAML: {error}", "save the file as UTF-8 text") from None
    return [Located(file, node, "", remarks) for node in nodes if node is not None and node.tag != _NULL]


def _depth(text: str) -> int:
    """How many collections lie in each other at most; counted no further than it may be."""
    depth = deepest = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        deepest = max(deepest, depth)
        if deepest > _DEEPEST:
            break
    return deepest
