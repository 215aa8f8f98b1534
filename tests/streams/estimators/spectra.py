"""Simulated emission: every photon brings its own frequency, and the instrument adds its own error."""

import numpy as np

from schemas.measurements import EmissionSpectrum


def emission(
    generator, *, lorentzian=2.5e8, gaussian=1e8, resolution=1e8, photons=5000, centre=1e8, background=0.0, span=2e10, bins=201
):
    """Widths are FWHM in Hz; ``background`` counts a bin."""
    number = generator.poisson(photons)
    at = centre + lorentzian / 2 * generator.standard_cauchy(number)
    at += np.hypot(gaussian, resolution) / np.sqrt(8 * np.log(2)) * generator.normal(size=number)
    edges = np.linspace(-span / 2, span / 2, bins + 1)
    counts = np.histogram(at, edges)[0] + generator.poisson(background, bins)
    return EmissionSpectrum(
        reference_hz=3.2e14,
        offset_hz=tuple(((edges[1:] + edges[:-1]) / 2).tolist()),
        counts=tuple(counts.tolist()),
        resolution_hz=resolution,
    )
