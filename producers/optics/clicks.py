"""Clicks counted against triggers, and once more with the source off: brightness and background."""

import numpy as np

from producers.plan import Plan
from schemas.measurements import DetectorCounts


class Clicks(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="detector-counts"):
    """``trigger_hz`` for the whole time, each giving a photon that this detector sees with ``probability``.

    The latter of a source as bright as the fleet file says. Then ``dark_s`` with the source off.
    """

    trigger_hz: float = 1e6
    probability: float = 0.15
    dark_s: float = 2.0


def clicked(plan: Clicks, bright: float, background_hz: float, dead_ps: float, random: np.random.Generator) -> DetectorCounts:
    """Of a source so bright against the fleet file, by a detector that is dead for so long after each click."""
    triggers = round(plan.trigger_hz * plan.takes_s)
    lit_hz = plan.trigger_hz * min(1.0, plan.probability * bright) + background_hz
    return DetectorCounts(
        detected=int(random.poisson(_registered(lit_hz, dead_ps) * plan.takes_s)),
        integration_s=plan.takes_s,
        triggers=triggers,
        dark=int(random.poisson(_registered(background_hz, dead_ps) * plan.dark_s)),
        dark_s=plan.dark_s,
    )


def _registered(rate_hz: float, dead_ps: float) -> float:
    """Clicks m = n/(1 + n·τ) of a rate n, whatever it comes of."""
    return rate_hz / (1 + rate_hz * dead_ps * 1e-12)
