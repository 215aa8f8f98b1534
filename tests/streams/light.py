"""Simulated light of known g², made as simply as possible: numbers of photons, a beam splitter, two detectors."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Light:
    """Sorted tags of detectors 1 and 2."""

    time_ps: np.ndarray
    channel: np.ndarray
    reached_ps: int


def pulsed(generator, *, g2, pulses, period_ps, efficiency, zero_delay_ps=0, jitter_ps=200):
    """Pulses of mean photon number ``efficiency`` with P(2) = g2 * efficiency**2 / 2 and no more than two photons."""
    pairs = g2 * efficiency**2 / 2
    number = generator.choice(3, pulses, p=[1 - efficiency + pairs, efficiency - 2 * pairs, pairs])
    pulse = np.repeat(np.arange(1, pulses + 1), number)
    channel = generator.integers(1, 3, pulse.size).astype(np.uint8)
    time_ps = np.rint(pulse * period_ps + generator.normal(0, jitter_ps, pulse.size)).astype(np.int64)
    return _sorted(time_ps + np.where(channel == 2, zero_delay_ps, 0), channel, round((pulses + 2) * period_ps))


def poissonian(generator, *, rate_hz, seconds):
    """Continuous light of g² = 1: ``rate_hz`` on either detector."""
    reached_ps = round(seconds * 1e12)
    size = generator.poisson(2 * rate_hz * seconds)
    return _sorted(generator.integers(0, reached_ps, size), generator.integers(1, 3, size).astype(np.uint8), reached_ps)


def emitter(generator, *, rate_hz, seconds, lifetime_ps, zero_delay_ps=0):
    """Continuously pumped two-level emitter: excitation and decay alternate, each after an exponential time."""
    cycles = int(2 * rate_hz * seconds * 1.2)
    mean_ps = 1e12 / (2 * rate_hz)
    waits = generator.exponential(mean_ps - lifetime_ps, cycles) + generator.exponential(lifetime_ps, cycles)
    time_ps = np.cumsum(waits)
    time_ps = time_ps[time_ps < seconds * 1e12].astype(np.int64)
    channel = generator.integers(1, 3, time_ps.size).astype(np.uint8)
    return _sorted(time_ps + np.where(channel == 2, zero_delay_ps, 0), channel, round(seconds * 1e12) + abs(zero_delay_ps) + 1)


def _sorted(time_ps, channel, reached_ps):
    keep = (time_ps >= 0) & (time_ps < reached_ps)
    order = np.argsort(time_ps[keep], kind="stable")
    return Light(time_ps[keep][order], channel[keep][order], reached_ps)
