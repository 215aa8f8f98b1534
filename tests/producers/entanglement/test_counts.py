"""Counts in measured bases: fidelity, S and error rate by their plain formulae."""

import math

import numpy as np
import pytest

from producers.entanglement.counts import (
    BellTest,
    Correlations,
    Key,
    Projections,
    chsh_counts,
    pauli_correlations,
    projection_counts,
    sifted_bits,
)
from producers.entanglement.state import bell_state
from tests.producers.sources.oracles import SEEDS, covers

FIDELITY = 0.88
STATE = bell_state(FIDELITY)
PART = (4 * FIDELITY - 1) / 3


def test_fidelity_twenty_seeds() -> None:
    """(1 + ⟨ZZ⟩ + ⟨XX⟩ - ⟨YY⟩)/4, accidentals taken off each cell."""
    values, errors = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            data = pauli_correlations(STATE, Correlations(pairs=400, accidentals=5), random)
            total, variance = 1.0, 0.0
            for sign, one in zip((1, 1, -1), data.settings, strict=True):
                even, odd, every = one.pp + one.mm - 10, one.pm + one.mp - 10, one.pp + one.mm + one.pm + one.mp
                mean = (even - odd) / (even + odd)
                total += sign * mean
                variance += (every - 2 * mean * (even - odd) + mean**2 * every) / (even + odd) ** 2
            values.append(total / 4)
            errors.append(math.sqrt(variance) / 4)
    covers(values, errors, FIDELITY)


def test_projections_twenty_seeds() -> None:
    """Both along Z: (1 + p)/4 of the pairs; one along Z, one along X: a quarter."""
    same, crossed = [], []
    for seed in range(200):
        data = projection_counts(STATE, Projections(pairs=2_000), np.random.default_rng(seed))
        assert len(data.projections) == 36
        by_state = {(one.first, one.second): one.coincidences for one in data.projections}
        up, plus = (1.0, 0.0, 0.0, 0.0), (math.sqrt(0.5), 0.0, math.sqrt(0.5), 0.0)
        same.append(by_state[up, up])
        crossed.append(by_state[up, plus])
    expected = 2_000 * (1 + PART) / 4
    covers(same, math.sqrt(expected), expected)
    covers(crossed, math.sqrt(500), 500)


def test_chsh_twenty_seeds() -> None:
    """S = E(a,b) + E(a,b') + E(a',b) - E(a',b') = 2√2·p."""
    values, errors = [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            total, variance = 0.0, 0.0
            for sign, (pp, pm, mp, mm) in zip(
                (1, 1, 1, -1), chsh_counts(STATE, BellTest(pairs=500), random).outcomes, strict=True
            ):
                mean = (pp + mm - pm - mp) / (pp + mm + pm + mp)
                total += sign * mean
                variance += (1 - mean**2) / (pp + mm + pm + mp)
            values.append(total)
            errors.append(math.sqrt(variance))
    covers(values, errors, 2 * math.sqrt(2) * PART)


def test_error_rate_twenty_seeds() -> None:
    ratio = (1 - PART) / 2
    for basis in ("z", "x"):
        values, errors = [], []
        for seed in range(200):
            data = sifted_bits(STATE, Key(bits=3_000), np.random.default_rng(seed))
            sifted, wrong = getattr(data, f"sifted_{basis}"), getattr(data, f"errors_{basis}")
            values.append(wrong / sifted)
            errors.append(math.sqrt(ratio * (1 - ratio) / sifted))
        covers(values, errors, ratio)


def test_dephasing_errs_in_one_basis_only() -> None:
    data = sifted_bits(bell_state(0.9, "dephasing"), Key(bits=10_000), np.random.default_rng(1))
    assert data.errors_z == 0
    assert data.errors_x / data.sifted_x == pytest.approx(0.1, abs=0.01)
