"""Heralded photons counted: coincidences with their heralds, and heralded photons behind a beam splitter."""

import numpy as np

from producers.plan import Plan
from schemas.measurements import HeraldedCounts, PairCounts


class Pairs(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pair-counts"):
    """Heralds at ``herald_hz``, each with its partner detected with ``efficiency``, in a window of ``window_ps``."""

    herald_hz: float = 20_000.0
    efficiency: float = 0.3
    window_ps: float = 1_000.0
    dark_s: float = 2.0


def paired(plan: Pairs, bright: float, background_hz: float, random: np.random.Generator) -> PairCounts:
    """The signal arm is ``bright`` against the fleet file; each detector has this background."""
    takes_s = plan.takes_s
    efficiency = min(1.0, plan.efficiency * bright)
    true = int(random.poisson(plan.herald_hz * takes_s))
    heralds = true + int(random.poisson(background_hz * takes_s))
    kept = int(random.binomial(true, efficiency))
    # Partners of heralds that were lost are signals too: as many again, of a herald arm that sees half.
    signals = kept + int(random.poisson(plan.herald_hz * efficiency * takes_s + background_hz * takes_s))
    accidental = heralds * signals * plan.window_ps * 1e-12 / takes_s
    return PairCounts(
        heralds=heralds,
        signals=signals,
        coincidences=min(heralds, kept + int(random.poisson(accidental))),
        window_ps=plan.window_ps,
        integration_s=takes_s,
        dark_heralds=int(random.poisson(background_hz * plan.dark_s)),
        dark_s=plan.dark_s,
    )


class Heralded(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="heralded-counts"):
    """Heralds at ``herald_hz``; either detector behind the beam splitter clicks with ``efficiency``."""

    herald_hz: float = 50_000.0
    efficiency: float = 0.15


def heralded(plan: Heralded, bright: float, g2: float, random: np.random.Generator) -> HeraldedCounts:
    """Both click with g2 times the product of their probabilities."""
    count = int(random.poisson(plan.herald_hz * plan.takes_s))
    each = min(0.5, plan.efficiency * bright)
    together = min(each, g2 * each**2)
    both, only_first, only_second, _ = random.multinomial(
        count, [together, each - together, each - together, max(0.0, 1 - 2 * each + together)]
    ).tolist()
    return HeraldedCounts(heralds=count, first=both + only_first, second=both + only_second, both=both)
