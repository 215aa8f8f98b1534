"""An emitter's spectral line, and what a spectrometer counts of it."""

import math

import msgspec
import numpy as np

from producers.errors import SourceError
from producers.plan import Plan
from schemas.measurements import EmissionSpectrum

_GAUSS = 2 * math.sqrt(2 * math.log(2))
"""FWHM over sigma."""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Widths are FWHM in Hz: ``width_hz`` Lorentzian (lifetime and pure dephasing), ``diffusion_hz`` Gaussian (wandering).

    ``offset_hz`` from ``frequency_hz``. ``hz_per_k``: how far a kelvin above the set point moves it; ``broadening_hz_per_k``:
    how much wider that makes it. ``splitting_hz``: an exciton's fine structure.
    """

    frequency_hz: float = 3.2e14
    offset_hz: float = 0.0
    width_hz: float = 2.5e8
    diffusion_hz: float = 1e8
    hz_per_k: float = -3e8
    broadening_hz_per_k: float = 2e7
    splitting_hz: float = 0.0

    def __post_init__(self) -> None:
        if self.width_hz <= 0 or min(self.frequency_hz, self.diffusion_hz, self.splitting_hz) < 0:
            raise SourceError(f"{self}: widths cannot be negative, and no line is without its lifetime's")


class Spectrum(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="emission-spectrum"):
    """``photons`` on average, in ``points`` bins over ``span_hz`` around the line's frequency; ``resolution_hz`` is Gaussian."""

    photons: float = 20_000.0
    span_hz: float = 2e10
    points: int = 201
    resolution_hz: float = 1e8


def spectrum(line: Line, plan: Spectrum, random: np.random.Generator) -> EmissionSpectrum:
    """Each photon brings its own frequency: a Voigt profile without its function."""
    count = random.poisson(plan.photons)
    at_hz = line.offset_hz + line.width_hz / 2 * random.standard_cauchy(count)
    at_hz += math.hypot(line.diffusion_hz, plan.resolution_hz) / _GAUSS * random.standard_normal(count)
    offset_hz = (np.arange(plan.points) - (plan.points - 1) / 2) * plan.span_hz / plan.points
    counts = np.histogram(at_hz, plan.points, (-plan.span_hz / 2, plan.span_hz / 2))[0]
    return EmissionSpectrum(
        reference_hz=line.frequency_hz,
        offset_hz=tuple(offset_hz.tolist()),
        counts=tuple(counts.tolist()),
        resolution_hz=plan.resolution_hz,
    )
