"""What a definition means for the person on call: factors, thresholds, how long tiers take to fire and to clear. All exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from slo.objective import Objective
from slo.tiers import Tier

ERROR_RATIOS = (Fraction(1), Fraction(1, 10), Fraction(1, 50), Fraction(1, 100), Fraction(1, 200))
"""The constant error ratios that a table shows: 100, 10, 2, 1 and 0.5 percent."""


@dataclass(frozen=True, slots=True)
class TierRow:
    """A tier under an objective; ``detection_s`` and ``reset_s`` follow the table's error ratios, None: never."""

    tier: Tier
    budget_share: Fraction
    threshold: Fraction
    can_fire: bool
    detection_s: tuple[Fraction | None, ...]
    reset_s: tuple[Fraction | None, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """``largest_burn`` is 1/B: no factor can reach it. ``unreachable`` are the tiers that would have to."""

    objective: str
    target: Fraction
    budget: Fraction
    period_s: int
    largest_burn: Fraction
    error_ratios: tuple[Fraction, ...]
    tiers: tuple[TierRow, ...]
    unreachable: tuple[TierRow, ...]


def explain(objective: Objective, error_ratios: Sequence[Fraction] = ERROR_RATIOS) -> Explanation:
    """The table of an objective's tiers."""
    return Explanation(
        objective.name,
        objective.target,
        objective.budget,
        objective.period_s,
        1 / objective.budget,
        tuple(error_ratios),
        tuple(_row(objective, tier, error_ratios) for tier in objective.tiers),
        tuple(_row(objective, tier, error_ratios) for tier in objective.unreachable),
    )


def _row(objective: Objective, tier: Tier, error_ratios: Sequence[Fraction]) -> TierRow:
    budget = objective.budget
    return TierRow(
        tier,
        tier.budget_share(objective.period_s),
        tier.threshold(budget),
        tier.can_fire(budget),
        tuple(tier.detection_s(budget, ratio) for ratio in error_ratios),
        tuple(tier.reset_s(budget, ratio) for ratio in error_ratios),
    )
