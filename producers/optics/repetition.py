"""A source driven at ever higher trigger rates, until dead time and lifetime spoil it."""

import math

import numpy as np

from producers.plan import Plan
from producers.sources.pulsed import PulsedParameters
from schemas.measurements import RepetitionScan

_SIDE_PEAKS = 10


class Repetition(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="repetition-scan"):
    """``seconds`` at each of the rates; each trigger gives a detectable photon with ``probability``.

    The latter of a source as bright as the fleet file says.
    """

    rates_hz: tuple[float, ...] = (5e6, 1e7, 2e7, 4e7, 8e7, 1.6e8)
    seconds: float = 0.05
    probability: float = 0.2


def driven(source: PulsedParameters, plan: Repetition, bright: float, random: np.random.Generator) -> RepetitionScan:
    """Of a source so bright against the fleet file. Each detector registers m = n/(1 + n·τ).

    Neighbouring peaks, two-sided exponentials, reach into the central period with exp(-period/(2·lifetime)) of one side peak.
    """
    triggers, detected, central, side = [], [], [], []
    for rate_hz in plan.rates_hz:
        pulses = round(rate_hz * plan.seconds)
        photons = rate_hz * min(1.0, plan.probability * bright)
        shares = [share / sum(source.detection.shares) for share in source.detection.shares]
        registered = [
            _registered(photons * share + dark, source.detection.dead_time_ps)
            for share, dark in zip(shares, source.detection.background_hz, strict=True)
        ]
        beside = registered[0] * registered[1] * plan.seconds / rate_hz
        spill = math.exp(-1e12 / rate_hz / (2 * source.lifetime_ps)) if source.lifetime_ps else 0.0
        purity = source.detection.mixed_g2(source.g2, photons / sum(source.detection.shares))
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
