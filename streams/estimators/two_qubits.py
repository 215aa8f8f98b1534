"""States of two qubits as 4 by 4 matrices: Bell states, projectors, and what a state is worth."""

from collections.abc import Mapping
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

Complexes = npt.NDArray[np.complex128]
BellState = Literal["phi+", "phi-", "psi+", "psi-"]

SIGNS: Mapping[BellState, tuple[int, int, int]] = {
    "phi+": (1, -1, 1),
    "phi-": (-1, 1, 1),
    "psi+": (1, 1, -1),
    "psi-": (-1, -1, -1),
}
"""Signs of the correlations XX, YY, ZZ of each Bell state: F = (1 + sx XX + sy YY + sz ZZ)/4."""


def pauli_products() -> Complexes:
    """The sixteen products of Pauli matrices, (16, 4, 4): the first is the identity, the others have no trace."""
    single = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    return np.array([np.kron(first, second) for first in single for second in single])


def bell_vector(state: BellState) -> Complexes:
    """(|00⟩ ± |11⟩)/√2 or (|01⟩ ± |10⟩)/√2."""
    sign = 1 if state.endswith("+") else -1
    return np.array([1, 0, 0, sign] if state.startswith("phi") else [0, 1, sign, 0], np.complex128) / sqrt(2)


def projector(first: tuple[float, ...], second: tuple[float, ...]) -> Complexes:
    """Onto a product of two pure states, each as (re a, im a, re b, im b), normalised here.

    Raises:
        ValueError: a state of no length.
    """
    vector = np.kron(*(np.array([state[0] + 1j * state[1], state[2] + 1j * state[3]]) for state in (first, second)))
    length = float(np.linalg.norm(vector))
    if not 0 < length < np.inf:
        raise ValueError(f"analyser states {first} and {second}: one has no length")
    return np.asarray(np.outer(vector, vector.conj()) / length**2)


def concurrence(state: Complexes) -> float:
    """Wootters 1998; of a physical state."""
    flip = np.kron([[0, -1j], [1j, 0]], [[0, -1j], [1j, 0]])
    roots = np.sort(np.sqrt(np.maximum(np.linalg.eigvals(state @ flip @ state.conj() @ flip).real, 0)))[::-1]
    return max(0.0, float(roots[0] - roots[1:].sum()))


def purity(state: Complexes) -> float:
    return float(np.trace(state @ state).real)


def overlap(state: Complexes, vector: Complexes) -> float:
    """Share of the state that is found in ``vector``."""
    return float((vector.conj() @ state @ vector).real)
