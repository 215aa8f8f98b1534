"""A spin or qubit under pulse sequences: populations against time, and the shots that sample them."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from producers.errors import SourceError
from producers.plan import Plan
from schemas.measurements import CoherenceDecay, RandomizedBenchmarking

Sequence = Literal["inversion-recovery", "echo", "ramsey", "rabi", "swap"]
Times = npt.NDArray[np.float64]


class Spin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in s, frequencies in Hz. ``contrast`` of the readout; ``detuning_hz`` that a Ramsey sequence is set off by.

    ``gate_error``: average infidelity of a Clifford gate. ``swap_hz`` (g/2π): a spin that swaps with its resonator. Its frequency
    wanders by ``noise_hz`` (RMS) more than when these times were measured, and by ``hz_per_m`` of vibration.
    """

    t1_s: float = 1e-3
    t2_s: float = 200e-6
    t2star_s: float = 10e-6
    echo_exponent: float = 1.0
    detuning_hz: float = 5e5
    rabi_hz: float = 5e6
    rabi_decay_s: float = 5e-6
    swap_hz: float = 0.0
    swap_decay_s: float = 1e-6
    gate_error: float = 1e-3
    contrast: float = 0.9
    noise_hz: float = 0.0
    hz_per_m: float = 1e12

    def __post_init__(self) -> None:
        times = (self.t1_s, self.t2_s, self.t2star_s, self.rabi_decay_s, self.swap_decay_s, self.echo_exponent)
        if min(times) <= 0 or min(self.detuning_hz, self.rabi_hz, self.swap_hz, self.noise_hz) < 0:
            raise SourceError(f"{self}: coherence times must be positive, and frequencies not negative")
        if not 0 <= self.gate_error <= 0.5 or not 0 < self.contrast <= 1:
            raise SourceError(f"a gate error of {self.gate_error} must lie in [0, 0.5], a contrast of {self.contrast} in (0, 1]")


_SHAPES: Mapping[Sequence, Callable[[Spin, Times], Times]] = {
    "inversion-recovery": lambda spin, t: 2 * np.exp(-t / spin.t1_s) - 1,
    "echo": lambda spin, t: np.exp(-((t / spin.t2_s) ** spin.echo_exponent)),
    "ramsey": lambda spin, t: np.cos(2 * math.pi * spin.detuning_hz * t) * np.exp(-((t / spin.t2star_s) ** 2)),
    "rabi": lambda spin, t: -np.cos(2 * math.pi * spin.rabi_hz * t) * np.exp(-t / spin.rabi_decay_s),
    "swap": lambda spin, t: np.cos(4 * math.pi * spin.swap_hz * t) * np.exp(-t / spin.swap_decay_s),
}


def population(spin: Spin, sequence: Sequence, delay_s: Times) -> Times:
    """Probability of the outcome that is counted: 1/2 + contrast/2 · shape.

    Shapes: 2·exp(-t/T1) - 1; exp(-(t/T2)^n); cos(2πδt)·exp(-(t/T2*)²); -cos(2πΩt)·exp(-t/τ); cos(2π·2g·t)·exp(-t/τ).
    """
    return 0.5 + 0.5 * spin.contrast * _SHAPES[sequence](spin, delay_s)


class Decay(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="coherence-decay"):
    """A sequence at ``points`` lengths from 0 to ``longest_s``, with ``shots`` at each."""

    sequence: Sequence
    longest_s: float
    points: int = 41
    shots: int = 500


def decayed(spin: Spin, decay: Decay, random: np.random.Generator) -> CoherenceDecay:
    delay_s = np.linspace(0, decay.longest_s, decay.points)
    successes = random.binomial(decay.shots, population(spin, decay.sequence, delay_s))
    return CoherenceDecay(
        sequence=decay.sequence,
        delay_s=tuple(delay_s.tolist()),
        successes=tuple(successes.tolist()),
        trials=(decay.shots,) * decay.points,
    )


class Benchmark(Plan, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="randomized-benchmarking"):
    """Random Clifford sequences of one qubit: so many of each length, each with ``shots``."""

    lengths: tuple[int, ...] = (1, 5, 10, 20, 40, 80, 160, 320)
    sequences: int = 10
    shots: int = 200


def benchmarked(spin: Spin, benchmark: Benchmark, random: np.random.Generator) -> RandomizedBenchmarking:
    """Survivals with the probability (1 + contrast·p^m)/2, p = 1 - 2·error, the same for each sequence of a length m."""
    length = np.repeat(np.array(benchmark.lengths), benchmark.sequences)
    survival = 0.5 + 0.5 * spin.contrast * (1 - 2 * spin.gate_error) ** length
    return RandomizedBenchmarking(
        length=tuple(length.tolist()),
        survivals=tuple(random.binomial(benchmark.shots, survival).tolist()),
        trials=(benchmark.shots,) * length.size,
    )
