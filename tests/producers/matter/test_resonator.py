"""Resonators against input-output theory's own landmarks, and sweeps whose noise a straight line sees through."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.matter.resonator import Resonator, Sweep, response, swept
from tests.producers.sources.oracles import SEEDS, covers

PLAIN = Resonator(frequency_hz=6e9, q_internal=40_000, q_coupling=10_000)


def at(resonator: Resonator, geometry: str, *frequency_hz: float) -> np.ndarray:
    return response(resonator, np.array(frequency_hz), geometry)


def test_landmarks_on_and_off_resonance() -> None:
    assert PLAIN.q_loaded == pytest.approx(8_000)
    assert PLAIN.linewidth_hz == pytest.approx(750_000)
    far, on = 6.5e9, 6e9
    assert np.abs(at(PLAIN, "notch", far, on)) == pytest.approx([1, 1 - 8_000 / 10_000], abs=1e-3)
    assert np.abs(at(PLAIN, "reflection", far, on)) == pytest.approx([1, abs(1 - 2 * 8_000 / 10_000)], abs=1e-2)
    assert np.abs(at(PLAIN, "transmission", far, on)) == pytest.approx([0, 8_000 / 10_000], abs=1e-3)
    edges = at(PLAIN, "transmission", on - 375_000, on + 375_000)
    assert np.abs(edges) ** 2 == pytest.approx([0.32, 0.32])


def test_lossless_reflection_only_turns_the_phase() -> None:
    lossless = Resonator(q_internal=1e12, q_coupling=1e4)
    found = at(lossless, "reflection", *np.linspace(6.99e9, 7.01e9, 101))
    assert np.abs(found) == pytest.approx(1, abs=1e-6)
    assert abs(np.unwrap(np.angle(found))[-1] - np.unwrap(np.angle(found))[0]) == pytest.approx(2 * math.pi, rel=0.05)


def test_mismatch_line_and_delay() -> None:
    turned = Resonator(mismatch_rad=0.4, gain=0.3, phase_rad=1.0, delay_s=30e-9)
    assert 1 / turned.q_loaded == pytest.approx(1 / 50_000 + math.cos(0.4) / 12_000)
    (far,) = at(turned, "notch", 6.5e9)
    line = 0.3 * np.exp(1j * (1.0 - 2 * math.pi * 6.5e9 * 30e-9))
    assert far == pytest.approx(line, rel=1e-2)
    (on,) = at(turned, "notch", 7e9)
    line = 0.3 * np.exp(1j * (1.0 - 2 * math.pi * 7e9 * 30e-9))
    assert on / line == pytest.approx(1 - turned.q_loaded / 12_000 * np.exp(0.4j))


def test_a_resonant_spin_splits_the_line_by_2g() -> None:
    coupled = Resonator(coupling_hz=4e6, spin_width_hz=2e5)
    frequency_hz = np.linspace(6.99e9, 7.01e9, 20_001)
    seen = np.abs(response(coupled, frequency_hz, "transmission"))
    peaks = np.flatnonzero((seen[1:-1] > seen[:-2]) & (seen[1:-1] > seen[2:])) + 1
    assert frequency_hz[peaks] == pytest.approx([7e9 - 4e6, 7e9 + 4e6], abs=2e4)
    # On resonance the cooperativity 4g²/(κγ) divides the amplitude by 1 + C.
    cooperativity = 4 * 4e6**2 / (coupled.linewidth_hz * 2e5)
    lone = np.abs(at(Resonator(), "transmission", 7e9))
    assert np.abs(at(coupled, "transmission", 7e9)) == pytest.approx(lone / (1 + cooperativity))


def test_a_neighbour_makes_a_second_dip() -> None:
    seen = np.abs(at(Resonator(neighbour_depth=0.5, neighbour_offset_hz=8e6), "notch", 7.008e9, 7.05e9))
    assert seen == pytest.approx([0.5, 1.0], abs=0.05)


def test_resonance_and_width_twenty_seeds() -> None:
    """1/(1 - S) of a plain notch is a straight line in frequency: Qc/Ql + i·2·Qc·(f - fr)/fr. Ten sweeps of each seed."""
    sweep = Sweep(centre_hz=6e9, span_hz=1.5e6, points=101, noise=0.02)
    centre, ratio, errors, ratio_errors = [], [], [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            data = swept(PLAIN, sweep, random)
            off = np.array(data.frequency_hz) - 6e9
            line = 1 / (1 - (np.array(data.s_real) + 1j * np.array(data.s_imag)))
            truth = 1 / (1 - response(PLAIN, np.array(data.frequency_hz), "notch"))
            weight = 1 / (0.02 * np.abs(truth) ** 2) ** 2
            slope = 2 * 10_000 / 6e9
            offset = -np.sum(weight * (line.imag - slope * off)) / np.sum(weight) / slope
            centre.append(offset)
            errors.append(1 / math.sqrt(np.sum(weight)) / slope)
            ratio.append(np.sum(weight * line.real) / np.sum(weight))
            ratio_errors.append(1 / math.sqrt(np.sum(weight)))
    covers(centre, errors, 0.0)
    covers(ratio, ratio_errors, 10_000 / 8_000)


@pytest.mark.parametrize(
    "changes", [{"q_internal": 0.0}, {"mismatch_rad": 2.0}, {"coupling_hz": -1.0}, {"neighbour_depth": 1.0}, {"gain": 0.0}]
)
def test_impossible_resonators_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        Resonator(**changes)
