"""The objectives in force: those that ship, and a site's own files beside or in place of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from schemas.ids import IndicatorId
from slo.annotations import kind_name
from slo.binding import Binder, Unevaluated
from slo.catalogue import catalogue
from slo.errors import DefinitionError, Place
from slo.findings import Findings
from slo.objective import Objective
from slo.openslo import DataSource, Document, NotificationTarget, Service, read

_SUFFIXES = (".yaml", ".yml")


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


@dataclass(frozen=True, slots=True)
class Examination:
    """What definitions say, as far as they could be read, and what was found on the way.

    ``named`` are the files that were asked for; where none were, the shipped ones are.
    """

    definitions: Definitions
    named: frozenset[str]
    findings: Findings

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Those of the named files."""
        return tuple(each for each in self.definitions.objectives if self._is_named(each.place))

    @property
    def unevaluated(self) -> tuple[Unevaluated, ...]:
        """Those of the named files."""
        return tuple(each for each in self.definitions.unevaluated if self._is_named(each.place))

    def _is_named(self, place: Place) -> bool:
        return not self.named or place.file in self.named


def load(paths: Iterable[Path] = (), *, shipped: bool = True, strict: bool = False) -> Definitions:
    """The shipped objectives and those of ``paths`` (files, or directories of ``*.yaml``); an object of ``paths`` replaces the
    shipped one of its kind and name. Without ``shipped`` only the presets of tiers stand beside ``paths``. ``strict``: what would
    be passed over is refused.

    Raises:
        DefinitionError: with file, line, column and cure.
        OSError: a path cannot be read.
    """
    examined = examine(paths, shipped=shipped)
    examined.findings.raise_first(strict=strict)
    return examined.definitions


def examine(paths: Iterable[Path] = (), *, shipped: bool = True) -> Examination:
    """As ``load``, but with everything that is wrong instead of the first.

    Raises:
        OSError: a path cannot be read.
    """
    findings = Findings()
    own_files = _files(paths)
    named = frozenset(str(file) for file in own_files)
    own = [document for file in own_files for document in read(_text(file, findings), str(file), findings)]
    house = [
        document
        for folder in ("presets", "definitions")[: 1 + shipped]
        for name, file in _shipped(files("slo").joinpath(folder))
        for document in read(file.read_text("utf-8"), name, findings)
    ]
    if findings.errors:  # what was not read would be missed everywhere
        return Examination(Definitions((), (), (), (), ()), named, findings)
    return Examination(bind(house, own, findings=findings), named, findings)


def bind(*layers: Sequence[Document], findings: Findings) -> Definitions:
    """Resolve ``layers`` of objects into objectives; an object of a later layer replaces the earlier one of its kind and name."""
    named: dict[tuple[type, str], Document] = {}
    for layer in layers:
        own: dict[tuple[type, str], Document] = {}
        for document in layer:
            key = (type(document), document.metadata.name)
            if key in own:
                error = DefinitionError(
                    document.metadata.place,
                    f"{kind_name(type(document))} `{document.metadata.name}` stands already at {own[key].metadata.place}",
                    "rename or delete one of the two",
                )
                findings.errors.append(error)
                continue
            own[key] = document
        named |= own
    binder = Binder(named, catalogue(), findings)
    bound = binder.bind()
    return Definitions(
        tuple(bound.objectives.values()),
        bound.unevaluated,
        binder.of(Service),
        binder.of(DataSource),
        binder.of(NotificationTarget),
    )


def _files(paths: Iterable[Path]) -> list[Path]:
    return [
        file
        for path in paths
        for file in (sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES) if path.is_dir() else [path])
    ]


def _shipped(folder: Traversable) -> list[tuple[str, Traversable]]:
    """The files of a shipped folder and its folders in order, each with its name from there on."""
    found = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            found += [(f"{each.name}/{name}", file) for name, file in _shipped(each)]
        elif each.name.endswith(_SUFFIXES):
            found.append((each.name, each))
    return found


def _text(file: Path, findings: Findings) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        findings.errors.append(DefinitionError(Place(str(file), 1, 1), f"not text: {error}", "save the file as UTF-8 text"))
        return ""
