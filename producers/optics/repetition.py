"""A source driven at ever higher trigger rates, until dead time and lifetime spoil it."""

import math

import numpy as np

from producers.plan import Plan
from producers.sources.pulsed import PulsedParameters
from schemas.measurements import RepetitionScan

_SIDE_PEAKS = 10


class Repetition(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="repetition-scan"):
    """``seconds`` at each of the rates."""

    rates_hz: tuple[float, ...] = (2e7, 4e7, 8e7, 1.6e8, 3.2e8)
    seconds: float = 2.0


def driven(source: PulsedParameters, plan: Repetition, random: np.random.Generator) -> RepetitionScan:
    """The source's photons a pulse stay as they are. Each detector registers m = n/(1 + n·τ).

    Neighbouring peaks, two-sided exponentials, reach into the central period with exp(-period/(2·lifetime)) of one side peak.
    """
    triggers, detected, central, side = [], [], [], []
    for rate_hz in plan.rates_hz:
        pulses = round(rate_hz * plan.seconds)
        photons = source.mean_photons * rate_hz
        registered = [
            _registered(photons * share + dark, source.detection.dead_time_ps)
            for share, dark in zip(source.detection.shares, source.detection.background_hz, strict=True)
        ]
        beside = registered[0] * registered[1] * plan.seconds / rate_hz
        spill = math.exp(-1e12 / rate_hz / (2 * source.lifetime_ps)) if source.lifetime_ps else 0.0
        purity = source.detection.mixed_g2(source.g2, photons)
        triggers.append(pulses)
        detected.append(int(random.poisson(sum(registered) * plan.seconds)))
        central.append(int(random.poisson(beside * (purity * (1 - spill) + spill))))
        side.append(int(random.poisson(beside * _SIDE_PEAKS)))
    return RepetitionScan(
        rate_hz=plan.rates_hz,
        triggers=tuple(triggers),
        detected=tuple(detected),
        central=tuple(central),
        side=tuple(side),
        side_peaks=_SIDE_PEAKS,
    )


def _registered(rate_hz: float, dead_ps: float) -> float:
    return rate_hz / (1 + rate_hz * dead_ps * 1e-12)
