"""Arrival times after the trigger, as a start-stop histogram."""

import msgspec
import numpy as np

from producers.plan import Plan
from schemas.measurements import DelayHistogram


class Arrivals(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="delay-histogram"):
    """Triggers every ``period_ps`` until ``photons`` arrived on average, each trigger giving one with ``probability``.

    Both of a source as bright as the fleet file says. The trigger's electrical delay is ``delay_ps``.
    An emitter that is otherwise driven continuously decays with ``lifetime_ps``.
    """

    period_ps: float = 100_000.0
    probability: float = 0.12
    photons: float = 20_000.0
    bin_width_ps: float = 20.0
    delay_ps: float = 5_000.0
    lifetime_ps: float = 1_000.0


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """What the histogram shows: decay, jitter (sigma) of trigger and detector together, background, and relative brightness."""

    lifetime_ps: float
    jitter_ps: float
    background_hz: float
    brightness: float


def arrived(emission: Emission, plan: Arrivals, random: np.random.Generator) -> DelayHistogram:
    """Half-open bins from 0 over one whole period."""
    bins = round(plan.period_ps / plan.bin_width_ps)
    triggers = round(plan.photons / plan.probability)
    count = int(random.poisson(min(triggers * plan.probability * emission.brightness, triggers)))
    at_ps = plan.delay_ps + emission.lifetime_ps * random.standard_exponential(count)
    at_ps += emission.jitter_ps * random.standard_normal(count)
    false = int(random.poisson(emission.background_hz * triggers * plan.period_ps * 1e-12))
    every = np.concatenate([at_ps % plan.period_ps, random.random(false) * plan.period_ps])
    counts = np.bincount((every / plan.bin_width_ps).astype(np.int64), minlength=bins)[:bins]
    return DelayHistogram(
        of="arrivals",
        start_ps=0.0,
        bin_width_ps=plan.bin_width_ps,
        counts=tuple(counts.tolist()),
        integration_s=triggers * plan.period_ps * 1e-12,
        period_ps=plan.period_ps,
        triggers=triggers,
    )
