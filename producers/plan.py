"""What every kind of planned measurement shares."""

import msgspec

from producers.errors import SourceError
from schemas.records import Parameter


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A measurement that a device makes again and again: begun every ``every_s``, done after ``takes_s``."""

    every_s: float = 30.0
    takes_s: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.takes_s <= self.every_s:
            raise SourceError(f"a measurement of {self.takes_s:g} s every {self.every_s:g} s: it must be done before the next")

    @property
    def conditions(self) -> dict[str, Parameter]:
        """What was set for it, and is told with it."""
        return {}
