"""Coupling: what misalignment and connectors lose, and a check that finds it."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.optics.coupling import Optics, Power, checked
from tests.producers.sources.oracles import covers


def test_losses() -> None:
    assert Optics(coupling=0.6).transmission == 0.6
    assert Optics(coupling=0.6, loss_db=10).transmission == pytest.approx(0.06)
    assert Optics(coupling=0.6, misalignment_m=2e-6, mode_m=2e-6).transmission == pytest.approx(0.6 / math.e)


def test_the_check_finds_the_coupling_two_hundred_seeds() -> None:
    optics = Optics(coupling=0.4, loss_db=1.0, stray_hz=300)
    values, errors = [], []
    for seed in range(200):
        data = checked(optics, Power(photons=50_000, takes_s=4, dark_hz=200), np.random.default_rng(seed))
        values.append((data.detected - data.dark) / data.efficiency / data.reference_photons)
        errors.append(math.sqrt(data.detected + data.dark) / 0.8 / 50_000)
    covers(values, errors, 0.4 * 10**-0.1)


@pytest.mark.parametrize("changes", [{"coupling": 0.0}, {"mode_m": 0.0}, {"stray_hz": -1.0}])
def test_impossible_optics_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        Optics(**changes)
