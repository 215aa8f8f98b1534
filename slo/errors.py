"""What can be wrong with definitions and with the samples that they judge."""

from dataclasses import dataclass


class SloError(ValueError):
    """The family of this room."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a definition file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class DefinitionError(SloError):
    """A definition that cannot hold. The message reads ``file:line:column: what is wrong; what to do``."""

    def __init__(self, place: Place, what: str, cure: str) -> None:
        super().__init__(f"{place}: {what}; {cure}")
        self.place = place
        self.what = what
        self.cure = cure


class UnreachableTierError(DefinitionError):
    """A tier whose threshold no error ratio can exceed."""


class SeriesError(SloError):
    """A file of events or exclusions that cannot be used. The message reads ``place: what is wrong; what to do``."""

    def __init__(self, place: str, what: str, cure: str) -> None:
        super().__init__(f"{place}: {what}; {cure}")
        self.place = place
        self.what = what
        self.cure = cure


class SampleError(SloError):
    """A sample that contradicts itself or its definition. It is judged by no objective and changes no state."""
