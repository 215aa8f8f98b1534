"""Interference counts against those of tags behind an interferometer, and the visibility that they give."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.optics.interferometer import Interferometer, scanned
from producers.sources import InterferenceParameters, InterferenceSource
from tests.producers.sources.oracles import SECOND_PS, SEEDS, covers, pairs


def test_visibility_twenty_seeds() -> None:
    """V = 1 - C∥/C⊥ = overlap·contrast²·2RT/(R² + T² + 2RT·g2)."""
    interferometer = Interferometer(overlap=0.9, contrast=0.97, reflectivity=0.45)
    both = 2 * 0.45 * 0.55
    truth = 0.9 * 0.97**2 * both / (1 - both + both * 0.03)
    values, errors = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            data = scanned(interferometer, 0.03, 2_000, random)
            ratio = data.parallel / data.perpendicular
            values.append(1 - ratio)
            errors.append(ratio * math.sqrt(1 / data.parallel + 1 / data.perpendicular))
    covers(values, errors, truth)


def test_tags_behind_an_interferometer_say_the_same() -> None:
    """The central peak holds m²/4 pairs that meet in each pulse, each coincident with the same probability."""
    parameters = InterferenceParameters(rate_hz=8e6, g2=0.2, overlap=0.7, contrast=0.95, reflectivity=0.4)
    order = np.rint(pairs(*InterferenceSource(parameters, 3).advance(SECOND_PS // 5), 2 * 12_500) / 12_500)
    meet = (8e6 * 12_500e-12) ** 2 / 4 * 8e7 / 5
    expected = meet * Interferometer(overlap=0.7, contrast=0.95, reflectivity=0.4).coincidences(0.2, alike=True)
    assert abs(np.count_nonzero(order == 0) - expected) < 4 * math.sqrt(expected)


@pytest.mark.parametrize("changes", [{"overlap": 1.1}, {"contrast": -0.1}, {"reflectivity": 0.0}])
def test_impossible_interferometers_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        Interferometer(**changes)
