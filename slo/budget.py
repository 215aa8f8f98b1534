"""The error budget of one subject under one objective, as of an event time."""

from dataclasses import dataclass
from fractions import Fraction

from schemas.ids import SubjectId
from slo.burn import burn_rate, error_ratio
from slo.counts import Amount, Counts

_WHOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class BudgetSnapshot:
    """Counts in every window (by length in seconds, ascending; the last is the period), and the budget that they leave.

    ``budget`` is B = 1 - objective. Everything derived is exact; undefined without events.
    """

    objective: str
    subject: SubjectId
    at_unix_s: int
    budget: Fraction
    windows: tuple[tuple[int, Counts], ...]

    @property
    def period(self) -> Counts:
        return self.windows[-1][1]

    def counts(self, window_s: int) -> Counts:
        """Raises KeyError: no such window."""
        return dict(self.windows)[window_s]

    def error_ratio(self, window_s: int) -> Fraction | None:
        return error_ratio(self.counts(window_s))

    def burn_rate(self, window_s: int) -> Fraction | None:
        return burn_rate(self.counts(window_s), self.budget)

    @property
    def total(self) -> Fraction:
        """Bad events that the period's events allow."""
        return self.budget * self.period.events

    @property
    def used(self) -> Amount:
        """Bad events in the period."""
        return self.period.bad

    @property
    def remaining_events(self) -> Fraction:
        """Bad events that are still allowed; negative when overspent."""
        return self.total - self.used

    @property
    def remaining_ratio(self) -> Fraction | None:
        """Share of the budget that is left; negative when overspent, never clamped."""
        burnt = burn_rate(self.period, self.budget)
        return None if burnt is None else 1 - burnt if burnt else _WHOLE
