"""What an error budget came to over a window, as estimators of burn rates take it."""

from fractions import Fraction

import msgspec

from schemas.errors import SchemaError


class BudgetError(SchemaError):
    """Counts or a target that no budget has."""


class BudgetCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Good and bad events of one subject under one objective.

    ``target``: the ratio of good events that is asked for, exact, such as ``0.999`` or ``999/1000``. ``span_s``: how long the
    events took.
    """

    objective: str
    target: str
    good: int
    bad: int
    span_s: float | None = None

    def __post_init__(self) -> None:
        if min(self.good, self.bad) < 0:
            raise BudgetError(f"{self.objective}: {self.good} good and {self.bad} bad events; counts are not below 0")
        if not 0 < self.budget < 1:
            raise BudgetError(f"{self.objective}: target {self.target} leaves no budget; one between 0 and 1 does, such as 0.999")

    @property
    def budget(self) -> Fraction:
        """1 - target."""
        try:
            return 1 - Fraction(self.target)
        except (ValueError, ZeroDivisionError) as error:
            raise BudgetError(f"{self.objective}: target is “{self.target}”; write a ratio such as 0.999") from error
