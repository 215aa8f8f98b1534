"""States of two qubits and what measuring them gives."""

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from producers.errors import SourceError
from schemas.measurements import Amplitudes, Basis

Density = npt.NDArray[np.complex128]
"""4 × 4, of the first and the second qubit, in the order 00, 01, 10, 11."""
Noise = Literal["white", "dephasing"]

_HALF = math.sqrt(0.5)
PLUS: dict[Basis, Amplitudes] = {"Z": (1.0, 0.0, 0.0, 0.0), "X": (_HALF, 0.0, _HALF, 0.0), "Y": (_HALF, 0.0, 0.0, _HALF)}
"""The +1 state of each Pauli matrix."""


def bell_state(fidelity: float, noise: Noise = "white") -> Density:
    """Φ⁺ = (|00⟩ + |11⟩)/√2 with this fidelity: mixed with white noise (a Werner state), or its phase blurred.

    Raises:
        SourceError: no fidelity that such a state can have.
    """
    check_bell_state(fidelity, noise)
    vector = np.array([_HALF, 0, 0, _HALF], np.complex128)
    pure: Density = np.outer(vector, vector.conj())
    if noise == "white":
        part = (4 * fidelity - 1) / 3
        return np.add(part * pure, (1 - part) / 4 * np.eye(4), dtype=np.complex128)
    state = pure.copy()
    state[0, 3] *= 2 * fidelity - 1
    state[3, 0] *= 2 * fidelity - 1
    return state


def check_bell_state(fidelity: float, noise: Noise) -> None:
    """Raises as ``bell_state`` does."""
    lowest = 0.25 if noise == "white" else 0.5
    if not lowest <= fidelity <= 1:
        raise SourceError(f"a Bell state with {noise} has a fidelity of {lowest:g} to 1, not {fidelity:g}")


def fidelity_of_cascade(splitting_hz: float, lifetime_s: float) -> float:
    """With Φ⁺, of a biexciton cascade's pairs over all delays, of an exciton with this fine-structure splitting and lifetime.

    The phase turns by 2π·splitting while the exciton lives; its mean cosine is 1/(1 + (2π·splitting·lifetime)²) (Hudson et al.,
    Phys. Rev. Lett. 99, 266802 (2007)).
    """
    return 0.5 + 0.5 / (1 + (2 * math.pi * splitting_hz * lifetime_s) ** 2)


def linear(angle: float) -> Amplitudes:
    """The state cos(angle)|0⟩ + sin(angle)|1⟩: linear polarisation at this angle, in rad."""
    return (math.cos(angle), 0.0, math.sin(angle), 0.0)


def orthogonal(state: Amplitudes) -> Amplitudes:
    """The other outcome of the measurement that asks for ``state``."""
    re_a, im_a, re_b, im_b = state
    return (-re_b, im_b, re_a, -im_a)


def joint_probability(state: Density, first: Amplitudes, second: Amplitudes) -> float:
    """That both analysers let their photon pass; they need not be normalised."""
    product = np.kron(_vector(first), _vector(second))
    return float(np.real(product.conj() @ state @ product))


def joint_probabilities(state: Density, first: Amplitudes, second: Amplitudes) -> tuple[float, float, float, float]:
    """Of the outcomes pp, pm, mp, mm of two measurements, each given by its +1 state."""
    return (
        joint_probability(state, first, second),
        joint_probability(state, first, orthogonal(second)),
        joint_probability(state, orthogonal(first), second),
        joint_probability(state, orthogonal(first), orthogonal(second)),
    )


def _vector(state: Amplitudes) -> npt.NDArray[np.complex128]:
    re_a, im_a, re_b, im_b = state
    vector: npt.NDArray[np.complex128] = np.array([complex(re_a, im_a), complex(re_b, im_b)])
    norm = float(np.linalg.norm(vector))
    if norm == 0:
        raise SourceError("an analyser that lets nothing pass is no state")
    vector /= norm
    return vector
