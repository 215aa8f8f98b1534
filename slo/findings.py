"""What reading definitions found: errors, and remarks, which strictness makes errors too."""

from dataclasses import dataclass, field

from slo.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class Findings:
    """Filled while definitions are read; in the order in which they were found."""

    errors: list[DefinitionError] = field(default_factory=list)
    """What cannot hold."""
    remarks: list[DefinitionError] = field(default_factory=list)
    """What is passed over, or probably meant otherwise."""

    def refused(self, *, strict: bool) -> tuple[DefinitionError, ...]:
        """What speaks against the definitions: the errors; strictly, before them the remarks, which may be their cause."""
        return (*(self.remarks if strict else ()), *self.errors)

    def raise_first(self, *, strict: bool) -> None:
        """
        Raises:
            DefinitionError: the first of what is refused.
        """
        for error in self.refused(strict=strict):
            raise error
