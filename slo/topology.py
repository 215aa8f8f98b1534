"""What depends on what: a source on its cryostat and laser, a link on its nodes and its fibre.

The file is YAML, one entry a subject::

    cryostat-1: {}
    qdp-helios-01: {depends_on: [cryostat-1]}
    link-ab: {path: [node-a, fibre-ab, node-b]}

``path`` are the parts of a link or route, in order; it depends on them, too. Subjects that nobody describes depend on nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.ids import SubjectId
from slo.errors import DefinitionError
from slo.located import Located, parse


@dataclass(frozen=True, slots=True)
class Topology:
    """``needs``: what each subject depends on directly; ``paths``: the parts of those that are made of others."""

    needs: Mapping[SubjectId, tuple[SubjectId, ...]] = field(default_factory=dict)
    paths: Mapping[SubjectId, tuple[SubjectId, ...]] = field(default_factory=dict)

    def upstream(self, subject: SubjectId) -> tuple[SubjectId, ...]:
        """Everything that a subject depends on, over any way: the nearest first."""
        return _reached(subject, lambda each: self.needs.get(each, ()))

    def downstream(self, subject: SubjectId) -> tuple[SubjectId, ...]:
        """Everything that depends on a subject: the nearest first."""
        return _reached(subject, lambda each: [other for other, needs in self.needs.items() if each in needs])

    @property
    def needed(self) -> tuple[SubjectId, ...]:
        """Everything that something depends on."""
        return tuple(sorted({each for needs in self.needs.values() for each in needs}))

    def members(self, whole: SubjectId) -> tuple[SubjectId, ...]:
        """The parts of a link or route, and the parts' parts."""
        return _reached(whole, lambda each: self.paths.get(each, ()))

    def wholes(self, subject: SubjectId) -> tuple[SubjectId, ...]:
        """Links and routes of which a subject is a part, or a part's part."""
        return _reached(subject, lambda each: [whole for whole, parts in self.paths.items() if each in parts])


def read_topology(file: Path) -> Topology:
    """The topology that a file describes.

    Raises:
        DefinitionError: no such file of YAML, or a subject that depends on itself; with line and cure.
        OSError: it cannot be read.
    """
    needs: dict[SubjectId, tuple[SubjectId, ...]] = {}
    paths: dict[SubjectId, tuple[SubjectId, ...]] = {}
    entries = [entry for document in parse(file.read_text("utf-8"), str(file)) for entry in document.fields().items()]
    for name, entry in entries:
        fields = entry.fields(("depends_on", "path"))
        path = _names(fields.get("path"))
        needs[SubjectId(name)] = (*_names(fields.get("depends_on")), *path)
        if path:
            paths[SubjectId(name)] = path
    topology = Topology(needs, paths)
    for name, entry in entries:
        if SubjectId(name) in topology.upstream(SubjectId(name)):
            raise DefinitionError(entry.place, f"`{name}` depends on itself", "take one of the dependencies on the way out")
    return topology


def _names(written: Located | None) -> tuple[SubjectId, ...]:
    return () if written is None else tuple(SubjectId(each.text()) for each in written.items())


def _reached(start: SubjectId, following: Callable[[SubjectId], Iterable[SubjectId]]) -> tuple[SubjectId, ...]:
    found: dict[SubjectId, None] = {}
    level = list(following(start))
    while level:
        found |= dict.fromkeys(level)
        level = [each for reached in level for each in following(reached) if each not in found]
    return tuple(found)
