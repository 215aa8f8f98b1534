"""Which alerts fire: a tier when both its windows burn too fast, a severity when any of its tiers does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from slo.counts import Counts
from slo.objective import Objective
from slo.tiers import SEVERITIES, Tier


@dataclass(frozen=True, slots=True)
class Standing:
    """One severity as it stands: firing or cleared since an event time, and the tiers that are above their threshold now."""

    firing: bool
    since_unix_s: int
    tiers: tuple[str, ...]


Standings = Mapping[str, Standing]
"""By severity; one that never fired is absent."""


class Trigger(NamedTuple):
    """A tier made ready: indices of its windows, and its threshold as integers, so that a test costs two multiplications."""

    tier: Tier
    short: int
    long: int
    numerator: int
    denominator: int

    def is_above(self, sums: Sequence[Counts]) -> bool:
        """Whether both windows are strictly above the threshold, and the long one holds enough events."""
        short, long = sums[self.short], sums[self.long]
        return (
            long.bad * self.denominator > self.numerator * (long.good + long.bad)
            and short.bad * self.denominator > self.numerator * (short.good + short.bad)
            and long.good + long.bad >= self.tier.minimum_events
        )


def triggers(objective: Objective) -> tuple[Trigger, ...]:
    """The objective's tiers over its ``windows_s``."""
    made = []
    for tier in objective.tiers:
        threshold = tier.threshold(objective.budget)
        short, long = (objective.windows_s.index(length) for length in (tier.short_s, tier.long_s))
        made.append(Trigger(tier, short, long, threshold.numerator, threshold.denominator))
    return tuple(made)


Above = Mapping[str, tuple[str, ...]]
"""The tiers above their thresholds, by severity."""


def above_threshold(ready: Sequence[Trigger], sums: Sequence[Counts]) -> dict[str, tuple[str, ...]]:
    """Which tiers are above their thresholds."""
    if not any(counts[1] for counts in sums):
        return {}
    above: dict[str, tuple[str, ...]] = {}
    for trigger in ready:
        if trigger.is_above(sums):
            above[trigger.tier.severity] = (*above.get(trigger.tier.severity, ()), trigger.tier.name)
    return above


def stand(above: Above, before: Standings, now_unix_s: int) -> tuple[Standings, tuple[str, ...]]:
    """The standings at ``now_unix_s`` and the severities that began or ceased to fire, the most severe first."""
    if not above and not before:
        return before, ()
    after, flipped = dict(before), []
    for severity in sorted({*above, *before}, key=rank):
        old, tiers = before.get(severity), above.get(severity, ())
        turned = bool(tiers) != (old is not None and old.firing)
        if turned:
            flipped.append(severity)
        after[severity] = Standing(bool(tiers), now_unix_s if turned or old is None else old.since_unix_s, tiers)
    return after, tuple(flipped)


def inhibitor(standings: Standings, severity: str) -> str | None:
    """The more severe alert of the same objective and subject that fires and so silences this one; None: none does."""
    return more_severe({each for each, standing in standings.items() if standing.firing}, severity)


def more_severe(firing: Collection[str], severity: str) -> str | None:
    """The most severe of those firing that goes before ``severity``."""
    return next((each for each in SEVERITIES if rank(each) < rank(severity) and each in firing), None)


def rank(severity: str) -> tuple[int, str]:
    """Orders severities from the most severe down; those that nobody ranked come last."""
    return (SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES), severity)


def alert_id(objective: str, subject: str, severity: str) -> str:
    return f"{objective}/{subject}/{severity}"
