"""Entangled states against their textbook correlations."""

import math

import numpy as np
import pytest

from producers.entanglement.state import (
    PLUS,
    bell_state,
    fidelity_of_cascade,
    joint_probabilities,
    joint_probability,
    linear,
    orthogonal,
)
from producers.errors import SourceError


@pytest.mark.parametrize("noise", ["white", "dephasing"])
@pytest.mark.parametrize("fidelity", [0.5, 0.8, 1.0])
def test_pauli_correlations_give_the_fidelity(fidelity: float, noise: str) -> None:
    """F(Φ⁺) = (1 + ⟨ZZ⟩ + ⟨XX⟩ - ⟨YY⟩)/4, and each set of outcomes adds up to one."""
    state = bell_state(fidelity, noise)  # type: ignore[arg-type]
    assert np.trace(state).real == pytest.approx(1)
    assert np.linalg.eigvalsh(state).min() > -1e-12
    mean = {}
    for basis, plus in PLUS.items():
        pp, pm, mp, mm = joint_probabilities(state, plus, plus)
        assert pp + pm + mp + mm == pytest.approx(1)
        mean[basis] = pp + mm - pm - mp
    assert (1 + mean["Z"] + mean["X"] - mean["Y"]) / 4 == pytest.approx(fidelity)


def test_chsh_reaches_the_quantum_bound_times_the_werner_part() -> None:
    part = 0.9
    state = bell_state((1 + 3 * part) / 4)

    def correlation(first: float, second: float) -> float:
        pp, pm, mp, mm = joint_probabilities(state, linear(first), linear(second))
        return pp + mm - pm - mp

    a, b, c, d = 0, math.pi / 8, math.pi / 4, 3 * math.pi / 8
    found = correlation(a, b) - correlation(a, d) + correlation(c, b) + correlation(c, d)
    assert found == pytest.approx(2 * math.sqrt(2) * part)


def test_unnormalised_analysers_and_their_opposites() -> None:
    assert joint_probability(bell_state(1.0), (2.0, 0, 0, 0), (0.5, 0, 0, 0)) == pytest.approx(0.5)
    for state in (*PLUS.values(), linear(0.3), (0.3, -0.4, 0.5, 0.7)):
        first, second = (np.array([complex(*one[:2]), complex(*one[2:])]) for one in (state, orthogonal(state)))
        assert abs(np.vdot(first, second)) < 1e-12


def test_a_cascade_without_splitting_is_pure() -> None:
    assert fidelity_of_cascade(0.0, 1e-9) == 1
    assert fidelity_of_cascade(1 / (2 * math.pi * 1e-9), 1e-9) == pytest.approx(0.75)
    assert fidelity_of_cascade(1e15, 1e-9) == pytest.approx(0.5)


def test_impossible_states_are_refused() -> None:
    with pytest.raises(SourceError, match=r"fidelity of 0\.25 to 1, not 0\.2"):
        bell_state(0.2)
    with pytest.raises(SourceError, match=r"fidelity of 0\.5 to 1"):
        bell_state(0.4, "dephasing")
    with pytest.raises(SourceError, match="lets nothing pass"):
        joint_probability(bell_state(1.0), (0, 0, 0, 0), (1, 0, 0, 0))
