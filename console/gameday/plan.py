"""How long a game day lasts, and who takes part."""

from dataclasses import dataclass

from producers.fault_catalogue import Failure


@dataclass(frozen=True, slots=True)
class Plan:
    """``healthy_s`` without the failure, then with it for ``lasts_s`` at most. ``neighbours`` healthy devices take part."""

    healthy_s: float = 1_200.0
    lasts_s: float = 900.0
    neighbours: int = 1
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Play:
    """A failure, the device that is to have it, and the plan."""

    failure: Failure
    target: str
    plan: Plan


def plan_for(
    failure: Failure, *, healthy_s: float | None = None, lasts_s: float | None = None, neighbours: int = 1, size: float = 1.0
) -> Plan:
    """What was asked for, else what the catalogue says that this failure takes, else the usual times."""
    usual, its = Plan(), failure.game_day
    return Plan(
        healthy_s=healthy_s or (its.healthy_s if its else usual.healthy_s),
        lasts_s=lasts_s or (its.lasts_s if its else usual.lasts_s),
        neighbours=neighbours,
        size=size,
    )
