"""From alert conditions to the tiers of one objective: windows, the factor for its period, and what can never fire refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from slo.annotations import annotations, whole_number
from slo.errors import DefinitionError, Place, UnreachableTierError
from slo.exact import number_text
from slo.openslo import AlertCondition, Slo
from slo.tiers import SEVERITIES, Tier

_SHORT_SHARE = 12
"""Long window over short window where a condition names no short one; the ratio of the classic tiers."""


@dataclass(frozen=True, slots=True)
class TierGround:
    """What tiers stand on: an objective's SLO, period, target and place. ``watched``: it is judged here, by our severities.
    ``moving``: the period is a calendar's, or that of the last so many events; a tier that looks back as long means other time.
    """

    slo: Slo
    period_s: int
    target: Fraction
    place: Place
    watched: bool
    moving: bool

    @property
    def longest_s(self) -> int:
        """How long tiers may look back."""
        return self.period_s - self.moving


def default_tiers(ground: TierGround, conditions: Iterable[AlertCondition]) -> tuple[tuple[Tier, ...], tuple[Tier, ...]]:
    """The tiers of an SLO that does not speak of alerting, and those that its objective leaves no room for; tiers that look back
    too long are neither.
    """
    fitting = [condition for condition in conditions if condition.lookback_s <= ground.longest_s]
    minimum = _minimum_events(ground, [condition.metadata.name for condition in fitting])
    tiers = [_tier(ground, condition, minimum) for condition in fitting]
    budget = 1 - ground.target
    return tuple(tier for tier in tiers if tier.can_fire(budget)), tuple(tier for tier in tiers if not tier.can_fire(budget))


def chosen_tiers(
    ground: TierGround, conditions: Sequence[AlertCondition], errors: list[DefinitionError]
) -> tuple[tuple[Tier, ...], tuple[Tier, ...]]:
    """The tiers that an SLO's policies name, and those that can never fire; each of the latter is an error, too.

    Raises:
        DefinitionError: a tier that cannot be, or that stands twice.
    """
    minimum = _minimum_events(ground, [condition.metadata.name for condition in conditions])
    tiers: dict[str, Tier] = {}
    unreachable: list[Tier] = []
    for condition in conditions:
        tier = _tier(ground, condition, minimum)
        if tier.name in tiers:
            raise DefinitionError(
                ground.slo.metadata.place,
                f"SLO `{ground.slo.metadata.name}` has the tier `{tier.name}` twice",
                "keep one of its policies",
            )
        if ground.watched and tier.severity not in SEVERITIES:
            raise DefinitionError(
                condition.metadata.place,
                f"tier `{tier.name}` has the severity `{tier.severity}`",
                f"write one of {', '.join(SEVERITIES)}",
            )
        tiers[tier.name] = tier
        if not tier.can_fire(1 - ground.target):
            unreachable.append(tier)
            errors.append(_unreachable(ground, tier))
    return tuple(tier for tier in tiers.values() if tier not in unreachable), tuple(unreachable)


def short_window_s(condition: AlertCondition) -> int:
    """The short window of a condition's tier."""
    return condition.alert_after_s or condition.lookback_s // _SHORT_SHARE


def _tier(ground: TierGround, condition: AlertCondition, minimum: Mapping[str, int | None]) -> Tier:
    written = annotations(condition)
    name, long_s = condition.metadata.name, condition.lookback_s
    if condition.operator not in ("gt", "gte"):
        raise DefinitionError(
            condition.metadata.place,
            f"tier `{name}` alerts on a burn rate that is `{condition.operator}` its threshold",
            "write `op: gt`: an alert is about burning too fast",
        )
    short_s = short_window_s(condition)
    if not 0 < short_s < long_s:
        raise DefinitionError(
            condition.metadata.place,
            f"tier `{name}` has a short window of {short_s} s and a long one of {long_s} s",
            "make alertAfter (the short window) shorter than lookbackWindow (the long one)",
        )
    if long_s > ground.longest_s:
        than = "longer than" if long_s > ground.period_s else "no less than"
        raise DefinitionError(
            ground.slo.metadata.place,
            f"tier `{name}` looks back {long_s} s, {than} the {ground.period_s} s of SLO `{ground.slo.metadata.name}`",
            "shorten lookbackWindow, or leave this tier's policy out of the SLO",
        )
    factor = condition.threshold
    if "threshold-period" in written:
        factor = factor * ground.period_s / written["threshold-period"].duration_s()
    events = whole_number(written["minimum-events"]) if "minimum-events" in written else 0
    asked = minimum.get(name, events)
    # One bad event of so many is at the threshold, and so not above it.
    alone = ceil(1 / (factor * (1 - ground.target)))
    return Tier(name, condition.severity, short_s, long_s, factor, alone if asked is None else asked)


def _unreachable(ground: TierGround, tier: Tier) -> UnreachableTierError:
    largest, lowest = 1 / (1 - ground.target), 1 - 1 / tier.factor
    return UnreachableTierError(
        ground.place,
        f"tier `{tier.name}` can never fire for SLO `{ground.slo.metadata.name}`: its factor is {number_text(tier.factor)}, but "
        f"at an objective of {number_text(ground.target)} the burn rate is at most 1/B = {number_text(largest)}",
        f"with this objective a factor below {number_text(largest)} works, with this factor an objective above "
        f"{_readable(lowest)}; or leave the tier's policy out",
    )


def _readable(ratio: Fraction) -> str:
    exact = number_text(ratio)
    return f"{exact} (about {float(ratio):.4f})" if "/" in exact else exact


def _minimum_events(ground: TierGround, tiers: Sequence[str]) -> Mapping[str, int | None]:
    """The events asked of each tier's long window; None: derived from its threshold."""
    written = annotations(ground.slo).get("minimum-events")
    if written is None:
        return {}
    found: dict[str, int | None] = {}
    for word in written.text().replace(",", " ").split():
        name, named, count = word.rpartition("=")
        if (named and name not in tiers) or not (count.isdecimal() or (count == "auto" and not named)):
            cure = f"write a number, auto, or `tier=number` with tiers out of: {', '.join(tiers)}"
            raise written.error(f"has `{word}`", cure)
        found |= dict.fromkeys([name] if named else tiers, int(count) if count.isdecimal() else None)
    return found
