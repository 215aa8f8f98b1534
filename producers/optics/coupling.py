"""The way from emitter to fibre, and its check against a calibrated reference."""

import math

import msgspec
import numpy as np

from producers.errors import SourceError
from producers.plan import Plan
from schemas.measurements import PowerCheck


class Optics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``coupling`` at best, less what a focus ``misalignment_m`` beside a mode of radius ``mode_m`` loses, less ``loss_db``.

    ``stray_hz``: light from elsewhere, counted by each detector.
    """

    coupling: float = 0.5
    misalignment_m: float = 0.0
    mode_m: float = 2e-6
    loss_db: float = 0.0
    stray_hz: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.coupling <= 1 or self.mode_m <= 0 or self.stray_hz < 0:
            raise SourceError(f"{self}: a coupling in (0, 1], a mode of some size, no negative stray light")

    @property
    def transmission(self) -> float:
        """Two Gaussian modes of one radius, x apart, overlap by exp(-x²/w²)."""
        return self.coupling * math.exp(-((self.misalignment_m / self.mode_m) ** 2)) * 10 ** (-self.loss_db / 10)


class Power(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="power-check"):
    """``photons`` of a reference beam; a detector of this ``efficiency`` (known to ``efficiency_error``) counts them behind."""

    photons: float = 200_000.0
    efficiency: float = 0.8
    efficiency_error: float = 0.01
    dark_hz: float = 100.0


def checked(optics: Optics, plan: Power, random: np.random.Generator) -> PowerCheck:
    """Dark counts and stray light are counted with the beam, and once more without it."""
    dark = (plan.dark_hz + optics.stray_hz) * plan.takes_s
    return PowerCheck(
        reference_photons=plan.photons,
        detected=int(random.poisson(plan.photons * optics.transmission * plan.efficiency + dark)),
        dark=int(random.poisson(dark)),
        efficiency=plan.efficiency,
        efficiency_error=plan.efficiency_error,
    )
