"""A tier of a multi-window, multi-burn-rate alert, and the exact arithmetic that follows from it.

Source: The Site Reliability Workbook, chapter 5 (Alerting on SLOs); conventions: docs, "SLO conventions".
"""

from dataclasses import dataclass
from fractions import Fraction

PAGE = "page"
SEVERITIES = (PAGE, "ticket")
"""From the most severe down: a firing one inhibits those after it, of the same objective and subject."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Fires while the error ratios of both windows are **strictly** above factor · budget.

    ``minimum_events`` good and bad events must stand in the long window before it may fire.
    """

    name: str
    severity: str
    short_s: int
    long_s: int
    factor: Fraction
    minimum_events: int = 0

    def threshold(self, budget: Fraction) -> Fraction:
        """The error ratio above which it fires."""
        return self.factor * budget

    def budget_share(self, period_s: int) -> Fraction:
        """The share of a period's budget that is gone when burning at exactly ``factor`` for one long window."""
        return self.factor * self.long_s / period_s

    def detection_s(self, budget: Fraction, error_ratio: Fraction) -> Fraction | None:
        """Seconds of constant ``error_ratio`` after perfect health until it fires; None: never."""
        threshold = self.threshold(budget)
        return threshold * self.long_s / error_ratio if error_ratio > threshold else None

    def reset_s(self, budget: Fraction, error_ratio: Fraction) -> Fraction | None:
        """Seconds after the end of a long stretch of ``error_ratio`` until it clears; None: it never fired."""
        threshold = self.threshold(budget)
        return self.short_s * (1 - threshold / error_ratio) if error_ratio > threshold else None

    def can_fire(self, budget: Fraction) -> bool:
        """Whether any error ratio is strictly above the threshold: the largest burn rate is 1/B."""
        return self.threshold(budget) < 1


def factor_of_share(share: Fraction, period_s: int, long_s: int) -> Fraction:
    """The burn rate that spends ``share`` of a period's budget within one long window."""
    return share * period_s / long_s
