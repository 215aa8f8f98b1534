"""Sweeps of simulated resonators, as textbooks have them: a cable times 1 - n (Q_l/|Q_c|) e^{iφ} / (1 + 2iQ_l(f - f_r)/f_r)."""

import numpy as np

from schemas.measurements import ResonatorSweep

FREQUENCY_HZ = 6e9
_CIRCLES = {"notch": 1, "reflection": 2}


def resonator_sweep(
    generator,
    *,
    geometry="notch",
    loaded=2e4,
    coupling=3e4,
    mismatch=0.0,
    noise=0.01,
    points=201,
    spans=10.0,
    others=(),
):
    """A cable of 40 ns and a resonator off the middle of ``spans`` linewidths; ``others`` are (frequency, Q, diameter)."""
    kappa = FREQUENCY_HZ / loaded
    frequency = FREQUENCY_HZ + np.linspace(-0.4, 0.6, points) * spans * kappa
    response = 1 / (1 + 2j * loaded * (frequency - FREQUENCY_HZ) / FREQUENCY_HZ)
    if geometry == "transmission":
        signal = response
    else:
        signal = 1 - _CIRCLES[geometry] * loaded / coupling * np.exp(1j * mismatch) * response
    for at, quality, diameter in others:
        signal = signal - diameter / (1 + 2j * quality * (frequency - at) / at)
    return sweep_of(generator, frequency, signal, noise, geometry)


def coupled_sweep(generator, *, g, kappa, gamma, detuning=0.0, noise=0.01, points=301, span=60e6):
    """A spin ``detuning`` above a resonator, as input-output theory has it."""
    frequency = FREQUENCY_HZ + np.linspace(-0.45, 0.55, points) * span
    spin = g**2 / (gamma / 2 + 1j * (frequency - FREQUENCY_HZ - detuning))
    response = (kappa / 2) / (kappa / 2 + 1j * (frequency - FREQUENCY_HZ) + spin)
    return sweep_of(generator, frequency, 1 - 0.7 * np.exp(0.3j) * response, noise, "notch")


def sweep_of(generator, frequency, signal, noise, geometry):
    """``noise`` is that of either quadrature, relative to the line."""
    scatter = generator.normal(size=frequency.size) + 1j * generator.normal(size=frequency.size)
    values = 0.03 * np.exp(1j) * (signal * np.exp(-2j * np.pi * frequency * 40e-9) + noise * scatter)
    return ResonatorSweep(
        geometry=geometry,
        frequency_hz=tuple(frequency.tolist()),
        s_real=tuple(values.real.tolist()),
        s_imag=tuple(values.imag.tolist()),
    )
