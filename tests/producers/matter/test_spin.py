"""Coherence times, frequencies and gate errors read off one or two points of a sequence by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from producers.errors import SourceError
from producers.matter.spin import Benchmark, Decay, Spin, benchmarked, decayed, population
from tests.producers.sources.oracles import SEEDS, covers

SPIN = Spin(contrast=0.8)
SHOTS = 4000


@pytest.mark.parametrize(
    ("sequence", "at_s", "truth", "inverse"),
    [
        # The shape s at one time, solved for the parameter.
        ("inversion-recovery", 0.7e-3, 1e-3, lambda s, t: -t / math.log((1 + s) / 2)),
        ("echo", 150e-6, 200e-6, lambda s, t: -t / math.log(s)),
        # Whole periods of the detuning: the cosine is 1.
        ("ramsey", 8e-6, 10e-6, lambda s, t: t / math.sqrt(-math.log(s))),
        # A quarter period, where the slope is steepest.
        ("rabi", 0.25 / 5e6, 5e6, lambda s, t: math.acos(-s * math.exp(t / 5e-6)) / (2 * math.pi * t)),
    ],
)
def test_parameters_twenty_seeds(sequence: str, at_s: float, truth: float, inverse: Callable[[float, float], float]) -> None:
    values, errors = [], []
    for seed in SEEDS:
        plan = Decay(sequence=sequence, longest_s=at_s, points=2, shots=SHOTS)  # type: ignore[arg-type]
        random = np.random.default_rng(seed)
        for good in (decayed(SPIN, plan, random).successes[1] for _ in range(10)):
            shape = (2 * good / SHOTS - 1) / 0.8
            values.append(inverse(shape, at_s))
            step = 1e-4
            slope = (inverse(shape + step, at_s) - inverse(shape - step, at_s)) / (2 * step)
            ratio = good / SHOTS
            errors.append(abs(slope) * 2 / 0.8 * math.sqrt(ratio * (1 - ratio) / SHOTS))
    covers(values, errors, truth)


def test_swap_oscillates_with_twice_the_coupling() -> None:
    spin = Spin(contrast=1.0, swap_hz=2e6, swap_decay_s=1.0)
    found = population(spin, "swap", np.array([0.0, 0.125e-6, 0.25e-6]))
    assert found == pytest.approx([1.0, 0.0, 1.0], abs=1e-5)


def test_stretched_echo() -> None:
    found = population(Spin(contrast=1.0, echo_exponent=3.0), "echo", np.array([200e-6, 400e-6]))
    assert found == pytest.approx([0.5 + 0.5 / math.e, 0.5 + 0.5 * math.exp(-8)])


def test_gate_error_twenty_seeds() -> None:
    """P from two lengths, error (1 - p)/2."""
    spin = Spin(gate_error=0.004, contrast=0.9)
    values, errors = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            data = benchmarked(spin, Benchmark(lengths=(1, 101), sequences=30, shots=200), random)
            length, good = np.array(data.length), np.array(data.survivals)
            shots = 30 * 200
            ratios = [good[length == m].sum() / shots for m in (1, 101)]
            above = [2 * ratio - 1 for ratio in ratios]
            p = (above[1] / above[0]) ** (1 / 100)
            values.append((1 - p) / 2)
            relative = [2 * math.sqrt(r * (1 - r) / shots) / a for r, a in zip(ratios, above, strict=True)]
            errors.append(p / 100 * math.hypot(*relative) / 2)
    covers(values, errors, 0.004)


@pytest.mark.parametrize("changes", [{"t1_s": 0.0}, {"rabi_hz": -1.0}, {"gate_error": 0.6}, {"contrast": 0.0}])
def test_impossible_spins_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        Spin(**changes)
