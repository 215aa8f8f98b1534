"""IQ clouds: their distance, what relaxation and preparation errors move, and an amplifier that saturates."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.matter.readout import Readout, Shots, shot
from schemas.measurements import ReadoutShots
from tests.producers.sources.oracles import SEEDS, covers


def clouds(data: ReadoutShots) -> tuple[np.ndarray, np.ndarray]:
    ground = np.array(data.ground_i) + 1j * np.array(data.ground_q)
    return ground, np.array(data.excited_i) + 1j * np.array(data.excited_q)


def test_distance_and_errors_twenty_seeds() -> None:
    """Means: preparation errors move each cloud's, relaxation the excited one's by T1/τ·(1 - exp(-τ/T1))."""
    readout = Readout(amplitude=4.0, saturation=1e9, preparation_error=0.03, integration_s=1e-6, t1_s=5e-6, angle_rad=0.0)
    stays = 5 * (1 - math.exp(-1 / 5))
    count = 1000
    ground_means, excited_means, errors = [], [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            ground, excited = clouds(shot(readout, Shots(shots=count), random))
            ground_means.append(ground.real.mean())
            excited_means.append(excited.real.mean())
            errors.append((ground.real.std() / math.sqrt(count), excited.real.std() / math.sqrt(count)))
    covers(ground_means, [error for error, _ in errors], 0.03 * 4 * stays)
    covers(excited_means, [error for _, error in errors], 0.97 * 4 * stays)


def test_clouds_are_round_and_turned() -> None:
    readout = Readout(angle_rad=1.1, preparation_error=0.0, t1_s=1e6)
    ground, excited = clouds(shot(readout, Shots(shots=100_000), np.random.default_rng(1)))
    assert np.angle(excited.mean() - ground.mean()) == pytest.approx(1.1, abs=0.01)
    assert [ground.real.std(), ground.imag.std(), excited.real.std()] == pytest.approx([1, 1, 1], abs=0.01)
    assert np.corrcoef(ground.real, ground.imag)[0, 1] == pytest.approx(0, abs=0.02)


def test_drive_separates_the_clouds_until_the_amplifier_saturates() -> None:
    def separation(drive: float) -> float:
        return Readout(amplitude=5.0, saturation=50.0, drive=drive).separation

    assert separation(1.0) == pytest.approx(5.0, rel=0.03)
    assert separation(2.0) == pytest.approx(10.0, rel=0.12)
    assert separation(40.0) < separation(4.0)


@pytest.mark.parametrize("changes", [{"amplitude": 0.0}, {"t1_s": -1.0}, {"preparation_error": 0.5}])
def test_impossible_readouts_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        Readout(**changes)
